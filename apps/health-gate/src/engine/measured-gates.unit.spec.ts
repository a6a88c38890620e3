import { type GateSpec, hashOf } from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type GateWorld } from '../testing/gate-world.suite.js';
import { errors, flat, inputsOf, limits, slo, MeasuredWorld, shift } from '../testing/measured-world.suite.js';
import { type ScriptedPort, steps } from '../testing/scripted-port.suite.js';

let t: MeasuredWorld;
let world: GateWorld;
let port: ScriptedPort;

beforeEach(() => {
  t = new MeasuredWorld();
  ({ world, port } = t);
});

afterEach(() => t.end());

describe('a metric gate at the exit of a stage', () => {
  it('passes when the bake ends and not before, with what it was decided from', async () => {
    port.series_ = flat(0.01);
    t.start();
    await t.askedAtExit(errors());
    const askedAt = world.clock.now();
    await world.clock.advance(59_000);
    // Two of three values at first, and then what would pass if the bake were over.
    expect(await t.said()).toEqual(['inconclusive', 'inconclusive']);
    await world.clock.advance(1_500);
    expect(await t.said()).toEqual(['inconclusive', 'inconclusive', 'pass']);
    const last = (await t.own()).at(-1);
    expect(last).toMatchObject({ policyHash: hashOf(errors()), stage: 0, round: 1 });
    expect(last).not.toHaveProperty('phase');
    expect(inputsOf(last)).toMatchObject({
      window: { from: askedAt, to: askedAt + 60_000 },
      asked: [{ name: 'query', query: 'max(errors{instance=~"(?:h00)"})' }],
      found: { kind: 'threshold', series: { count: 12, unusable: 0 } },
      limits,
    });
    expect(last?.words).toBe('0 of the last 3 values above 0.05 < limit 2 of 3; passed 5 of 1, failed 0 <= limit 0');
  });

  it('fails in mid-bake, once and for good', async () => {
    port.series_ = (question) => steps(question, (at) => (at > bad ? 0.2 : 0.01));
    t.start();
    await t.askedAtExit(errors());
    const bad = world.clock.now() + 20_000;
    await world.clock.advance(40_500);
    expect((await t.said()).at(-1)).toBe('fail');
    expect(await t.lastWords()).toMatch(
      /^2 of the last 3 values above 0.05 >= limit 2 of 3 \(0.2, 0.2\); failed 1 > limit 0$/,
    );
    const count = port.asked.length;
    await world.clock.advance(600_000);
    expect([(await t.said()).filter((verdict) => verdict === 'fail').length, port.asked.length]).toEqual([1, count]);
  });

  it('bears as many failures as its limit, over a restart too', async () => {
    port.series_ = flat(0.2);
    t.start();
    await t.askedAtExit(errors({ limits: { ...limits, fail: 2 } }), { bakeMs: 600_000 });
    await world.clock.advance(15_500);
    expect(await t.said()).toEqual(['inconclusive']);
    await world.stop();
    t.start();
    await world.clock.advance(10_500);
    expect(await t.said()).toEqual(['inconclusive', 'inconclusive']);
    await world.stop();
    t.start();
    await world.clock.advance(10_500);
    expect(await t.said()).toEqual(['inconclusive', 'inconclusive', 'fail']);
    expect(await t.lastWords()).toContain('failed 3 > limit 2');
  });

  it('does not hold what was before a released brake against the next round', async () => {
    let broken = 0.2;
    port.series_ = (question) => steps(question, (at) => (at <= healedAt ? broken : 0.01));
    let healedAt = Number.POSITIVE_INFINITY;
    t.start();
    await t.askedAtExit(errors());
    await world.clock.advance(30_000);
    expect((await t.said()).at(-1)).toBe('fail');
    healedAt = world.clock.now();
    broken = 0.3;
    await world.clock.advance(10);
    await t.askAgain(errors(), { round: 2 });
    await world.clock.advance(61_000);
    expect((await t.own()).at(-1)).toMatchObject({ round: 2, verdict: 'pass' });
  });
});

describe('what is no value, each with its verdict', () => {
  const noted = async (): Promise<readonly [string, string]> => {
    t.start();
    await t.askedAtExit(errors({ limits: { ...limits, error: 0, inconclusive: 0 } }), { bakeMs: 0 });
    await world.clock.advance(30_500);
    expect(await t.said()).not.toContain('pass');
    return [(await t.said()).at(-1) ?? '', await t.lastWords()];
  };

  it('no data is inconclusive', async () => {
    port.series_ = () => [];
    expect(await noted()).toEqual(['inconclusive', 'no data: 0 of 3 values; inconclusive 1 in a row > limit 0']);
  });

  it('NaN is inconclusive', async () => {
    port.series_ = flat(null);
    const [verdict, words] = await noted();
    expect([verdict, words]).toEqual(['inconclusive', expect.stringMatching(/^no data: 0 of 3 values; \d+ unusable/)]);
  });

  it('values that ended a while ago are inconclusive', async () => {
    t.start();
    await t.askedAtExit(errors(), { bakeMs: 60_000 });
    const died = world.clock.now() + 30_000;
    port.series_ = (question) => steps(question, (at) => (at > died ? undefined : 0.01));
    await world.clock.advance(300_000);
    expect([(await t.said()).includes('pass'), await t.lastWords()]).toEqual([
      false,
      expect.stringContaining('the newest value is'),
    ]);
  });

  it.each([
    ['a dead source', 'SOURCE_UNAVAILABLE'],
    ['a slow one', 'SOURCE_TIMEOUT'],
    ['a query that gives two series', 'SERIES_MANY'],
    ['a query that the source refuses', 'QUERY_INVALID'],
    ['a credential that is not there', 'SECRET_UNREADABLE'],
  ] as const)('%s is an error', async (_, code) => {
    port.series_ = () => ({ code });
    expect(await noted()).toEqual(['error', `${code}: as the test wants it; 1 errors in a row > limit 0`]);
    expect(inputsOf((await t.own()).at(-1))).toMatchObject({ problem: { code }, asked: [{ name: 'query' }] });
  });

  it('a gate without a source, without sources, or with a faulty query is an error and asks nobody', async () => {
    world.start({});
    await t.askedAtExit(errors({ limits: { ...limits, error: 0 } }), { bakeMs: 0 });
    await world.clock.advance(20_000);
    expect(await t.lastWords()).toContain('SOURCE_UNKNOWN: no sources are configured');
  });

  it('an error holds, and does not keep it from passing when the source is back', async () => {
    port.series_ = () => ({ code: 'SOURCE_UNAVAILABLE' });
    t.start();
    await t.askedAtExit(errors(), { bakeMs: 0 });
    await world.clock.advance(120_000);
    expect((await t.said()).at(-1)).toBe('error');
    port.series_ = flat(0.01);
    await world.clock.advance(10_500);
    expect((await t.said()).at(-1)).toBe('pass');
  });

  it('an early pass does not speak for a source that has died since', async () => {
    port.series_ = flat(0.01);
    t.start();
    await t.askedAtExit(errors());
    await world.clock.advance(30_000);
    port.series_ = () => ({ code: 'SOURCE_UNAVAILABLE' });
    await world.clock.advance(3_600_000);
    expect((await t.said()).includes('pass')).toBe(false);
  });
});

describe('how much is written', () => {
  const HOURS = 6;
  const LONG = HOURS * 3_600_000;

  it('a source that is dead for hours is written as often as its limit', async () => {
    port.series_ = () => ({ code: 'SOURCE_UNAVAILABLE' });
    t.start();
    await t.askedAtExit(errors(), { bakeMs: 0 });
    await world.clock.advance(LONG);
    expect(await t.said()).toEqual(['inconclusive', 'inconclusive', 'inconclusive', 'inconclusive', 'error']);
  });

  it('one that comes and goes for hours stays bounded', async () => {
    let n = 0;
    port.value_ = () => {
      n += 1;
      return Math.floor(n / 4) % 2 === 0 ? 0 : { code: 'SOURCE_TIMEOUT' };
    };
    t.start();
    await world.plan(undefined, { gateSpecs: [slo()], ...shift() });
    await t.publishWeight();
    await world.clock.advance(LONG);
    expect((await t.said('slo')).length).toBeLessThanOrEqual(20 + 4 * HOURS);
    expect(n).toBeGreaterThan(8_000);
  });

  it('bounds what it holds: 200 values and the digest of all', async () => {
    port.series_ = flat(0.01);
    t.start();
    const { measure } = errors();
    await t.askedAtExit(errors({ measure: { ...measure, stepMs: 1_000, n: 250, of: 3 } as GateSpec['measure'] }), {
      bakeMs: 300_000,
    });
    await world.clock.advance(300_500);
    const { found } = inputsOf((await t.own()).at(-1));
    expect(found).toMatchObject({ series: { count: 300, digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string } });
    expect(found?.kind === 'threshold' && found.series.values.length).toBe(200);
  });
});
