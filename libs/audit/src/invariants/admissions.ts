import type { RolloutEvent } from '@sluice/contracts';

import type { Complain } from './complain.js';
import { isHeld } from './freezes.js';
import { chainOf, isCanary, numbersOf, type Numbers, type RolloutModel, type TargetModel } from './rollout-model.js';

type Admitted = Extract<RolloutEvent, { readonly type: 'TargetsAdmitted' }>;

/** Everything that must hold when targets are admitted (I1, I2, I4-I7), then the admission itself. */
export function admit(model: RolloutModel, event: Admitted, complain: Complain): void {
  if (model.status !== 'running')
    complain('I6', `targets ${event.targets.join()} were admitted while the rollout was ${model.status}`);
  if (isHeld(model)) complain('I6', `targets ${event.targets.join()} were admitted while the rollout was frozen`);
  let numbers = event.run === 'roll' ? numbersOf(model) : undefined;
  for (const index of event.targets) {
    const target = model.targets[index];
    if (target === undefined) {
      complain('I2', `target ${index} is not in the plan`);
      continue;
    }
    mayRun(model, event, target, complain);
    if (numbers !== undefined) numbers = fitsBudget(model, numbers, target, complain);
    open(model, event, target);
  }
}

function mayRun(model: RolloutModel, { run }: Admitted, target: TargetModel, complain: Complain): void {
  const { host, where } = target;
  if (where === 'open') complain('I2', `${host} was admitted (${run}) while attempt ${target.n} was open`);
  if (where === 'excluded') complain('I7', `${host} is excluded and was admitted (${run})`);
  if (run === 'enable') {
    mayEnable(model, target, complain);
  } else if (run === 'probe') {
    if (target.ordered === undefined) complain('I6', `${host} was probed, but nobody ordered it`);
  } else mayRoll(model, target, complain);
}

/** A canary by its approval; another target only when somebody answered for its failed verify. */
function mayEnable(model: RolloutModel, target: TargetModel, complain: Complain): void {
  const { host, where, waived } = target;
  if (where !== 'held') complain('I4', `${host} was enabled while ${where}, not held`);
  const canary = isCanary(model, target);
  if (canary && !model.approved.has('canary')) complain('I4', `${host} was enabled without an approval of the canary`);
  if (!canary && !waived) complain('I4', `${host} was enabled by itself, though nobody waived its verify`);
}

function mayRoll(model: RolloutModel, target: TargetModel, complain: Complain): void {
  const { host, where, stage, ordered } = target;
  if (ordered === 'redo' || ordered === 'again') return;
  if (where !== 'pending') complain('I2', `${host} was admitted while ${where}, and no retry was ordered`);
  if (stage !== model.stage || !model.entered)
    complain(
      'I5',
      `${host} of stage ${stage} was admitted while stage ${model.stage} was ${model.entered ? 'under way' : 'not entered'}`,
    );
  if (model.plan.canaries > 0 && stage > 0 && !model.approved.has('batches'))
    complain('I5', `${host} of stage ${stage} was admitted without an approval of the batches`);
}

/** I1, and that nothing pending starts once the brake has to fall (TAR-32). */
function fitsBudget(model: RolloutModel, numbers: Numbers, target: TargetModel, complain: Complain): Numbers {
  const { A, T, lost, writtenOff, unavailable, serving, out } = numbers;
  const { advisory, minServing } = model.plan.budget;
  if (
    !advisory &&
    !(target.ordered === 'redo' || (target.ordered === 'again' && model.retrying)) &&
    lost - writtenOff >= Math.min(A, T)
  ) {
    complain(
      'I1',
      `${target.host} was admitted although lost ${lost} - written off ${writtenOff} >= min(A ${A}, T ${T})`,
    );
  }
  if (target.out) return { ...numbers, ...afterLost(numbers, target, model) };
  if (unavailable + 1 > A)
    complain('I1', `${target.host} was admitted although unavailable ${unavailable} + 1 > A ${A}`);
  if (minServing > 0 && serving - 1 < minServing)
    complain('I1', `${target.host} was admitted although serving ${serving} - 1 < minServing ${minServing}`);
  return { ...numbers, out: out + 1, unavailable: unavailable + 1, serving: serving - 1 };
}

/** A lost target that is begun again is in a step and no longer lost. */
function afterLost({ lost, out }: Numbers, target: TargetModel, model: RolloutModel): Partial<Numbers> {
  if (!target.lost) return {};
  const writtenOff = model.plan.budget.advisory ? lost - 1 : Math.min(lost - 1, model.extraFailures);
  return { lost: lost - 1, writtenOff, unavailable: out - writtenOff };
}

function open(model: RolloutModel, { run }: Admitted, target: TargetModel): void {
  target.n += run === 'enable' ? 0 : 1;
  target.run = run;
  target.chain = chainOf(run, isCanary(model, target), model.plan);
  target.next = 0;
  target.where = 'open';
  target.silent = undefined;
  target.late = false;
  target.returned = false;
  if (run === 'probe') target.ordered = target.ordered === 'skip' ? 'skipping' : 'probing';
  if (run !== 'roll') return;
  target.out = true;
  target.lost = false;
  target.waived = false;
  target.ordered = undefined;
  if (isCanary(model, target)) model.approved.delete('canary');
}
