import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { BatchRule } from './batch-rule.js';
import { batchSizes } from './batch-sizes.js';
import { budgetOf, rollbackBudget } from './budget.js';

describe('the budget of design 6.5', () => {
  it.each([
    [100, 10, 10],
    [100, 1, 1],
    [100, 25, 25],
    [10, 10, 1],
    [20, 15, 3],
    [1, 25, 1],
    [1_000, 0, 1],
  ])('G=%i, p=%i gives A=%i', (members, percent, a) => {
    const budget = budgetOf({ kind: 'percent', percent }, members);
    expect([budget.members, budget.percent, budget.maxUnavailable]).toEqual([members, percent, a]);
    // T defaults to p, rounded up, so min(A, T) = A: all failing loses exactly A.
    expect(Math.min(budget.maxUnavailable, budget.failureLimit)).toBe(a);
  });

  it('takes the largest term of a pattern', () => {
    expect(budgetOf({ kind: 'pattern', terms: [10, 20, 70] }, 10)).toMatchObject({
      percent: 70,
      maxUnavailable: 7,
      failureLimit: 7,
    });
  });

  it('takes ceil(G/n) and p = ceil(100/n) for n batches', () => {
    expect(budgetOf({ kind: 'count', count: 3 }, 10)).toMatchObject({
      percent: 34,
      maxUnavailable: 4,
      failureLimit: 4,
    });
  });

  it('TAR-38 lets half of the hosts of a rollback be out at once, and its brake only advises', () => {
    expect(rollbackBudget(5)).toMatchObject({
      maxUnavailable: 3,
      failureLimit: 5,
      failureThresholdPercent: 100,
      advisory: true,
    });
    expect(rollbackBudget(1).maxUnavailable).toBe(1);
  });

  it('takes what the request says about failures', () => {
    const wishes = { failureThreshold: 7, extraFailures: 2, minServing: 40 };
    expect(budgetOf({ kind: 'percent', percent: 25 }, 50, wishes)).toMatchObject({
      failureLimit: 4,
      failureThresholdPercent: 7,
      extraFailures: 2,
      minServing: 40,
    });
    expect(budgetOf({ kind: 'percent', percent: 25 }, 50, { failureThreshold: 0 }).failureLimit).toBe(1);
  });

  it('always has room for one host and for a whole batch of a share', () => {
    const rules: fc.Arbitrary<BatchRule> = fc
      .integer({ min: 0, max: 100 })
      .map((percent) => ({ kind: 'percent', percent }));
    fc.assert(
      fc.property(rules, fc.integer({ min: 1, max: 10_000 }), (rule, members) => {
        const { maxUnavailable, failureLimit } = budgetOf(rule, members);
        const largest = Math.max(...batchSizes(rule, members).map(([size]) => size));
        expect(maxUnavailable).toBeGreaterThanOrEqual(Math.max(1, largest));
        expect(failureLimit).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
