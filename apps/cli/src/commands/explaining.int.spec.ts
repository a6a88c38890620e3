import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS, EMPTY_HEAD, encodeToken, type GateJudged, type StreamHead, type Writer } from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { type RunningGateway, startGateway } from '@sluice/gateway';
import { judgedMeasure, type MeasuredInputs, NOTHING_MEASURED, specHash, takeSeries } from '@sluice/gating';
import { connectNats, provision } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { type Ran, sluice } from '../cli.suite.js';
import { EXIT } from '../client/exit.js';
import { SHIFT_PLAN, SHIFT_STORY } from '../timeline/shift.suite.js';

const MINUTE = 60_000;
const ID = SHIFT_PLAN.rolloutId;
const WINDOW = { from: 1_767_225_600_000, to: 1_767_225_900_000 };

const LENIENT = { fail: 9, inconclusive: 3, error: 3, passes: 1 };

/** A verdict as the health-gate records it, of values that were measured. */
function verdictOf(gate: string, ...values: readonly number[]): GateJudged {
  const spec = SHIFT_PLAN.gateSpecs?.find(({ name }) => name === gate);
  if (spec === undefined) throw new Error(`no gate ${gate}`);
  const { measure, limits } = spec;
  const inputs: MeasuredInputs = {
    ...{ gate, phase: 'during', stage: 1, round: 1, at: WINDOW.to, passNotBefore: 0, source: 'prom', window: WINDOW },
    positions: { request: 1, exec: 2 },
    ...{ measure, limits },
    asked: [{ name: 'query', query: 'errors{side="flop"}' }],
    tally: NOTHING_MEASURED,
    found: {
      kind: 'threshold',
      series: takeSeries(
        values.map((value, i) => ({ at: WINDOW.to - i, value })),
        WINDOW,
      ),
    },
  };
  return judgedMeasure(inputs, specHash(spec));
}

describe('explain and weights', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let log: JetStreamEventLog;
  let gateway: RunningGateway;
  const heads = new Map<Writer, StreamHead>();
  const cli = (...args: string[]): Promise<Ran> => sluice(gateway.url, ...args);

  async function append(writer: 'plan' | 'exec' | 'gate', events: readonly object[]): Promise<void> {
    const meta = { by: { id: 'ana', kind: 'user' as const }, cause: 'c', corr: 'r' };
    const draft = { id: newUlid(), at: WINDOW.to, events: events.map((event) => ({ event, meta })) as never };
    heads.set(writer, await log.append({ shard: '07', writer, id: ID }, heads.get(writer) ?? EMPTY_HEAD, draft));
  }

  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'explain test' });
    await provision(nats);
    log = new JetStreamEventLog(nats);
    for (const { writer, events } of SHIFT_STORY)
      await append(
        writer === 'plan' ? 'plan' : 'exec',
        events.map(({ meta: _, ...event }) => event),
      );
    const bucket = await new Kvm(nats).open(BUCKETS.weights);
    const weights = {
      v: 1,
      group: 'search',
      version: 8,
      weights: { flip: 100, flop: 0 },
      rolloutId: ID,
      since: 1,
      by: 'bo',
    };
    await bucket.put(encodeToken('search'), JSON.stringify(weights));
    const logger = createLogger('gateway', 'silent');
    gateway = await startGateway({ nats, log, clock: systemClock, logger, newId: newUlid, port: 0, openLocally: true });
  }, MINUTE);
  afterAll(async () => {
    await gateway?.stop();
    await nats?.close();
    await server?.stop();
  }, MINUTE);

  it('says what no gate has judged yet', async () => {
    expect(await cli('explain', ID, '--gate', 'errors')).toEqual({
      exit: EXIT.ok,
      out: 'no gate has judged anything',
      err: '',
    });
    expect((await cli('gates')).out).toContain('no gate that only records');
  });

  it('prints query, window, threshold, values and arithmetic of each verdict, and decides it again', async () => {
    await append('gate', [verdictOf('errors', 0.5), verdictOf('latency', 2, 0.1)]);
    const { out, exit } = await cli('explain', ID, '--kind', 'gate');
    expect(exit).toBe(EXIT.ok);
    expect(out).toMatch(/in the middle of weight 5: gate errors: PASS/);
    expect(out).toMatch(/in the middle of weight 5: gate latency: FAIL/);
    expect(out).toContain('asked    query: errors{side="flop"} (of prom)');
    expect(out).toContain('window   2026-01-01T00:00:00Z to 2026-01-01T00:05:00Z (5 m 00 s)');
    expect(out).toContain('measure  threshold: 1 of the last 1 values above 1 fail');
    expect(out).toMatch(/found +0\.1, 2 \(digest [0-9a-f]{12}\)/);
    expect(out).toContain(`so       ${verdictOf('latency', 2, 0.1).words}`);
    const all = await cli('explain', ID);
    expect(all.out).toMatch(/ gate +errors judged: pass: /);
    expect(all.out).toMatch(/in the middle of weight 5: gate latency: FAIL/);
    const again = await cli('explain', ID, '--gate', 'latency', '--verify');
    expect([again.exit, again.out]).toEqual([
      EXIT.ok,
      expect.stringContaining('1 verdicts decided again: the same, byte for byte'),
    ]);
    const one = await cli('-o', 'json', 'explain', ID, '--gate', 'errors', '--verify');
    expect(JSON.parse(one.out)).toMatchObject({ event: { gate: 'errors' }, verified: { same: true } });
  });

  it('ends with 9 when a recorded verdict is not what its inputs give', async () => {
    const { words, ...honest } = verdictOf('errors', 5);
    const lenient = judgedMeasure({ ...honest.inputs, limits: LENIENT } as never, honest.policyHash);
    await append('gate', [{ ...honest, words, verdict: 'pass' }, lenient]);
    const { exit, out } = await cli('explain', ID, '--gate', 'errors', '--verify');
    expect(exit).toBe(EXIT.altered);
    expect(out).toContain(`DIFFERS: decided again it is fail: ${words}`);
    expect(out).toContain('DIFFERS: its inputs have other limits than the plan');
    expect(out).toContain('3 verdicts decided again: 2 DIFFER from what is recorded');
    expect((await cli('explain', ID, '--kind', 'gate', '--verify')).exit).toBe(EXIT.altered);
    expect((await cli('explain', ID)).exit).toBe(EXIT.ok);
  });

  it('SWB-05 prints the weights of a group, and who moved them', async () => {
    expect((await cli('weights', 'search')).out).toMatch(/traffic +flip 100 %, flop 0 %\nversion +8\n/);
    await vi.waitFor(
      async () => {
        const { out } = await cli('weights', 'search', '--history');
        expect(out).toMatch(/ana +flip 95 %, flop 5 % +flip 100 %, flop 0 % +8 +back: orders fail/);
        expect(out).toMatch(/ana +flip 95 %, flop 5 % +flip 75 %, flop 25 % +not published +by hand: graphs are flat/);
        expect(out).toMatch(/ana +flip 100 %, flop 0 % +flip 95 %, flop 5 % +7 +the plan/);
      },
      { timeout: 30_000, interval: 50 },
    );
    const none = await cli('weights', 'nobody');
    expect([none.exit, none.err]).toEqual([EXIT.notFound, expect.stringContaining('there is no group nobody')]);
  });

  it('SWB-10 the timeline tells the shift as the log has it', async () => {
    const { out, exit } = await cli('history', ID);
    expect(exit).toBe(EXIT.ok);
    expect(out).toContain('CANCELLED (rollback): all traffic on flip, flop dark');
    expect((await cli('get', ID)).out).toMatch(/shift +from flip to flop by 5, 100 percent/);
    expect((await cli('list')).out).toMatch(/cancelled +weight 5 \(2\/4\) +0% flop/);
  });
});
