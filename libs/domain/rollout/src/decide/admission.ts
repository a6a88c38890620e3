import type { RolloutEvent, RunKind } from '@sluice/contracts';

import { budgetCause, canaryCause, capacityCause, room, writtenOff } from '../budget.js';
import { phaseAt, planOf, type RolloutState } from '../state.js';

/** Admissions of one event: a batch of 50,000 is several, so that a commit stays within its bounds. */
const MAX_ADMISSIONS = 5_000;

/** Waived targets are enabled, and what the plan tries again goes before anything new. Undefined when there is neither. */
export function followUps(state: RolloutState, now: number): readonly RolloutEvent[] | undefined {
  if (state.waived.length > 0) return [admitted(state, 'enable', state.waived.slice(0, MAX_ADMISSIONS), now)];
  return state.again.length === 0 ? undefined : roll(state, takeAdmissible(state, state.again, 0), now);
}

/** Fills the stage up to the budget. Undefined when all of it was admitted. */
export function admitPending(state: RolloutState, now: number): readonly RolloutEvent[] | undefined {
  const { order, cursor } = state.stage;
  return cursor >= order.length ? undefined : roll(state, takeAdmissible(state, order, cursor), now);
}

/**
 * Only what failed is done again; hosts of the same batches that are well are looked at, not touched (TAR-24). What is
 * out of service goes first: it costs nothing, and it is what used up the room that the others wait for. What serves
 * is taken out only while nothing would brake.
 */
export function admitRetries(state: RolloutState, now: number): readonly RolloutEvent[] {
  const { redo, serving, probe } = state.retry;
  if (probe.length > 0) return [admitted(state, 'probe', probe.slice(-MAX_ADMISSIONS).toReversed(), now)];
  if (redo.length > 0) return roll(state, takeAdmissible(state, redo, redo.length - 1, -1), now);
  if (serving.length === 0) return [];
  const cause = canaryCause(state) ?? budgetCause(state);
  if (cause === undefined) return roll(state, takeAdmissible(state, serving, serving.length - 1, -1), now);
  return state.open.size > 0 ? [] : [{ type: 'RolloutBraked', cause }];
}

/** These targets; nothing while others are in a step and may make room; the brake when it would wait for ever. */
function roll(state: RolloutState, targets: readonly number[], now: number): readonly RolloutEvent[] {
  if (targets.length > 0) return [admitted(state, 'roll', targets, now)];
  return state.open.size > 0 ? [] : [{ type: 'RolloutBraked', cause: capacityCause(state) }];
}

/** As many pending targets as fit the budget together, read at `start`, `start + by`, ... of the list. */
function takeAdmissible(state: RolloutState, list: readonly number[], start: number, by = 1): number[] {
  const targets: number[] = [];
  let left = room(state);
  let lost = state.lostCount;
  for (let i = start; i >= 0 && i < list.length && targets.length < MAX_ADMISSIONS; i += by) {
    const target = list[i] ?? -1;
    if (phaseAt(state, target) !== 'pending') continue;
    if (state.out[target] !== 1 && left <= 0) break;
    const found = lost - (state.lost[target] ?? 0);
    left -= roomFor(state, target, lost, found);
    lost = found;
    targets.push(target);
  }
  return targets;
}

/** One, or nothing when it is out already; but a lost one that was written off is in a step again, and takes what it was forgiven. */
const roomFor = (state: RolloutState, target: number, lost: number, found: number): number =>
  state.out[target] === 1 ? writtenOff(state, lost) - writtenOff(state, found) : 1;

export const admitted = (state: RolloutState, run: RunKind, targets: readonly number[], now: number): RolloutEvent => ({
  type: 'TargetsAdmitted',
  run,
  targets,
  deadline: now + planOf(state).attemptDeadlineMs,
});
