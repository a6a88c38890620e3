import { stageAt } from '@sluice/contracts';

import { emptyRetry, phaseAt, planOf, type RolloutState } from '../state.js';
import { setLost, setPhase } from './targets.js';

export function orderRetry(state: RolloutState, redo: readonly number[], probe: readonly number[]): void {
  state.status = 'running';
  state.endedAt = 0;
  state.retry = {
    redo: redo.filter((target) => state.out[target] === 1).toReversed(),
    serving: redo.filter((target) => state.out[target] !== 1).toReversed(),
    probe: probe.toReversed(),
    skips: new Set(),
    active: true,
  };
  for (const target of redo) {
    state.failures.delete(target);
    state.tries.delete(target);
    setPhase(state, target, 'pending');
  }
}

/** A target of the current stage is done anew: the stage settles again, bakes again, and its gates are asked again. */
export function unsettle(state: RolloutState, targets: readonly number[]): void {
  const { stage, wait } = state;
  const span = stageAt(planOf(state), stage.index);
  if (!stage.settled || span === undefined) return;
  if (!targets.some((target) => target >= span.from && target < span.to)) return;
  stage.settled = false;
  stage.asked = false;
  stage.passed.clear();
  if (wait?.kind === 'bake') state.wait = undefined;
}

/** A retry is over when nothing of it waits and nothing is in a step. What was admitted or excluded drops out of its queues. */
export function closeRetry(state: RolloutState): void {
  const { retry } = state;
  if (!retry.active) return;
  popWhile(retry.redo, (target) => phaseAt(state, target) !== 'pending');
  popWhile(retry.serving, (target) => phaseAt(state, target) !== 'pending');
  popWhile(retry.probe, (target) => state.open.has(target) || phaseAt(state, target) === 'excluded');
  const waiting = retry.redo.length + retry.serving.length + retry.probe.length;
  if (waiting + state.open.size === 0) state.retry = emptyRetry();
}

/** What was to be done again and was not begun stays what it was: failed. */
export function dropRetry(state: RolloutState): void {
  const { redo, serving } = state.retry;
  for (const target of [...redo, ...serving]) {
    if (phaseAt(state, target) !== 'pending') continue;
    setPhase(state, target, 'failed');
    // One that was to be tried again was not lost until now.
    setLost(state, target, state.out[target] === 1);
  }
  state.retry = emptyRetry();
}

function popWhile(queue: number[], gone: (target: number) => boolean): void {
  for (let last = queue.at(-1); last !== undefined && gone(last); last = queue.at(-1)) queue.pop();
}
