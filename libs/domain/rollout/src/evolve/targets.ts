import type { PlanTarget, RolloutEvent, RunKind } from '@sluice/contracts';
import { invariant } from '@sluice/kernel';

import { PHASE_CODE, type Phase, phaseOfStep, stepsOfRun } from '../phases.js';
import { type OpenAttempt, phaseAt, planOf, type RolloutState } from '../state.js';

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;

/** Chunks come in order; one that starts earlier than what is there replaces the tail (a plan that was begun anew). */
export function addTargets(state: RolloutState, from: number, targets: readonly PlanTarget[]): void {
  invariant(from <= state.targets.length, 'a plan has a gap between its chunks', { from, have: state.targets.length });
  state.targets.length = from;
  for (const target of targets) state.targets.push(target);
}

/** Gives every target its place once the plan is sealed. */
export function sealTargets(state: RolloutState, count: number): void {
  invariant(state.targets.length === count, 'a sealed plan has another number of targets than it says', {
    count,
    have: state.targets.length,
  });
  state.phase = new Uint8Array(count);
  state.attempts = new Uint32Array(count);
  state.out = new Uint8Array(count);
  state.lost = new Uint8Array(count);
  state.phaseCounts.fill(0);
  state.phaseCounts[PHASE_CODE.pending] = count;
  state.targets.forEach((target, index) => {
    if (target.drained === true) setOut(state, index, true);
  });
}

export function admit(state: RolloutState, event: Of<'TargetsAdmitted'>, at: number): void {
  for (const target of event.targets) admitOne(state, { run: event.run, deadline: event.deadline }, target, at);
  dropFollowUps(state);
  advanceCursor(state);
}

function admitOne(
  state: RolloutState,
  admission: { readonly run: RunKind; readonly deadline: number },
  target: number,
  at: number,
): void {
  const { run, deadline } = admission;
  if ((state.attempts[target] ?? 0) === 0) state.touched += 1;
  const n = run === 'enable' ? (state.attempts[target] ?? 0) : (state.attempts[target] ?? 0) + 1;
  state.attempts[target] = n;
  state.unknown.delete(target);
  state.failures.delete(target);
  state.silent.delete(target);
  state.lostAt.delete(target);
  const { canaries, prefetch, lb } = planOf(state);
  const steps = stepsOfRun(run, { hold: target < canaries, prefetch, balanced: lb !== undefined });
  state.open.set(target, { run, n, steps, next: 0, admittedAt: at, deadline });
  setPhase(state, target, phaseOfStep(steps[0] ?? 'probe'));
  if (run === 'roll') {
    // A canary that is done anew is approved anew.
    if (target < planOf(state).canaries) state.approved.delete('canary');
    setOut(state, target, true);
    setLost(state, target, false);
  }
}

/** Admission follows the stage's order, so its place is the first target that is still pending. */
function advanceCursor(state: RolloutState): void {
  const { stage } = state;
  while (stage.cursor < stage.order.length && phaseAt(state, stage.order[stage.cursor] ?? -1) !== 'pending')
    stage.cursor += 1;
}

/** Done, whoever did it; what the balancer has taken out is remembered until it puts it back. */
export function stepDone(state: RolloutState, event: Of<'StepSucceeded'>): void {
  if (planOf(state).lb !== undefined && attemptOf(state, event.target)?.n === event.n) {
    if (event.step === 'drain') state.takenOut.add(event.target);
    if (event.step === 'enable') state.takenOut.delete(event.target);
  }
  stepSucceeded(state, event);
}

export function stepSucceeded(state: RolloutState, event: Pick<Of<'StepSucceeded'>, 'target' | 'n'>): void {
  const attempt = attemptOf(state, event.target);
  if (attempt === undefined || attempt.n !== event.n) return;
  attempt.next += 1;
  const next = attempt.steps[attempt.next];
  if (next !== undefined) {
    // Progress of an unknown one does not make it known: it may fall silent again, so only its end does.
    if (state.open.has(event.target)) setPhase(state, event.target, phaseOfStep(next));
    return;
  }
  closeAttempt(state, event.target);
  settle(state, event.target, attempt);
}

/** What a run that went through makes of its target. */
function settle(state: RolloutState, target: number, attempt: OpenAttempt): void {
  const held = attempt.run === 'roll' && target < planOf(state).canaries;
  state.failures.delete(target);
  setPhase(state, target, held ? 'verified' : attempt.run === 'probe' ? 'skipped' : 'done');
  setLost(state, target, false);
  if (held) holdAnew(state);
  else setOut(state, target, false);
}

/** An approval that was given before this canary could be looked at does not reach it. */
const holdAnew = (state: RolloutState): boolean => state.approved.delete('canary');

export function stepFailed(state: RolloutState, event: Of<'StepFailed'>): void {
  const attempt = attemptOf(state, event.target);
  if (attempt === undefined || attempt.n !== event.n) return;
  closeAttempt(state, event.target);
  if (event.again !== undefined) return tryAgain(state, event, event.again);
  const redo = attempt.run === 'probe' && state.retry.active && !state.retry.skips.has(event.target);
  setPhase(state, event.target, redo ? 'pending' : 'failed');
  setOut(state, event.target, !event.serving);
  setLost(state, event.target, !event.serving);
  if (redo) (event.serving ? state.retry.serving : state.retry.redo).push(event.target);
  else state.failures.set(event.target, { step: event.step, code: event.code, message: event.message });
}

/** Not lost yet: it is done again as soon as anything is admitted. */
function tryAgain(state: RolloutState, { target, serving }: Of<'StepFailed'>, again: number): void {
  setPhase(state, target, 'pending');
  setOut(state, target, !serving);
  setLost(state, target, false);
  state.tries.set(target, again);
  if (state.retry.active) (serving ? state.retry.serving : state.retry.redo).push(target);
  else state.again.push(target);
}

/** Its verify failed, and somebody answers for it. A canary goes on to its approval, all others to be enabled. */
export function waive(state: RolloutState, target: number): void {
  closeAttempt(state, target);
  state.failures.delete(target);
  setPhase(state, target, 'verified');
  setLost(state, target, false);
  setOut(state, target, true);
  if (target >= planOf(state).canaries) state.waived.push(target);
  else holdAnew(state);
}

/** What was admitted, excluded or given up no longer waits to be done again or enabled. */
export function dropFollowUps(state: RolloutState): void {
  if (state.again.length > 0) state.again = state.again.filter((target) => phaseAt(state, target) === 'pending');
  if (state.waived.length > 0) state.waived = state.waived.filter((target) => phaseAt(state, target) === 'verified');
}

/** A rollout that settles gives up what it would have tried again. */
export function giveUpFollowUps(state: RolloutState): void {
  for (const target of state.again) {
    setPhase(state, target, 'failed');
    setLost(state, target, state.out[target] === 1);
  }
  dropFollowUps(state);
}

/** It stays known by its attempt: when the agent is back, its report settles the target. */
export function targetUnknown(state: RolloutState, event: Of<'TargetUnknown'>, at: number): void {
  const attempt = state.open.get(event.target);
  if (attempt === undefined || attempt.n !== event.n) return;
  state.open.delete(event.target);
  state.unknown.set(event.target, attempt);
  state.lostAt.set(event.target, at + planOf(state).attemptDeadlineMs);
  setPhase(state, event.target, 'unknown');
  setOut(state, event.target, true);
  setLost(state, event.target, true);
  state.failures.set(event.target, {
    step: event.step,
    code: event.code,
    message: event.code === 'DEADLINE' ? 'no result by the deadline' : 'the agent cannot be reached',
  });
}

/** They get no commands any more, and are no members. */
export function excludeTargets(state: RolloutState, targets: readonly number[]): void {
  for (const target of targets) {
    closeAttempt(state, target);
    state.failures.delete(target);
    state.silent.delete(target);
    setPhase(state, target, 'excluded');
    setOut(state, target, false);
    setLost(state, target, false);
  }
  if (targets.length === 0) return;
  dropFollowUps(state);
  const { retry } = state;
  const probe = retry.probe.filter((target) => phaseAt(state, target) !== 'excluded');
  if (probe.length < retry.probe.length) retry.probe.splice(0, retry.probe.length, ...probe);
  advanceCursor(state);
}

/** At the end nothing is in between (I12): pending ones were never touched, held and unknown ones do not serve. */
export function endTargets(state: RolloutState): void {
  for (let target = 0; target < state.phase.length; target += 1) {
    const phase = phaseAt(state, target);
    if (phase === 'pending') setPhase(state, target, (state.attempts[target] ?? 0) === 0 ? 'untouched' : 'failed');
    if (phase === 'verified' || phase === 'unknown') {
      setPhase(state, target, 'failed');
      setLost(state, target, true);
    }
  }
  state.open.clear();
  state.unknown.clear();
  state.lostAt.clear();
}

export const attemptOf = (state: RolloutState, target: number): OpenAttempt | undefined =>
  state.open.get(target) ?? state.unknown.get(target);

function closeAttempt(state: RolloutState, target: number): void {
  state.open.delete(target);
  state.unknown.delete(target);
  state.lostAt.delete(target);
}

const SETTLED_BADLY: ReadonlySet<number> = new Set([PHASE_CODE.failed, PHASE_CODE.unknown]);

export function setPhase(state: RolloutState, target: number, phase: Phase): void {
  const [before, after] = [state.phase[target] ?? 0, PHASE_CODE[phase]];
  if (before === after) return;
  state.phaseCounts[before] = (state.phaseCounts[before] ?? 0) - 1;
  state.phaseCounts[after] = (state.phaseCounts[after] ?? 0) + 1;
  state.phase[target] = after;
  if (target < planOf(state).canaries)
    state.canariesFailed += Number(SETTLED_BADLY.has(after)) - Number(SETTLED_BADLY.has(before));
}

export function setOut(state: RolloutState, target: number, out: boolean): void {
  const value = out ? 1 : 0;
  state.outCount += value - (state.out[target] ?? 0);
  state.out[target] = value;
}

export function setLost(state: RolloutState, target: number, lost: boolean): void {
  const value = lost ? 1 : 0;
  state.lostCount += value - (state.lost[target] ?? 0);
  state.lost[target] = value;
}
