import { type GateSpec } from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { hostOf, type GateWorld } from '../testing/gate-world.suite.js';
import { errors, inputsOf, limits, MeasuredWorld, shift } from '../testing/measured-world.suite.js';
import { type ScriptedPort, steps } from '../testing/scripted-port.suite.js';

let t: MeasuredWorld;
let world: GateWorld;
let port: ScriptedPort;

beforeEach(() => {
  t = new MeasuredWorld();
  ({ world, port } = t);
});

afterEach(() => t.end());

describe('named series of targets (MOM-11)', () => {
  const NAMES = [
    ...['memory_total_bytes', 'memory_rss_bytes', 'memory_cache_bytes', 'network_in_bytes', 'network_out_bytes'],
    ...['packets_dropped', 'packets_error', 'packets_total'],
  ];

  it('MOM-11 takes any named series of each target, and fails by the one that is too high', async () => {
    const specs = NAMES.map((name): GateSpec => {
      const { measure } = errors();
      return errors({ name, measure: { ...measure, query: `max(${name}{host=~"{{hosts}}"})` } as GateSpec['measure'] });
    });
    port.series_ = (question) => steps(question, () => (question.query.includes('packets_dropped') ? 17 : 0));
    t.start();
    await world.plan(undefined, { gateSpecs: specs });
    await world.rollCanary();
    const passNotBefore = world.clock.now() + 20_000;
    await world.write('exec', { type: 'GatesRequested', stage: 0, round: 1, gates: NAMES, passNotBefore });
    await world.clock.advance(30_000);
    const final = new Map((await world.verdicts()).map(({ gate, verdict }) => [gate, verdict]));
    for (const name of NAMES) expect(final.get(name)).toBe(name === 'packets_dropped' ? 'fail' : 'pass');
    expect(port.asked).toContain(`max(memory_rss_bytes{host=~"(?:${hostOf(0)})"})`);
  });
});

describe('other kinds of gates', () => {
  const facts = (more: Partial<GateSpec> = {}): GateSpec => {
    const { source: _, ...spec } = errors();
    return { ...spec, name: 'facts', measure: { kind: 'facts', maxRestarts: 0, maxVerifyMs: 60_000 }, ...more };
  };

  it('facts: fails a host that restarts after it came through', async () => {
    t.start();
    await t.askedAtExit(facts(), { bakeMs: 60_000 });
    for (let i = 0; i < 4; i += 1) {
      world.beat(0, '2.0.0', true, 1_000);
      await world.clock.advance(5_000);
    }
    expect(await t.said('facts')).toEqual(['inconclusive']);
    world.beat(0, '2.0.0', true, 2_000);
    await world.clock.advance(10_500);
    expect(await t.lastWords('facts')).toMatch(/^restarts 1 > limit 0: h00 restarted 1 times; failed 1 > limit 0$/);
  });

  it('facts: passes what runs, and nothing that is silent', async () => {
    t.start();
    await t.askedAtExit(facts({ measure: { kind: 'facts' } }), { bakeMs: 0 });
    await world.clock.advance(50_000);
    expect(await t.lastWords('facts')).toContain('1 without a fresh heartbeat');
    world.beat(0);
    await world.clock.advance(10_000);
    expect(await t.lastWords('facts')).toMatch(
      /^1 of 1 hosts heard of \(2.0.0\), other version 0 <= limit 0; passed 1 of 1/,
    );
  });

  it('smoke: asks the new side by its header, and fails by requests that fail', async () => {
    const smoke = errors({
      name: 'smoke',
      measure: {
        kind: 'smoke',
        requests: [{ path: '/search', status: 200 }],
        replay: { most: 100, perSecond: 50 },
        maxFailures: 1,
      },
    });
    port.smoke_ = ({ send }) =>
      send.kind === 'synthetic'
        ? {}
        : {
            failed: 2,
            passed: 8,
            examples: [{ n: 1, request: 'GET /old', check: 'status', words: 'status 500, wanted 2xx' }],
          };
    t.start();
    await world.plan(undefined, { gateSpecs: [smoke], ...shift() });
    await t.publishWeight();
    const asked = { stage: 1, round: 1, gates: ['smoke'], passNotBefore: world.clock.now() };
    await world.write('exec', { type: 'GatesRequested', ...asked });
    await world.clock.advance(100);
    expect(await t.lastWords('smoke')).toBe(
      '18 of 20 requests passed, 2 not as expected; 2 > limit 1: GET /old: status 500, wanted 2xx; failed 1 > limit 0',
    );
    expect(port.smoked.map(({ headers, mutating = false, send }) => [headers, mutating, send.kind])).toEqual([
      [{ 'x-sluice-side': 'flop' }, true, 'synthetic'],
      [{ 'x-sluice-side': 'flop' }, false, 'recorded'],
    ]);
    expect(inputsOf((await t.own('smoke'))[0]).measure).toMatchObject({ requests: [] });
  });

  it('smoke: asks the hosts that came through one by one where the source wants a host', async () => {
    const smoke = errors({ name: 'smoke', measure: { kind: 'smoke', requests: [{ path: '/' }], maxFailures: 0 } });
    world.start({ measurements: port, isPerHost: () => true });
    await t.askedAtExit(smoke, { bakeMs: 0 });
    await world.clock.advance(100);
    expect([await t.said('smoke'), port.smoked.map(({ place }) => place)]).toEqual([['pass'], [{ host: hostOf(0) }]]);
  });

  it('webhook: tells an outside judge what is judged, and takes its word', async () => {
    port.judge_ = () => ({ verdict: 'fail', words: 'sales dropped' });
    t.start();
    await t.askedAtExit(errors({ name: 'outside', measure: { kind: 'webhook' } }), { bakeMs: 0 });
    await world.clock.advance(100);
    expect(await t.lastWords('outside')).toBe('sales dropped; failed 1 > limit 0');
    expect(port.told[0]).toMatchObject({ gate: 'outside', version: '2.0.0', stageName: 'canary', hosts: [hostOf(0)] });
  });
});

describe('a comparison', () => {
  const compared = (looks: number): GateSpec =>
    errors({
      name: 'compared',
      measure: {
        kind: 'comparison',
        metrics: [
          {
            ...{ name: 'latency', bad: 'increase', weight: 1 },
            ...{ canary: 'latency{instance=~"{{hosts}}"}', baseline: 'latency{instance=~"{{others}}"}' },
          },
        ],
        ...{ windowMs: 120_000, stepMs: 1_000, level: 0.05, looks, effect: 0.15 },
        ...{ minSamples: 10, pass: 90, marginal: 60, maxMissing: 0 },
      },
    });
  const isCanary = (query: string): boolean => query.includes('h00');

  it('spreads its looks over the bake, and gives each its share of the level', async () => {
    port.series_ = (question) => steps(question, (at) => (at / 1_000) % 7);
    t.start();
    await t.askedAtExit(compared(3), { bakeMs: 60_000 });
    await world.clock.advance(60_500);
    expect((await t.own('compared')).map((event) => inputsOf(event).tally.looks)).toEqual([0, 1, 2]);
    expect((await t.said('compared')).at(-1)).toBe('pass');
    expect(await t.lastWords('compared')).toContain('level 0.01667');
    expect(port.asked.slice(0, 2)).toEqual(['latency{instance=~"(?:h00)"}', 'latency{instance=~"(?:h01|h02|h03)"}']);
  });

  it('fails a canary that is worse at its first look', async () => {
    port.series_ = (question) => steps(question, (at) => ((at / 1_000) % 7) + (isCanary(question.query) ? 5 : 0));
    t.start();
    await t.askedAtExit(compared(3), { bakeMs: 60_000 });
    await world.clock.advance(21_000);
    expect(await t.said('compared')).toEqual(['fail']);
  });

  it('cannot fail any more when its level is used up, and does not pass what is worse either', async () => {
    let worse = 0;
    port.series_ = (question) => steps(question, (at) => ((at / 1_000) % 7) + (isCanary(question.query) ? worse : 0));
    t.start();
    const spec = compared(1);
    await t.askedAtExit({ ...spec, at: ['exit'], limits: { ...limits, passes: 2 } }, { bakeMs: 30_000 });
    await world.clock.advance(30_500);
    worse = 50;
    await world.clock.advance(3_600_000);
    expect((await t.said('compared')).filter((verdict) => verdict !== 'inconclusive')).toEqual([]);
    expect(await t.lastWords('compared')).toMatch(/all 1 looks were made|inconclusive \d+ in a row > limit/);
  });
});
