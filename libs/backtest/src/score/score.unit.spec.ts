import { describe, expect, it } from 'vitest';

import type { BacktestReport } from './report.js';
import { brokenLimits } from './limits.js';
import { type Score, Scorer, shareOf } from './score.js';

describe('a share', () => {
  it.each([
    [8, 10, 0.49, 0.943],
    [0, 10, 0, 0.278],
    [10, 10, 0.722, 1],
    [1, 1, 0.207, 1],
    [50, 100, 0.404, 0.596],
  ])('%i of %i has the interval of Wilson', (count, of, low, high) => {
    const share = shareOf(count, of);
    expect(share?.low).toBeCloseTo(low, 3);
    expect(share?.high).toBeCloseTo(high, 3);
  });

  it('of nothing is none', () => {
    expect(shareOf(0, 0)).toBeUndefined();
  });
});

const scoreOf = (...counts: readonly [caught: number, missed: number, alarms: number, unknownBad: number]): Score => {
  const scorer = new Scorer();
  const [caught, missed, alarms, unknown] = counts;
  const add = (times: number, label: 'good' | 'bad', stops: boolean | 'unknown'): void => {
    for (let i = 0; i < times; i += 1) scorer.add({ label, stops });
  };
  add(caught, 'bad', true);
  add(missed, 'bad', false);
  add(alarms, 'good', true);
  add(unknown, 'bad', 'unknown');
  return scorer.score();
};

const report = (live: Score, candidate: Score, unlabelled = false): BacktestReport => ({
  policy: 'p',
  counts: { commits: 1, events: 1, bytes: 1, rollouts: 20, open: 0, left: 0, rollbacks: 0, withoutPlan: 0 },
  outcomes: { same: 10, stops: 5, goesOn: 2, unknown: 3 },
  spared: { rollouts: 0, targets: 0, ms: 0 },
  labels: unlabelled
    ? { good: 0, bad: 0, inferred: 0, unlabelled: 20 }
    : { good: 10, bad: 10, inferred: 0, unlabelled: 0 },
  live,
  candidate,
  changed: [],
  more: 0,
  ms: 1,
});

describe('limits', () => {
  const live = scoreOf(6, 4, 1, 0);

  it('hold for a policy that is no worse', () => {
    const limits = { maxFalseAlarms: 1, minRecall: 0.6, minPrecision: 0.8, notWorse: true } as const;
    expect(
      brokenLimits(report(live, scoreOf(7, 3, 1, 0)), { ...limits, maxUnknown: { kind: 'count', count: 5 } }),
    ).toEqual([]);
  });

  it('are each named when they are broken, with the arithmetic', () => {
    const limits = { maxFalseAlarms: 1, minRecall: 0.6, minPrecision: 0.8, notWorse: true } as const;
    const maxUnknown = { kind: 'percent', percent: 20 } as const;
    expect(brokenLimits(report(live, scoreOf(5, 0, 3, 5)), { ...limits, maxUnknown })).toEqual([
      'not worse: false alarms 3 > 1 of the live policy',
      'not worse: bad rollouts stopped 5 < 6 of the live policy (5 unknown)',
      'false alarms 3 > limit 1',
      'recall 5 of 10 = 0.500 < limit 0.6',
      'precision 5 of 8 = 0.625 < limit 0.8',
      'unknown 5 of 20 rollouts > limit 4',
    ]);
  });

  it('are broken by a policy of which nothing can be told', () => {
    const nothing = scoreOf(0, 0, 0, 0);
    const limits = { minRecall: 0, minPrecision: 0, notWorse: true } as const;
    expect(brokenLimits(report(nothing, nothing, true), limits)).toHaveLength(3);
  });
});
