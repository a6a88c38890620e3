import type { RolloutEvent } from '@sluice/contracts';

import type { Complain } from './complain.js';
import { isHeld } from './freezes.js';
import { hasArrived } from './ramps.js';
import { hasPassed, mayEnter } from './gates.js';
import { countTargets, type RolloutModel } from './rollout-model.js';
import { leaveShiftStage, startShiftWait } from './shifts.js';

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;

/** Batches are counted from 1, the canary is 0. */
const ordinalOf = ({ plan }: RolloutModel, stage: number): number => (plan.canaries > 0 ? stage : stage + 1);

const intervalOf = (model: RolloutModel, stage: number): number =>
  ordinalOf(model, stage) >= model.plan.waits.tailFrom ? model.tailIntervalMs : model.intervalMs;

/** A wait is as long as the plan says, or as somebody has said since (TAR-29). */
export function startWait(model: RolloutModel, event: Of<'WaitStarted'>, at: number, complain: Complain): void {
  const { wait: kind, stage, until } = event;
  if (stage !== model.stage) complain('I5', `a wait of stage ${stage} began while ${model.stage} was the current one`);
  const ms = kind === 'bake' ? model.plan.waits.bakeMs : intervalOf(model, stage);
  if (model.shift !== undefined) startShiftWait(model.shift, event, at, complain);
  else if (until - at !== ms)
    complain('TAR-29', `the ${kind} of stage ${stage} is ${until - at} ms, it should be ${ms}`);
  model.wait = { kind, stage, until };
}

/** Its turn, while the rollout runs, after its wait (TAR-29) or a person's word (TAR-28). */
export function enterStage(model: RolloutModel, { stage }: Of<'StageEntered'>, at: number, complain: Complain): void {
  if (stage !== model.stage) complain('I5', `stage ${stage} was entered while ${model.stage} was the current one`);
  if (model.status !== 'running') complain('I6', `stage ${stage} was entered while the rollout was ${model.status}`);
  if (isHeld(model)) complain('I6', `stage ${stage} was entered while the rollout was frozen`);
  if (ordinalOf(model, stage) > 1) hasWaited(model, stage, at, complain);
  mayEnter(model, complain);
  if (model.shift !== undefined) model.shift.enteredAt = at;
  model.entered = true;
  model.releases = 0;
  model.wait = undefined;
}

function hasWaited(model: RolloutModel, stage: number, at: number, complain: Complain): void {
  const { mode, wait, proceeded } = model;
  // A person's word is enough in either mode: it may have been given before the mode was changed.
  if (proceeded) return;
  if (mode === 'manual') complain('TAR-28', `stage ${stage} was entered in manual mode, and nobody said so`);
  else if (wait === undefined) {
    if (intervalOf(model, stage) > 0) complain('TAR-29', `stage ${stage} was entered without its interval`);
  } else if (at < wait.until)
    complain('TAR-29', `stage ${stage} was entered ${wait.until - at} ms before its interval was over`);
}

/** The stage is over: nothing of it is left in between (TAR-19), it has baked, and its gates passed. */
export function passStage(model: RolloutModel, { stage }: Of<'StagePassed'>, at: number, complain: Complain): void {
  if (stage !== model.stage) complain('I5', `stage ${stage} passed while ${model.stage} was the current one`);
  const mine = (places: readonly string[]): number =>
    countTargets(model, (target) => target.stage === stage && places.includes(target.where));
  const left = mine(['pending', 'open', 'held']);
  if (left > 0) complain('I5', `stage ${stage} passed with ${left} targets that had not settled`);
  hasBaked(model, stage, at, complain);
  const { shift } = model;
  if (shift !== undefined) leaveShiftStage(model, shift, at, complain);
  hasArrived(model, complain);
  const hasHosts = shift === undefined && model.ramp === undefined;
  if (shift?.retireOrdered !== true) hasPassed(model, !hasHosts || mine(['done', 'skipped']) > 0, complain);
  Object.assign(model, {
    stage: stage + 1,
    entered: false,
    wait: undefined,
    proceeded: false,
    round: 0,
    asked: undefined,
    gateFailed: false,
  });
  model.gatesPassed.clear();
}

function hasBaked(model: RolloutModel, stage: number, at: number, complain: Complain): void {
  const { plan, wait } = model;
  if (plan.canaries === 0 || stage !== 0 || plan.waits.bakeMs === 0) return;
  if (wait?.kind !== 'bake') complain('TAR-27', 'the canary passed without its bake');
  else if (at < wait.until) complain('TAR-27', `the canary passed ${wait.until - at} ms before its bake was over`);
}
