import type { PlanBudget } from './plan.js';

/**
 * A of design 6.5 for so many members, before anything lowers it: max(1, floor(G*p/100)), or the largest of n batches,
 * ceil(G/n). One function for the plan and for whoever recomputes its budget when members come and go.
 */
export const maxUnavailableFor = (budget: Pick<PlanBudget, 'percent' | 'batchCount'>, members: number): number =>
  budget.batchCount === undefined
    ? Math.max(1, Math.floor((members * budget.percent) / 100))
    : Math.ceil(members / budget.batchCount);
