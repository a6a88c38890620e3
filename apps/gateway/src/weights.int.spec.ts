import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { watchWeights } from '@sluice/side';

import { SIDES, verdictOf } from './fixtures.suite.js';
import { Harness } from './harness.suite.js';

const LONG = { timeout: 30_000, interval: 20 };

describe('weights, sides and verdicts over HTTP', () => {
  let harness: Harness;
  let shift: string;

  beforeAll(async () => {
    harness = await Harness.start();
    await harness.putGroup('search', { sides: SIDES });
    await harness.putGroup('plain');
    shift = await harness.planter.planShift('search', 'shift');
  });
  afterAll(() => harness.stop());

  const whenGroup = (name: string, expected: object): Promise<void> =>
    vi.waitFor(async () => expect((await harness.json(`/v1/groups/${name}`)).body).toMatchObject(expected), LONG);

  it('SWB-01 one projection names the live side: the first by name until one succeeded, then that of the last success', async () => {
    await whenGroup('search', { sides: { names: ['flip', 'flop'], live: 'flip', dark: 'flop', weights: null } });
    await whenGroup('plain', { sides: null });
    const success = { strategy: 'traffic', sha256: 'ab'.repeat(32), rolloutId: shift } as const;
    await harness.planter.group(
      'search',
      { type: 'VersionSucceeded', ...success, version: '1.0.0', side: 'flip' },
      { type: 'VersionSucceeded', ...success, version: '2.0.0', side: 'flop' },
    );
    const versions = { flip: '1.0.0', flop: '2.0.0' };
    await whenGroup('search', { sides: { live: 'flop', dark: 'flip', versions } });
    await harness.planter.group('search', { type: 'VersionSucceeded', ...success, version: '3.0.0', side: 'flip' });
    await whenGroup('search', { sides: { live: 'flip', dark: 'flop', versions: { ...versions, flip: '3.0.0' } } });
  });

  it('answers 404 with what to do for a group that was never shifted, and for one that is none', async () => {
    const plain = await harness.json('/v1/weights/plain');
    expect([plain.status, plain.body['code']]).toEqual([404, 'NOT_FOUND']);
    expect(plain.body['detail']).toContain('no traffic of group plain was ever moved');
    expect((await harness.json('/v1/weights/nobody')).body['detail']).toContain('there is no group nobody');
    expect((await harness.json('/v1/weights/nobody/history')).status).toBe(404);
    expect((await harness.json('/v1/weights/plain/history')).body).toEqual({ items: [], next: null });
  });

  it('SWB-05 SWB-15 an application that polls it has each publication, by ETag, and needs nothing else', async () => {
    await harness.putWeights('search', 1, { flip: 95, flop: 5 }, shift);
    await vi.waitFor(async () => expect((await harness.fetch('/v1/weights/search')).status).toBe(200), LONG);
    const asked: number[] = [];
    const counting: typeof fetch = async (...call) => {
      const response = await fetch(...call);
      asked.push(response.status);
      return response;
    };
    const weights = watchWeights({ url: `${harness.gateway.url}/v1/weights/search`, intervalMs: 20, fetch: counting });
    await weights.ready;
    expect(weights.problem()).toBeUndefined();
    expect(weights.current()).toMatchObject({ group: 'search', version: 1, weights: { flip: 95, flop: 5 } });
    await vi.waitFor(() => expect(asked.slice(-2)).toEqual([304, 304]), LONG);
    await harness.putWeights('search', 2, { flip: 50, flop: 50 }, shift);
    await vi.waitFor(() => expect(weights.current()).toMatchObject({ version: 2, weights: { flop: 50 } }), LONG);
    // An application takes no older one, and rubbish changes nothing.
    await harness.putWeights('search', 1, { flip: 1, flop: 99 });
    await harness.putWeights('search', 3, { flip: 10, flop: 10 });
    await harness.putWeights('search', 4, { flip: 100, flop: 0 }, shift);
    await vi.waitFor(() => expect(weights.current()?.version).toBe(4), LONG);
    weights.stop();
    expect(new Set(asked)).toEqual(new Set([200, 304]));
    await whenGroup('search', { sides: { live: 'flip', version: 4, movedBy: shift } });
  });

  it('SWB-01 names no live side while both have traffic', async () => {
    await harness.putWeights('search', 5, { flip: 50, flop: 50 }, shift);
    await whenGroup('search', { sides: { live: null, dark: null, weights: { flip: 50, flop: 50 } } });
  });

  it('SWB-05 tells who moved it, when, from what, to what and why, the newest first', async () => {
    const { planter } = harness;
    await planter.shift(shift);
    const weights = { flip: 60, flop: 40 };
    await planter.write('exec', shift, { type: 'WeightSet', stage: 1, weights, why: 'manual', reason: 'flat' });
    await planter.write('exec', shift, { type: 'WeightPublished', weights, version: 2 });
    const back = { flip: 100, flop: 0 };
    await planter.write('exec', shift, { type: 'WeightSet', stage: 1, weights: back, why: 'back' });
    const expected = [
      { why: 'back', from: weights, to: back, publishedAt: null, version: null, reason: null },
      { why: 'manual', from: { flip: 95, flop: 5 }, to: weights, version: 2, reason: 'flat', rolloutId: shift },
      {
        why: 'stage',
        from: { flip: 100, flop: 0 },
        to: { flip: 95, flop: 5 },
        version: 1,
        by: { id: 'exec', kind: 'service' },
      },
    ];
    await vi.waitFor(async () => {
      const { body } = await harness.json('/v1/weights/search/history');
      expect(body).toMatchObject({ items: expected, next: null });
    }, LONG);
    const first = await harness.json('/v1/weights/search/history?limit=2');
    expect(first.body).toMatchObject({ items: expected.slice(0, 2) });
    const rest = await harness.json(`/v1/weights/search/history?limit=2&cursor=${String(first.body['next'])}`);
    expect(rest.body).toMatchObject({ items: expected.slice(2), next: null });
  });

  it('SWB-10 SWB-14 SWB-20 a rollout tells weights, capacity, pauses and capacity-hours', async () => {
    const { planter } = harness;
    await planter.write('exec', shift, { type: 'RolloutPaused' });
    await planter.write('exec', shift, { type: 'RolloutResumed' });
    const rev = 8;
    await harness.whenRev(shift, rev);
    const { body } = await harness.json(`/v1/rollouts/${shift}`);
    expect(body).toMatchObject({
      traffic: {
        weights: { flip: 60, flop: 40 },
        wanted: { flip: 100, flop: 0 },
        short: ['index: ready 24 of 25', 'search: ready 24 of 25'],
        pauses: { count: 1, ms: 1_000 },
      },
      stage: { name: 'weight 5', index: 1, of: 5 },
      // The buttons of a page are what the state offers.
      actions: expect.arrayContaining(['pause', 'rollback', 'setWeight']) as unknown,
    });
    expect(body['batches']).toMatchObject([
      { name: 'pre-scale', status: 'passed' },
      { name: 'weight 5', status: 'current' },
      { name: 'weight 50', status: 'pending' },
      { name: 'weight 100', status: 'pending' },
      { name: 'retire', status: 'pending' },
    ]);
    const { body: report } = await harness.json(`/v1/rollouts/${shift}/report`);
    expect(report).toMatchObject({ pauses: { count: 1, ms: 1_000, since: null } });
    const { hours, sides } = report['capacity'] as { hours: number; sides: { side: string; hours: number }[] };
    // 200 instances of flip and 50 of flop, for as many seconds as there were commits after they were seen.
    expect(sides).toEqual([
      { side: 'flip', hours: Math.round((200 * 7 * 1_000) / 3_600) / 1_000 },
      { side: 'flop', hours: Math.round((50 * 6 * 1_000) / 3_600) / 1_000 },
    ]);
    expect(hours).toBeCloseTo((sides[0]?.hours ?? 0) + (sides[1]?.hours ?? 0), 3);
  });

  it('tells the verdicts of a rollout with all that they were decided from, in pages', async () => {
    const { planter } = harness;
    await planter.write('gate', shift, verdictOf('errors', [0.001]), verdictOf('latency', [0.2], true));
    await planter.write('gate', shift, verdictOf('errors', [0.5]));
    const first = await harness.json(`/v1/rollouts/${shift}/verdicts?limit=2`);
    expect(first.body['items']).toMatchObject([
      { event: { gate: 'errors', verdict: 'pass' } },
      { event: { gate: 'latency', verdict: 'fail', shadow: true } },
    ]);
    const rest = await harness.json(`/v1/rollouts/${shift}/verdicts?limit=2&cursor=${String(first.body['next'])}`);
    expect(rest.body).toMatchObject({ items: [{ event: verdictOf('errors', [0.5]) }], next: null });
    const errors = await harness.json(`/v1/rollouts/${shift}/verdicts?gate=errors`);
    expect((errors.body['items'] as unknown[]).length).toBe(2);
  });

  it('keeps the score of gates that only record, against how their rollouts ended', async () => {
    const { planter } = harness;
    const counts = { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0 };
    await planter.write('exec', shift, { type: 'RolloutSettling', cause: 'rollback' });
    await planter.write('exec', shift, { type: 'RolloutCancelled', cause: 'rollback', counts, notServing: [] });
    await vi.waitFor(async () => {
      const { body } = await harness.json('/v1/gates/scoreboard');
      expect(body).toEqual({
        items: [
          { gate: 'latency', caught: 1, falseAlarms: 0, missed: 0, passed: 0, undecided: 0, precision: 1, recall: 1 },
        ],
      });
    }, LONG);
  });
});
