import { type RolloutEvent, type Stage, stageAt } from '@sluice/contracts';

import { budgetCause, canaryCause, capacityCause, gateCause, room } from '../budget.js';
import { counts, stageCounts, touchedTargets } from '../counts.js';
import { enter } from './enter.js';
import { countOf, phaseAt, planOf, type RolloutState } from '../state.js';

/** Admissions of one event: a batch of 50,000 is several, so that a commit stays within its bounds. */
const MAX_ADMISSIONS = 5_000;

/**
 * The rollout's own course: the next thing that follows from the state and the time, or nothing. Called again after
 * each of its events until it stays quiet.
 */
export function advance(state: RolloutState, now: number): readonly RolloutEvent[] {
  if (state.status === 'settling') return state.open.size === 0 ? settled(state) : [];
  if (state.status === 'failed') return afterAll(state, now);
  if (state.status !== 'running') return [];
  return state.retry.active ? admitRetries(state, now) : goOn(state, now);
}

/** Agents that were not heard of may report after the end: a canary is held as ever, and without a failure it is a success. */
function afterAll(state: RolloutState, now: number): readonly RolloutEvent[] {
  if (state.rollbacks > 0) return [];
  if (countOf(state, 'verified') > 0) return releaseHeld(state, now);
  return countOf(state, 'failed') + countOf(state, 'unknown') === 0 ? finish(state) : [];
}

function goOn(state: RolloutState, now: number): readonly RolloutEvent[] {
  const cause = canaryCause(state) ?? budgetCause(state) ?? gateCause(state);
  if (cause !== undefined) return [{ type: 'RolloutBraked', cause }];
  const again = followUps(state, now);
  if (again !== undefined) return again;
  const stage = stageAt(planOf(state), state.stage.index);
  // A canary that was done anew, or reported late, after its stage has passed: it goes before anything else.
  if (stage?.hold !== true && countOf(state, 'verified') > 0) return state.open.size > 0 ? [] : releaseHeld(state, now);
  if (stage === undefined) return state.open.size === 0 ? finish(state) : [];
  if (!state.stage.entered) return enter(state, stage, now);
  return admitPending(state, now) ?? (state.open.size > 0 ? [] : leave(state, stage, now));
}

/** Waived targets are enabled, and what the plan tries again goes before anything new. Undefined when there is neither. */
function followUps(state: RolloutState, now: number): readonly RolloutEvent[] | undefined {
  if (state.waived.length > 0) return [admitted(state, 'enable', state.waived.slice(0, MAX_ADMISSIONS), now)];
  if (state.again.length === 0) return undefined;
  const targets = takeAdmissible(state, state.again, 0);
  if (targets.length > 0) return [admitted(state, 'roll', targets, now)];
  return state.open.size > 0 ? [] : [{ type: 'RolloutBraked', cause: capacityCause(state) }];
}

/** Fills the stage up to the budget. Undefined when all of it was admitted; the brake when it is stuck for good. */
function admitPending(state: RolloutState, now: number): readonly RolloutEvent[] | undefined {
  const { order, cursor } = state.stage;
  if (cursor >= order.length) return undefined;
  const targets = takeAdmissible(state, order, cursor);
  if (targets.length > 0) return [admitted(state, 'roll', targets, now)];
  return state.open.size > 0 ? [] : [{ type: 'RolloutBraked', cause: capacityCause(state) }];
}

/** As many pending targets as fit the budget together, read at `start`, `start + by`, ... of the list. */
function takeAdmissible(state: RolloutState, list: readonly number[], start: number, by = 1): number[] {
  const targets: number[] = [];
  let left = room(state);
  for (let i = start; i >= 0 && i < list.length && targets.length < MAX_ADMISSIONS; i += by) {
    const target = list[i] ?? -1;
    if (phaseAt(state, target) !== 'pending') continue;
    const free = state.out[target] === 1;
    if (!free && left <= 0) break;
    if (!free) left -= 1;
    targets.push(target);
  }
  return targets;
}

/**
 * Only what failed is done again; hosts of the same batches that are well are looked at, not touched (TAR-24). What is
 * out of service goes first: it costs nothing, and it is what used up the room that the others wait for. What serves
 * is taken out only while nothing would brake.
 */
function admitRetries(state: RolloutState, now: number): readonly RolloutEvent[] {
  const { redo, serving, probe } = state.retry;
  const probes = probe.slice(-MAX_ADMISSIONS).toReversed();
  if (probes.length > 0) return [admitted(state, 'probe', probes, now)];
  const cause = redo.length === 0 && serving.length > 0 ? (canaryCause(state) ?? budgetCause(state)) : undefined;
  if (cause !== undefined) return state.open.size > 0 ? [] : [{ type: 'RolloutBraked', cause }];
  const queue = redo.length > 0 ? redo : serving;
  const targets = takeAdmissible(state, queue, queue.length - 1, -1);
  if (targets.length > 0) return [admitted(state, 'roll', targets, now)];
  const stuck = queue.length > 0 && state.open.size === 0;
  return stuck ? [{ type: 'RolloutBraked', cause: capacityCause(state) }] : [];
}

const admitted = (
  state: RolloutState,
  run: 'roll' | 'probe' | 'enable',
  targets: readonly number[],
  now: number,
): RolloutEvent => ({
  type: 'TargetsAdmitted',
  run,
  targets,
  deadline: now + planOf(state).attemptDeadlineMs,
});

/** All of the stage was admitted and nothing is in a step: hold, settle, watch, pass. */
function leave(state: RolloutState, stage: Stage, now: number): readonly RolloutEvent[] {
  if (stage.hold && countOf(state, 'verified') > 0) return releaseHeld(state, now);
  if (!state.stage.settled) return settleStage(state, stage, now);
  const gates = gatesOf(state, stage);
  if (!state.stage.asked || gates.length > state.stage.gates.length) return [ask(state, gates, now)];
  const baking = state.wait?.kind === 'bake' && now < state.wait.until;
  const passed = gates.every((gate) => state.stage.passed.has(gate));
  return passed && !baking ? [{ type: 'StagePassed', stage: stage.index }] : [];
}

/** A held canary is enabled only after its approval, and never by itself (TAR-26). */
function releaseHeld(state: RolloutState, now: number): readonly RolloutEvent[] {
  if (!state.approved.has('canary'))
    return [{ type: 'ApprovalRequested', approval: 'canary', planHash: state.planHash }];
  const held: number[] = [];
  for (let target = 0; target < planOf(state).canaries; target += 1)
    if (phaseAt(state, target) === 'verified') held.push(target);
  return [admitted(state, 'enable', held, now)];
}

function settleStage(state: RolloutState, stage: Stage, now: number): readonly RolloutEvent[] {
  const settledEvent: RolloutEvent = { type: 'StageSettled', stage: stage.index, counts: stageCounts(state, stage) };
  const bake: RolloutEvent[] =
    stage.bakeMs > 0 ? [{ type: 'WaitStarted', wait: 'bake', stage: stage.index, until: now + stage.bakeMs }] : [];
  return [settledEvent, ...bake];
}

const ask = (state: RolloutState, gates: Stage['gates'], now: number): RolloutEvent => ({
  type: 'GatesRequested',
  stage: state.stage.index,
  round: state.stage.round + 1,
  gates,
  passNotBefore: state.wait?.kind === 'bake' ? state.wait.until : now,
});

/** A stage in which nothing came through has nothing to be ready. */
function gatesOf(state: RolloutState, stage: Stage): Stage['gates'] {
  for (let target = stage.from; target < stage.to; target += 1) {
    if (['done', 'skipped'].includes(phaseAt(state, target))) return stage.gates;
  }
  return [];
}

function finish(state: RolloutState): readonly RolloutEvent[] {
  const tally = counts(state);
  return tally.failed + tally.unknown === 0
    ? [{ type: 'RolloutSucceeded', counts: tally }]
    : [{ type: 'RolloutFailed', counts: tally, notServing: notServing(state) }];
}

function settled(state: RolloutState): readonly RolloutEvent[] {
  const cause = state.end?.cause ?? 'cancelled';
  const cancelled: RolloutEvent = {
    type: 'RolloutCancelled',
    cause,
    counts: counts(state),
    notServing: notServing(state),
  };
  const back = cause === 'rollback' ? rollbackRequested(state, state.end?.reason) : [];
  return [cancelled, ...back];
}

/** The order to restore what this rollout found, for exactly the targets that it touched (STR-07). */
export function rollbackRequested(state: RolloutState, reason: string | undefined): readonly RolloutEvent[] {
  if (state.rollbackTo === undefined) return [];
  const { targets, down } = touchedTargets(state);
  return [
    {
      type: 'RollbackRequested',
      to: state.rollbackTo,
      targets,
      down,
      ordinal: state.rollbacks + 1,
      ...(reason === undefined ? {} : { reason }),
    },
  ];
}

function notServing(state: RolloutState): number[] {
  const out: number[] = [];
  for (let target = 0; target < state.out.length; target += 1) if (state.out[target] === 1) out.push(target);
  return out;
}
