import { type Random, seededRandom } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { type ComparedMetric, DEFAULT_COMPARISON, judgeComparison } from '../index.js';
import { type Fault, FAULTS, many, normal, samples, SPREADS, stoppedAt } from './planted.suite.js';

const SEEDS = 500;
const ALLOWED = DEFAULT_COMPARISON.level * SEEDS;
const LOOKS = 2;
const VALUES = 20;

/** One metric of each direction, and each of them alone can fail the gate: the most that chance can do. */
const METRICS: readonly ComparedMetric[] = [
  { name: 'a', bad: 'increase', weight: 1, critical: true },
  { name: 'b', bad: 'decrease', weight: 1, critical: true },
  { name: 'c', bad: 'either', weight: 1, critical: true },
];

type Draw = (random: Random, n: number) => readonly number[];

/** How many of the seeds fail at one of their looks, though both sides draw from the same spread. */
function alarms(draw: Draw, effect: number): number {
  const policy = { ...DEFAULT_COMPARISON, looks: LOOKS, effect };
  return many(SEEDS, (seed) => seed).filter((seed) => {
    const random = seededRandom(seed);
    const drawn = METRICS.map((metric) => ({ metric, sides: [draw(random, 30), draw(random, 30)] as const }));
    // Windows that follow each other share half of their values.
    return many(LOOKS, (look) => look * 10).some((from) => {
      const seen = (side: readonly number[]) => samples(side.slice(from, from + VALUES));
      const compared = drawn.map(({ metric, sides: [a, b] }) => ({ metric, canary: seen(a), baseline: seen(b) }));
      return judgeComparison(compared, policy).verdict === 'fail';
    });
  }).length;
}

/** Each value follows from the one before it, as those of a rate over a window longer than the step do. */
const dependent =
  (r: number): Draw =>
  (random, n) => {
    let value = normal(random);
    return many(n, () => (value = r * value + Math.sqrt(1 - r * r) * normal(random)));
  };

describe('A/A: two equal sides over 500 seeds', () => {
  it.each(Object.entries(SPREADS))('%s: the gate alarms no more often than its level says', (_, draw) => {
    const count = alarms((random, n) => many(n, () => draw(random)), 0);
    expect(count).toBeLessThanOrEqual(ALLOWED);
  });

  it.each([0.3, 0.5])('also when each value follows from the one before it, by %d', (r) => {
    expect(alarms(dependent(r), DEFAULT_COMPARISON.effect)).toBeLessThanOrEqual(ALLOWED);
  });

  it('says nothing of series that only drift', () => {
    const drift = (from: number) => samples(many(VALUES, (i) => from + i + Math.sin(from * i) / 10));
    const compared = METRICS.map((metric) => ({
      metric,
      canary: drift(3),
      baseline: samples(many(VALUES, (i) => -i)),
    }));
    const { verdict, words } = judgeComparison(compared, DEFAULT_COMPARISON);
    expect([verdict, words]).toEqual(['inconclusive', expect.stringContaining('depend on those before them')]);
  });
});

describe('planted rollouts, half of them bad', () => {
  it('finds the bad ones at a small weight, and lets most of the good ones through', () => {
    const stops = (seeds: number, fault: (i: number) => Fault | undefined): number[] =>
      many(100, (i) => i).flatMap((i) => stoppedAt(seeds + i, fault(i)) ?? []);
    const alarmed = stops(0, () => undefined);
    const caught = stops(1_000, (i) => FAULTS[i % FAULTS.length]).toSorted((a, b) => a - b);
    const precision = caught.length / (caught.length + alarmed.length);
    const recall = caught.length / 100;
    // 0.93 and 1.00, half of them at a weight of 1 (docs/reliability.md).
    expect(precision).toBeGreaterThan(0.9);
    expect(recall).toBeGreaterThan(0.97);
    expect(caught[Math.floor(caught.length / 2)]).toBeLessThanOrEqual(5);
  });
});
