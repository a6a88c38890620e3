import { seededRandom } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import {
  type BurnRatePolicy,
  type ComparedMetric,
  type ComparisonPolicy,
  counted,
  DEFAULT_COMPARISON,
  DEFAULT_LIMITS,
  findingOf,
  judgeBurnRate,
  judgeComparison,
  judgeTally,
  judgeThreshold,
  MAX_SAMPLES,
  NO_MEASUREMENT,
  type Series,
  seriesOf,
} from '../index.js';

const series = (values: readonly (number | null)[]): Series =>
  seriesOf(
    values.map((value, i) => ({ at: i + 1, value })),
    { from: 0, to: values.length },
  );

describe('a series', () => {
  it('keeps what is a number in the window, in its order, and counts the rest', () => {
    const raw = [
      { at: 5, value: 5 },
      { at: 1, value: 1 },
      { at: 3, value: Number.NaN },
      { at: 4, value: null },
      { at: 2, value: Number.POSITIVE_INFINITY },
      { at: 6, value: 6 },
    ];
    expect(seriesOf(raw, { from: 1, to: 5 })).toEqual({ samples: [{ at: 5, value: 5 }], unusable: 3 });
  });

  it('is bounded: the newest are kept', () => {
    const long = series(Array.from({ length: 2_000 }, (_, i) => i));
    expect(long.samples).toHaveLength(MAX_SAMPLES);
    expect(long.samples.at(-1)?.value).toBe(1_999);
  });
});

describe('threshold, n of m', () => {
  const policy = { bound: 'max', limit: 0.05, n: 3, of: 5 } as const;
  it.each([
    [[0.01, 0.06, 0.07, 0.01, 0.08], 'fail', '3 of the last 5 values above 0.05 >= limit 3 of 5 (0.06, 0.07, 0.08)'],
    [[0.06, 0.07, 0.08], 'fail', '3 of the last 3 values above 0.05 >= limit 3 of 5 (0.06, 0.07, 0.08)'],
    [[0.01, 0.06, 0.01, 0.01, 0.08], 'pass', '2 of the last 5 values above 0.05 < limit 3 of 5'],
    [[0.05, 0.05, 0.05, 0.05, 0.05], 'pass', '0 of the last 5 values above 0.05 < limit 3 of 5'],
    [[0.01, 0.01], 'inconclusive', '0 of the last 2 values above 0.05, but only 2 of 5 are there'],
    [[], 'inconclusive', 'no data: 0 of 5 values'],
    [[Number.NaN, null], 'inconclusive', 'no data: 0 of 5 values; 2 unusable values were left out'],
  ])('%j: %s', (values, verdict, words) => {
    expect(judgeThreshold(series(values), policy)).toEqual({ verdict, words });
  });

  it('looks the other way for a lower bound', () => {
    const floor = { bound: 'min', limit: 10, n: 1, of: 2 } as const;
    expect(judgeThreshold(series([12, 9]), floor)).toEqual({
      verdict: 'fail',
      words: '1 of the last 2 values below 10 >= limit 1 of 2 (9)',
    });
    expect(judgeThreshold(series([12, 10]), floor).verdict).toBe('pass');
  });
});

describe('burn rate over two windows', () => {
  const policy: BurnRatePolicy = { objective: 0.999, factor: 14.4, minEvents: 100 };
  const judged = (long: readonly (number | undefined)[], short: readonly (number | undefined)[]) =>
    judgeBurnRate(
      {
        long: { name: '1h', bad: long[0], total: long[1] },
        short: { name: '5m', bad: short[0], total: short[1] },
      },
      policy,
    );

  it('fails only when both burn: it matters, and it still goes on', () => {
    expect(judged([200, 10_000], [30, 1_000])).toEqual({
      verdict: 'fail',
      words: 'burn 20 over 1h (200 bad of 10000), burn 30 over 5m (30 bad of 1000); limit 14.4 in both',
    });
    expect(judged([200, 10_000], [1, 1_000]).verdict).toBe('pass');
    expect(judged([10, 10_000], [30, 1_000]).verdict).toBe('pass');
  });

  it('does not pass for want of data', () => {
    expect(judged([0, 10_000], [0, 99])).toEqual({
      verdict: 'inconclusive',
      words: '99 events over 5m < 100 that are wanted',
    });
    expect(judged([undefined, 10_000], [0, 0]).words).toBe('no data over 1h; 0 events over 5m < 100 that are wanted');
    expect(judged([Number.NaN, 10_000], [0, 1_000]).verdict).toBe('inconclusive');
  });
});

describe('canary against baseline', () => {
  const metric: ComparedMetric = { name: 'errors', bad: 'increase', weight: 1 };
  const noise = (seed: number, n: number, base = 0): readonly number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: n }, () => base + random.next() + random.next() + random.next());
  };
  const find = (a: readonly (number | null)[], b: readonly (number | null)[], more: Partial<ComparisonPolicy> = {}) =>
    findingOf({ metric, canary: series(a), baseline: series(b) }, { ...DEFAULT_COMPARISON, ...more });

  it('holds its level: two equal sides are told apart no more often than it says, over 500 seeds', () => {
    for (const n of [12, 40]) {
      const alarms = Array.from({ length: 500 }, (_, seed) =>
        find(noise(seed * 2 + 1, n), noise(seed * 2 + 2, n), { effect: 0 }),
      ).filter(({ standing }) => standing === 'worse').length;
      // 25 are expected at the most; three standard deviations of chance are let pass.
      expect(alarms).toBeLessThanOrEqual(40);
      expect(alarms).toBeGreaterThan(5);
    }
  });

  it('finds a difference that matters, and leaves one alone that does not', () => {
    expect(find(noise(1, 40, 0.6), noise(2, 40)).standing).toBe('worse');
    const many = find(noise(1, 500, 0.1), noise(2, 500), { effect: 0 });
    expect(many.standing).toBe('worse');
    expect(find(noise(1, 500, 0.1), noise(2, 500)).standing).toBe('same');
  });

  it('looks only in the bad direction, or in both at half the level', () => {
    const [low, high] = [noise(1, 40), noise(2, 40, 1)];
    const bad = (direction: ComparedMetric['bad'], a: readonly number[], b: readonly number[]) =>
      findingOf({ metric: { ...metric, bad: direction }, canary: series(a), baseline: series(b) }, DEFAULT_COMPARISON);
    expect(bad('increase', low, high).standing).toBe('same');
    expect(bad('decrease', low, high).standing).toBe('worse');
    expect(bad('either', low, high).standing).toBe('worse');
    expect(bad('either', high, low).words).toContain('level 0.025');
  });

  it('takes equal constants for the same, and different ones for worse', () => {
    const constant = (value: number): number[] => Array.from({ length: 20 }, () => value);
    expect(find(constant(0), constant(0))).toEqual({
      name: 'errors',
      standing: 'same',
      words: 'errors same: median 0 against 0, wins 50 % of pairs, p 1 (level 0.05, effect from 65 %)',
    });
    expect(find(constant(1), constant(0)).standing).toBe('worse');
  });

  it('has no data with too few values, also when they are no numbers', () => {
    expect(find([1, 2, 3], noise(1, 40))).toEqual({
      name: 'errors',
      standing: 'noData',
      words: 'errors: 3 and 40 values < 10',
    });
    const dead = Array.from({ length: 40 }, () => Number.NaN);
    expect(find(dead, noise(1, 40)).words).toBe('errors: 0 and 40 values < 10, 40 unusable left out');
  });

  describe('as a score', () => {
    const same = { canary: series(noise(1, 40)), baseline: series(noise(3, 40)) };
    const worse = { canary: series(noise(1, 40, 2)), baseline: series(noise(3, 40)) };
    const none = { canary: series([]), baseline: series(noise(3, 40)) };
    const judged = (
      ...parts: readonly {
        readonly canary: Series;
        readonly baseline: Series;
        readonly weight: number;
        readonly critical?: boolean;
      }[]
    ) =>
      judgeComparison(
        parts.map(({ weight, critical = false, ...sides }, i) => ({
          ...sides,
          metric: { name: `m${i}`, bad: 'increase' as const, weight, critical },
        })),
        DEFAULT_COMPARISON,
      );

    it('weighs: passes above one limit, fails below the other, holds in between', () => {
      expect(judged({ ...same, weight: 3 }).words).toMatch(/^score 100 >= 90: /);
      expect(judged({ ...same, weight: 3 }, { ...worse, weight: 1 })).toMatchObject({ verdict: 'inconclusive' });
      expect(judged({ ...same, weight: 1 }, { ...worse, weight: 1 }).words).toMatch(/^score 50 < 60: /);
    });

    it('fails by one critical metric alone', () => {
      const { verdict, words } = judged({ ...same, weight: 99 }, { ...worse, weight: 1, critical: true });
      expect([verdict, words.slice(0, 25)]).toEqual(['fail', 'm1 is critical and worse:']);
    });

    it('never passes for want of data', () => {
      expect(judged({ ...none, weight: 1 }).verdict).toBe('inconclusive');
      expect(judged({ ...same, weight: 9 }, { ...none, weight: 1 }).words).toMatch(
        /^10 % of the weight is without data > 0 %/,
      );
      const lenient = judgeComparison([{ metric, ...none }], { ...DEFAULT_COMPARISON, maxMissing: 100 });
      expect(lenient.verdict).toBe('inconclusive');
      expect(() => judgeComparison([], DEFAULT_COMPARISON)).toThrow(expect.objectContaining({ code: 'BAD_POLICY' }));
    });
  });
});

describe('measurements in a row', () => {
  const after = (verdicts: string) =>
    judgeTally(
      verdicts
        .split('')
        .reduce(
          (tally, letter) =>
            counted(
              tally,
              ({ p: 'pass', f: 'fail', i: 'inconclusive', e: 'error' } as const)[letter as 'p'] ?? 'error',
            ),
          NO_MEASUREMENT,
        ),
      { ...DEFAULT_LIMITS, fail: 2, inconclusive: 3, error: 2, passes: 2 },
    );

  it.each([
    ['p', 'inconclusive', false],
    ['pp', 'pass', false],
    ['ffpp', 'pass', false],
    ['fffpp', 'fail', true],
    ['iii', 'inconclusive', false],
    ['iiii', 'inconclusive', true],
    ['eeie', 'inconclusive', false],
    ['eee', 'error', true],
    ['eep', 'inconclusive', false],
  ])('%s: %s', (verdicts, verdict, exceeded) => {
    expect(after(verdicts)).toMatchObject({ verdict, exceeded });
  });

  it('says its arithmetic', () => {
    expect(after('fff').words).toBe('failed 3 > limit 2');
    expect(after('eee').words).toBe('3 errors in a row > limit 2');
    expect(after('pp').words).toBe('passed 2 of 2, failed 0 <= limit 2');
  });
});
