import type { RolloutEvent } from '@sluice/contracts';

import type { Complain } from './complain.js';
import { isTurned } from './ramps.js';
import { countTargets, isCanary, numbersOf, type RolloutModel } from './rollout-model.js';
import { notReady, type ShiftModel } from './shift-model.js';

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;

/** Lost - written off has reached min(A, T), and targets are left. */
function overBudget(model: RolloutModel): boolean {
  const left = countTargets(model, ({ where }) => where === 'pending' || where === 'held');
  if (model.plan.budget.advisory || left === 0) return false;
  const { A, T, lost, writtenOff } = numbersOf(model);
  return lost - writtenOff >= Math.min(A, T);
}

/** A canary failed, and nobody has taken that on since. */
function canaryFailed(model: RolloutModel): boolean {
  const { budget } = model.plan;
  const failed = countTargets(
    model,
    (target) => isCanary(model, target) && ['failed', 'unknown'].includes(target.where),
  );
  return !budget.advisory && failed > model.extraFailures - budget.extraFailures;
}

/** TAR-32: the brake falls at the settlement that calls for it, in the same commit. */
export function hasBraked(model: RolloutModel, complain: Complain): void {
  if (model.status !== 'running' || model.retrying) return;
  const { A, T, lost, writtenOff } = numbersOf(model);
  if (overBudget(model)) complain('TAR-32', `no brake at lost ${lost}, written off ${writtenOff}, A ${A}, T ${T}`);
  if (canaryFailed(model)) complain('TAR-32', 'no brake though the canary failed');
  if (model.gateFailed) complain('TAR-32', 'no brake though a gate failed');
}

/** And it falls for no other reason than the one that it names. */
export function brake(model: RolloutModel, { cause }: Of<'RolloutBraked'>, at: number, complain: Complain): void {
  const { A, T, lost, writtenOff, unavailable, serving } = numbersOf(model);
  const { minServing } = model.plan.budget;
  const room = unavailable + 1 <= A && (minServing === 0 || serving - 1 >= minServing);
  const holds = {
    budget: overBudget(model),
    canary: canaryFailed(model),
    gate: model.gateFailed,
    capacity: model.shift === undefined ? !room && !hasOpen(model) : isLate(model, model.shift, at),
    log: true,
    ramp: isTurned(model, cause),
    dependency: model.plan.lb?.mode === 'required' || model.shift !== undefined,
  }[cause.kind];
  if (!holds)
    complain(
      'TAR-32',
      `it braked for ${cause.kind} at lost ${lost}, written off ${writtenOff}, A ${A}, T ${T}: "${cause.words}"`,
    );
  if (cause.kind === 'log' && model.shift !== undefined) model.shift.doubtful = true;
  model.brake = cause.kind;
  model.status = 'braked';
}

const hasOpen = (model: RolloutModel): boolean => countTargets(model, ({ where }) => where === 'open') > 0;

/** The side has had its time, and something of it is not there. */
const isLate = ({ wait, stage }: RolloutModel, shift: ShiftModel, at: number): boolean =>
  wait?.kind === 'capacity' && at >= wait.until && notReady(shift, stage === 0).length > 0;

/** Released by a retry at any time, otherwise only when what brakes does so no longer. */
export function release(model: RolloutModel, { by }: Of<'BrakeReleased'>, complain: Complain): void {
  const stillBrakes = overBudget(model) || canaryFailed(model);
  const mustBeFree = by !== 'retry' && (model.brake === 'budget' || model.brake === 'canary' || by !== 'resume');
  if (mustBeFree && stillBrakes) complain('TAR-32', `the brake was released by ${by} although it would fall again`);
  if (model.brake === 'gate') {
    model.gateFailed = false;
    model.releases += 1;
  }
  if (model.wait?.kind === 'capacity') model.wait = undefined;
  model.brake = undefined;
  model.status = 'running';
}
