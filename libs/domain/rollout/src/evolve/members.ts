import type { BatchSizes, PlanTarget, RolloutEvent } from '@sluice/contracts';
import { invariant, unreachable } from '@sluice/kernel';

import { PHASE_CODE } from '../phases.js';
import { phaseAt, planOf, type RolloutState } from '../state.js';
import { excludeTargets, setLost, setOut, setPhase } from './targets.js';

/** What happens to the membership, and to hosts that nobody has asked. */
export type MemberEvent = Extract<
  RolloutEvent,
  {
    readonly type:
      'MembersAdded' | 'MembersSynced' | 'MembersJoined' | 'TargetsSilent' | 'TargetsHeard' | 'TargetsLost';
  }
>;

export function evolveMembers(state: RolloutState, event: MemberEvent): void {
  switch (event.type) {
    case 'MembersAdded':
      return membersAdded(state, event);
    case 'MembersSynced':
      return membersSynced(state, event);
    case 'MembersJoined':
      return membersJoined(state, event);
    case 'TargetsSilent':
      return targetsSilent(state, event);
    case 'TargetsHeard':
      return targetsHeard(state, event);
    case 'TargetsLost':
      return targetsLost(state, event);
    default:
      return unreachable(event, 'event about members');
  }
}

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;

/** New members that are not targets yet: MembersSynced makes them so. */
function membersAdded(state: RolloutState, { from, targets }: Of<'MembersAdded'>): void {
  const place = from - state.targets.length;
  invariant(place >= 0 && place <= state.arriving.length, 'new members have a gap between their chunks', { from });
  state.arriving.length = place;
  for (const target of targets) state.arriving.push(target);
}

function membersSynced(state: RolloutState, { gone, back, batches }: Of<'MembersSynced'>): void {
  excludeTargets(state, gone);
  for (const target of gone) state.left.add(target);
  for (const target of back) {
    state.left.delete(target);
    setPhase(state, target, 'pending');
  }
  const count = batches.reduce((sum, [size, times]) => sum + size * times, 0);
  invariant(count <= state.arriving.length, 'more new members are rolled than the log names', { count });
  if (count > 0) append(state, state.arriving.slice(0, count), batches);
  state.arriving = [];
}

/** They are the last stages of the rollout, whose plan is as it was sealed but for these. */
function append(state: RolloutState, targets: readonly PlanTarget[], batches: BatchSizes): void {
  const plan = planOf(state);
  const [before, count] = [state.targets.length, state.targets.length + targets.length];
  state.targets = state.targets.concat(targets);
  state.phase = grown(state.phase, new Uint8Array(count));
  state.attempts = grown(state.attempts, new Uint32Array(count));
  state.out = grown(state.out, new Uint8Array(count));
  state.lost = grown(state.lost, new Uint8Array(count));
  state.phaseCounts[PHASE_CODE.pending] = (state.phaseCounts[PHASE_CODE.pending] ?? 0) + targets.length;
  state.plan = { ...plan, batches: [...plan.batches, ...batches], targetCount: count };
  targets.forEach(({ host, drained }, i) => {
    state.joined.delete(host);
    if (drained === true) setOut(state, before + i, true);
  });
}

function grown<T extends Uint8Array | Uint32Array>(before: T, after: T): T {
  after.set(before);
  return after;
}

function membersJoined(state: RolloutState, { members }: Of<'MembersJoined'>): void {
  for (const { host, running } of members) state.joined.set(host, running);
}

/** What was done may not be so any more; what is untouched or failed stays that, and is lost. */
function targetsSilent(state: RolloutState, { targets, deadline }: Of<'TargetsSilent'>): void {
  for (const target of targets) {
    const was = phaseAt(state, target);
    state.silent.set(target, was);
    setOut(state, target, true);
    setLost(state, target, true);
    if (was !== 'done' && was !== 'skipped') continue;
    setPhase(state, target, 'unknown');
    state.lostAt.set(target, deadline);
    state.failures.set(target, { step: 'enable', code: 'SILENT', message: 'its agent is not heard of any more' });
  }
}

/** One that had been given up meanwhile stays failed, but it serves. */
function targetsHeard(state: RolloutState, { targets }: Of<'TargetsHeard'>): void {
  for (const target of targets) {
    const was = state.silent.get(target);
    if (was === undefined) continue;
    state.silent.delete(target);
    state.lostAt.delete(target);
    setOut(state, target, false);
    setLost(state, target, false);
    if (phaseAt(state, target) !== 'unknown') continue;
    state.failures.delete(target);
    setPhase(state, target, was);
  }
}

/** Nobody waits for them any more; should they be heard of all the same, that still counts. */
function targetsLost(state: RolloutState, { targets }: Of<'TargetsLost'>): void {
  for (const target of targets) {
    state.lostAt.delete(target);
    const { step = 'enable' } = state.failures.get(target) ?? {};
    setPhase(state, target, 'failed');
    state.failures.set(target, { step, code: LOST, message: 'not heard of by its deadline: it counts as lost' });
  }
}

/** The code of a target that was unknown for too long: a retry looks at it before it does anything. */
export const LOST = 'LOST';
