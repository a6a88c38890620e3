import { type RolloutEvent, type Stage, stageAt } from '@sluice/contracts';

import { budgetCause, canaryCause, gateCause } from '../budget.js';
import { counts, stageCounts, touchedTargets } from '../counts.js';
import { admitPending, admitRetries, admitted, followUps } from './admission.js';
import { enter } from './enter.js';
import { behindOf } from './presence.js';
import { countOf, isFrozen, phaseAt, planOf, type RolloutState } from '../state.js';
import { advanceRamp } from '../ramp/course.js';
import { wayBack } from '../traffic/back.js';
import { advanceShift } from '../traffic/course.js';

/**
 * The rollout's own course: the next thing that follows from the state and the time, or nothing. Called again after
 * each of its events until it stays quiet.
 */
export function advance(state: RolloutState, now: number): readonly RolloutEvent[] {
  if (state.status === 'settling') return settle(state);
  if (state.status === 'failed') return isFrozen(state) ? [] : afterAll(state, now);
  if (state.status !== 'running') return [];
  return state.retry.active ? goOnWithRetry(state, now) : goOn(state, now);
}

/** What is in a step ends, traffic that was moved is back everywhere, and a variable stands, before the rollout ends. */
function settle(state: RolloutState): readonly RolloutEvent[] {
  if (state.open.size > 0) return [];
  if (state.ramp !== undefined && state.stage.entered && !state.ramp.rests) return [];
  const back = state.end === undefined ? [] : wayBack(state, state.end);
  if (back.length > 0) return back;
  return state.traffic?.pending === true ? [] : settled(state);
}

/** What watches the stage brakes at any time; what is asked at its ends, when the retry is over. */
function goOnWithRetry(state: RolloutState, now: number): readonly RolloutEvent[] {
  const cause = state.stage.failedGate?.phase === 'during' ? gateCause(state) : undefined;
  if (cause !== undefined) return [{ type: 'RolloutBraked', cause }];
  return isFrozen(state) ? [] : admitRetries(state, now);
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
  if (isFrozen(state)) return [];
  if (state.ramp !== undefined) return advanceRamp(state, state.ramp, now) ?? finish(state);
  if (state.traffic !== undefined) return advanceShift(state, state.traffic, now) ?? finish(state);
  return followUps(state, now) ?? onStage(state, now);
}

function onStage(state: RolloutState, now: number): readonly RolloutEvent[] {
  const stage = stageAt(planOf(state), state.stage.index);
  // A canary that was done anew, or reported late, after its stage has passed: it goes before anything else.
  const late = stage?.hold !== true && countOf(state, 'verified') > 0;
  if (late || stage === undefined) {
    if (state.open.size > 0) return [];
    return late ? releaseHeld(state, now) : finish(state);
  }
  if (!state.stage.entered) return enter(state, stage, now);
  return admitPending(state, now) ?? (state.open.size > 0 ? [] : leave(state, stage, now));
}

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

export function finish(state: RolloutState): readonly RolloutEvent[] {
  const tally = counts(state);
  return tally.failed + tally.unknown === 0
    ? [{ type: 'RolloutSucceeded', counts: tally, ...behindOf(state) }]
    : [{ type: 'RolloutFailed', counts: tally, notServing: notServing(state), ...behindOf(state) }];
}

function settled(state: RolloutState): readonly RolloutEvent[] {
  const cause = state.end?.cause ?? 'cancelled';
  const cancelled: RolloutEvent = {
    type: 'RolloutCancelled',
    cause,
    counts: counts(state),
    notServing: notServing(state),
    ...behindOf(state),
  };
  // What moved traffic has moved it back already, and a variable goes back by itself: nothing is restored on hosts.
  const isOfHosts = state.traffic === undefined && state.ramp === undefined;
  const back = cause === 'rollback' && isOfHosts ? rollbackRequested(state, state.end?.reason) : [];
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
