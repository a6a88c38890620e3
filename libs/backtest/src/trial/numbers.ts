import type { Plan } from '@sluice/contracts';
import { maxUnavailableFor } from '@sluice/contracts';
import { planOf, type RolloutState } from '@sluice/rollout';

import type { Amount, CandidateBrake } from '../policy/policy.js';

/** True when the candidate may admit other targets than the live policy did, not only stop elsewhere. */
export const changesPace = ({ maxUnavailable, minServing, extraFailures }: CandidateBrake): boolean =>
  maxUnavailable !== undefined || minServing !== undefined || extraFailures !== undefined;

/**
 * What `look` sees when the candidate's numbers stand in the state instead of the live ones: A and T for the members of
 * now, and what an operator has taken on since, on top of the candidate's own.
 */
export function under<T>(state: RolloutState, brake: CandidateBrake, look: (state: RolloutState) => T): T {
  const { plan, maxUnavailable, failureLimit, extraFailures } = state;
  const { budget } = planOf(state);
  if (budget.advisory) return look(state);
  try {
    state.maxUnavailable = allowed(state, brake.maxUnavailable);
    state.failureLimit = limitOf(brake.failureLimit, state.members) ?? failureLimit;
    state.extraFailures = extraFailures - budget.extraFailures + (brake.extraFailures ?? budget.extraFailures);
    if (brake.minServing !== undefined) state.plan = withFloor(planOf(state), brake.minServing);
    return look(state);
  } finally {
    state.plan = plan;
    state.maxUnavailable = maxUnavailable;
    state.failureLimit = failureLimit;
    state.extraFailures = extraFailures;
  }
}

const withFloor = (plan: Plan, minServing: number): Plan => ({ ...plan, budget: { ...plan.budget, minServing } });

/** A plan on hosts of several groups allows less than its rule, and no policy raises that (TRS-12). */
function allowed(state: RolloutState, amount: Amount | undefined): number {
  const { maxUnavailable: live, members } = state;
  if (amount === undefined) return live;
  const wanted = amount.kind === 'count' ? amount.count : Math.max(1, Math.floor((members * amount.percent) / 100));
  const { budget } = planOf(state);
  const isReduced = budget.maxUnavailable < maxUnavailableFor(budget, budget.members);
  return isReduced ? Math.min(wanted, live) : wanted;
}

function limitOf(amount: Amount | undefined, members: number): number | undefined {
  if (amount === undefined) return undefined;
  return amount.kind === 'count' ? amount.count : Math.max(1, Math.ceil((members * amount.percent) / 100));
}
