import type { BatchSizes, PlannableMember, PlanTarget, RolloutEvent } from '@sluice/contracts';

import { budgetFor } from '../budget.js';
import type { FreshMembers } from '../inputs.js';
import { phaseAt, planOf, type RolloutState } from '../state.js';

/** What a fresh look at the group changes. Places of targets ascend; `added` are in the order of their coming. */
export interface Sync {
  readonly gone: readonly number[];
  readonly back: readonly number[];
  readonly added: readonly PlanTarget[];
}

/**
 * Holds the group as it is now against the targets. A host that was a target is never added anew: its attempts are
 * counted on. Members that do not fit the plan (another profile) stay outside; so do those of a rollback or a
 * scale-out, which are for the hosts that they name, and of a shift of traffic, which touches no host.
 */
export function syncOf(state: RolloutState, members: readonly PlannableMember[]): Sync {
  const now = new Map(members.map((member) => [member.host, member]));
  const gone: number[] = [];
  const back: number[] = [];
  state.targets.forEach(({ host }, target) => {
    const isMember = now.delete(host);
    if (!isMember && phaseAt(state, target) !== 'excluded') gone.push(target);
    if (isMember && state.left.has(target)) back.push(target);
  });
  return { gone, back, added: takesMembers(state) ? [...now.values()].flatMap(targetOf) : [] };
}

export function takesMembers(state: RolloutState): boolean {
  const { strategy, traffic, ramp } = planOf(state);
  return strategy !== 'rollback' && strategy !== 'scaleOut' && traffic === undefined && ramp === undefined;
}

function targetOf({ unfit, ...target }: PlannableMember): readonly PlanTarget[] {
  return unfit === undefined ? [target] : [];
}

/** The next piece of the list of new members, for the log. Nothing when the rollout could not use it. */
export function decideArrival(
  state: RolloutState,
  { from, targets }: { readonly from: number; readonly targets: readonly PlanTarget[] },
): readonly RolloutEvent[] {
  const first = state.targets.length;
  if (targets.length === 0 || from < first || from > first + state.arriving.length) return [];
  return [{ type: 'MembersAdded', from, targets }];
}

/** The events of a fresh look at the group, and the targets that are back and have been passed by. */
export function decideSync(state: RolloutState, fresh: FreshMembers | undefined): readonly RolloutEvent[] {
  if (fresh === undefined) return [];
  const stays = { type: 'MembersSynced', gone: [], back: [], batches: [] } as const;
  if (!fresh.ok) return [{ ...stays, problem: fresh.problem }];
  const { gone, back, added } = syncOf(state, fresh.members);
  if (!arrived(state, added))
    return [{ ...stays, problem: 'the group changed while it was looked at: retry again to have it looked at anew' }];
  const members = state.members - gone.length + back.length + added.length;
  const budget = budgetFor(state, members);
  const batches = batchesOf(added.length, { state, members, maxUnavailable: budget.maxUnavailable });
  const synced: RolloutEvent = { type: 'MembersSynced', gone, back, batches };
  if (members === state.members) return [synced];
  const reason = `the group was looked at again: ${gone.length} gone, ${back.length} back, ${added.length} new`;
  return [synced, { type: 'BudgetChanged', members, ...budget, extraFailures: state.extraFailures, reason }];
}

/** True when the log holds exactly these new members. */
function arrived({ arriving }: RolloutState, added: readonly PlanTarget[]): boolean {
  return added.every(({ host }, i) => arriving[i]?.host === host);
}

interface Joining {
  readonly state: RolloutState;
  readonly members: number;
  readonly maxUnavailable: number;
}

/** Batches for `n` new members: none larger than the plan's share of the group as it is now (TRS-13). */
function batchesOf(n: number, { state, members, maxUnavailable }: Joining): BatchSizes {
  if (n === 0) return [];
  const { canaries, budget } = planOf(state);
  const share = Math.floor(((members - canaries) * budget.percent) / 100);
  const size = Math.max(1, Math.min(maxUnavailable, share));
  const [whole, rest] = [Math.floor(n / size), n % size];
  const sizes: [number, number][] = whole === 0 ? [] : [[size, whole]];
  if (rest > 0) sizes.push([rest, 1]);
  return sizes;
}
