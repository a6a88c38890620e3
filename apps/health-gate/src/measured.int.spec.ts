import type { NatsConnection } from '@nats-io/nats-core';
import { canonicalJson, EMPTY_HEAD, type EventMeta, type GateJudged, type GateSpec } from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { isFinal, rejudge } from '@sluice/gating';
import { connectNats, provision, type RunningService } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';
import {
  NO_PROMETHEUS,
  prometheusMissing,
  type RunningNatsServer,
  type RunningPrometheus,
  startNatsServer,
  startPrometheus,
} from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { measurementsOf, okOf, serve, type Served } from './providers/providers.suite.js';
import { startHealthGate } from './start.js';
import { GateWorld, hostOf } from './testing/gate-world.suite.js';

const isMissing = prometheusMissing();
if (isMissing) process.stderr.write(NO_PROMETHEUS);

const PATIENT = { timeout: 40_000, interval: 100 };
const NOBODY: EventMeta = { by: { id: 'nobody', kind: 'user' }, cause: '', corr: '' };
/** The canary is the first host: 5 % of its requests fail, and 0.5 % of those of the others. */
const SHARES = [0.05, 0.005, 0.005, 0.005];

const gate = (name: string, query: string, source = 'main'): GateSpec => ({
  ...{ name, source, at: ['exit'], onFail: 'brake', intervalMs: 1_000 },
  limits: { fail: 0, inconclusive: 2, error: 0, passes: 1 },
  measure: { kind: 'threshold', query, windowMs: 30_000, stepMs: 500, bound: 'max', limit: 0.01, n: 2, of: 3 },
});

describe.skipIf(isMissing)('gates of a plan at a real Prometheus, on a real log (skipped without one)', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let log: JetStreamEventLog;
  let prometheus: RunningPrometheus;
  let service: RunningService | undefined;
  const hosts: Served[] = [];

  beforeAll(async () => {
    for (const share of SHARES) hosts.push(await serve((_, response) => response.end(`error_share ${share}\n`)));
    const targets = hosts.map(({ url }, i) => ({ address: new URL(url).host, labels: { host: hostOf(i) } }));
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'test' });
    await provision(nats);
    prometheus = await startPrometheus({ jobs: { hosts: targets } });
    // Before it has looked at all of them NaN is no data.
    const port = measurementsOf(`main=prometheus+${prometheus.url} timeout=20s`);
    await vi.waitFor(async () => {
      const query = 'count(count_over_time(error_share[1m]) > 3)';
      const count = okOf(await port.value({ source: 'main', query, at: Date.now() }))?.value;
      if (count !== SHARES.length) throw new Error(`it has looked at ${count ?? 0} of ${SHARES.length} hosts`);
    }, PATIENT);
    log = new JetStreamEventLog(nats);
    const at = `prometheus+${prometheus.url}`;
    service = await startHealthGate({
      ...{ nats, servers: server.url, log, clock: systemClock, newId: newUlid },
      logger: createLogger('test', 'silent'),
      sources: `main=${at} timeout=20s, hasty=${at} timeout=300ms`,
    });
  }, 120_000);

  afterAll(async () => {
    await service?.stop();
    await prometheus?.stop();
    for (const host of hosts) await host.stop();
    await nats?.close();
    await server?.stop();
  });

  /** The world plays planner and executor on its own log; what it wrote is planted into the real one. */
  async function asked(seed: number, gateSpecs: readonly GateSpec[]): Promise<GateWorld> {
    const world = new GateWorld(4, seed);
    await world.plan(undefined, { gateSpecs });
    await world.rollCanary();
    const gates = gateSpecs.map(({ name }) => name);
    await world.write('exec', { type: 'GatesRequested', stage: 0, round: 1, gates, passNotBefore: 0 });
    for (const writer of ['plan', 'exec'] as const) {
      let head = EMPTY_HEAD;
      for await (const { id, events, meta } of world.log.read(world.stream(writer))) {
        const drafted = events.map((event, i) => ({ event, meta: meta[i] ?? NOBODY }));
        head = await log.append(world.stream(writer), head, { id, at: Date.now(), events: drafted });
      }
    }
    return world;
  }

  async function judged(world: GateWorld, name: string): Promise<GateJudged[]> {
    const found: GateJudged[] = [];
    for await (const { events } of log.read(world.stream('gate')))
      for (const event of events) if (event.type === 'GateJudged' && event.gate === name) found.push(event);
    return found;
  }

  async function said(world: GateWorld, name: string, words: RegExp): Promise<GateJudged> {
    return vi.waitFor(async () => {
      const last = (await judged(world, name)).at(-1);
      expect(last?.words).toMatch(words);
      return last as GateJudged;
    }, PATIENT);
  }

  it('fails a canary with 5 % of errors, and the verdict event alone decides it again', async () => {
    const world = await asked(1, [
      gate('errors', 'max(error_share{host=~"{{hosts}}"})'),
      gate('others', 'max(error_share{host=~"{{others}}"})'),
      gate('no-data', 'max(no_such_series{host=~"{{hosts}}"})'),
      gate('nan', 'sum(error_share{host=~"{{hosts}}"}) * 0 / 0'),
      gate('two', 'error_share{host=~"{{others}}"}'),
      gate('faulty', 'max(error_share{'),
    ]);
    const failed = await said(
      world,
      'errors',
      /^[23] of the last [23] values above 0.01 >= limit 2 of 3 \(0.05, 0.05.*failed 1 > limit 0$/,
    );
    expect(failed.verdict).toBe('fail');
    expect(canonicalJson(rejudge(JSON.parse(JSON.stringify(failed)) as GateJudged))).toBe(canonicalJson(failed));
    expect((await said(world, 'others', /^0 of the last 3/)).verdict).toBe('pass');
    expect((await said(world, 'no-data', /^no data: .*in a row > limit 2$/)).verdict).toBe('inconclusive');
    expect((await said(world, 'nan', /^no data: .*unusable.*in a row > limit 2$/)).verdict).toBe('inconclusive');
    expect((await said(world, 'two', /^SERIES_MANY: /)).verdict).toBe('error');
    expect((await said(world, 'faulty', /^QUERY_INVALID: /)).verdict).toBe('error');
    for (const name of ['no-data', 'nan', 'two', 'faulty'])
      expect((await judged(world, name)).some(({ verdict }) => isFinal(verdict))).toBe(false);
  });

  it('holds at one that is slow, and at one that is dead', async () => {
    await prometheus.pause();
    const slow = await asked(2, [gate('errors', 'max(error_share{host=~"{{hosts}}"})', 'hasty')]);
    expect((await said(slow, 'errors', /^SOURCE_TIMEOUT: /)).verdict).toBe('error');
    prometheus.resume();
    await prometheus.kill();
    const dead = await asked(3, [gate('errors', 'max(error_share{host=~"{{hosts}}"})')]);
    expect((await said(dead, 'errors', /^SOURCE_UNAVAILABLE: /)).verdict).toBe('error');
  });
});
