import { maxUnavailableFor, type PlanBudget } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import type { BatchRule } from './batch-rule.js';

/** What a request may say about its budget. */
export interface BudgetWishes {
  /** Percent of the group; the batch share by default. */
  readonly failureThreshold?: number | undefined;
  readonly extraFailures?: number | undefined;
  readonly minServing?: number | undefined;
}

/** p: the share of a percent rule, the largest term of a pattern, ceil(100/n) for n batches. */
export function shareOfRule(rule: BatchRule): number {
  switch (rule.kind) {
    case 'percent':
      return rule.percent;
    case 'pattern':
      return Math.max(...rule.terms);
    case 'count':
      return Math.ceil(100 / rule.count);
    default:
      return unreachable(rule, 'batch rule');
  }
}

/** The budget's constants of design 6.5 for `members` (G) eligible members, the canary included. */
export function budgetOf(rule: BatchRule, members: number, wishes: BudgetWishes = {}): PlanBudget {
  const percent = shareOfRule(rule);
  const counted = rule.kind === 'count' ? { batchCount: rule.count } : {};
  const failureThresholdPercent = wishes.failureThreshold ?? percent;
  return {
    members,
    percent,
    ...counted,
    maxUnavailable: maxUnavailableFor({ percent, ...counted }, members),
    failureLimit: Math.max(1, Math.ceil((members * failureThresholdPercent) / 100)),
    failureThresholdPercent,
    extraFailures: wishes.extraFailures ?? 0,
    minServing: wishes.minServing ?? 0,
    advisory: false,
  };
}

/** Two batches, so A = ceil(G/2); advisory, because a brake must never block the way out (design 6.5). */
export function rollbackBudget(members: number): PlanBudget {
  return { ...budgetOf({ kind: 'count', count: 2 }, members, { failureThreshold: 100 }), advisory: true };
}
