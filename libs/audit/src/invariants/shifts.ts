import type { EventMeta, RolloutEvent } from '@sluice/contracts';

import type { Complain } from './complain.js';
import { isHeld } from './freezes.js';
import type { RolloutModel } from './rollout-model.js';
import { notReady, shiftStageOf, type ShiftModel } from './shift-model.js';

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;

/** One event of a shift, with what is known around it. */
interface Look {
  readonly model: RolloutModel;
  readonly shift: ShiftModel;
  readonly at: number;
  readonly by: EventMeta['by'];
  readonly complain: Complain;
}

/** What only a shift of traffic has. False when the event is of another kind. */
export function applyShift(
  model: RolloutModel,
  event: RolloutEvent,
  seen: { readonly meta: EventMeta; readonly at: number },
  complain: Complain,
): boolean {
  if (!OF_SHIFTS.has(event.type)) return false;
  const { shift } = model;
  if (shift === undefined) complain('I9', `${event.type} of a rollout that shifts no traffic`);
  else apply({ model, shift, at: seen.at, by: seen.meta.by, complain }, event);
  return true;
}

const OF_SHIFTS: ReadonlySet<string> = new Set([
  'SideSeen',
  'SideScaleOrdered',
  'WeightSet',
  'WeightPublished',
  'SideRetireOrdered',
  'SideRetired',
]);

function apply(look: Look, event: RolloutEvent): void {
  const { shift } = look;
  switch (event.type) {
    case 'SideSeen':
      shift.sides.set(event.side, event.services);
      break;
    case 'SideScaleOrdered':
      orderScale(look, event);
      break;
    case 'WeightSet':
      setWeight(look, event);
      break;
    case 'WeightPublished':
      publish(look, event);
      break;
    case 'SideRetireOrdered':
      orderRetire(look, event);
      break;
    case 'SideRetired':
      if (!shift.retireOrdered) look.complain('STR-03', `side ${event.side} was retired without an order`);
      shift.retired = true;
      break;
    default:
  }
}

/** SWB-11: the plan's share of the old side, never less than there is. SWB-12: once, and never again. */
function orderScale({ model, shift, complain }: Look, { side, services }: Of<'SideScaleOrdered'>): void {
  const { oldSide, newSide, preScalePercent } = shift.plan;
  if (shift.ordered !== undefined) complain('SWB-12', `side ${side} was scaled a second time`);
  if (model.stage !== 0 || !model.entered) complain('SWB-12', `side ${side} was scaled at stage ${model.stage}`);
  if (model.status !== 'running' || isHeld(model)) complain('I6', `side ${side} was scaled while ${stateOf(model)}`);
  const asked = (of: string, name: string): number =>
    shift.sides.get(of)?.find(({ service }) => service === name)?.desired ?? 0;
  const wanted = shift.plan.services.map(({ name }) => {
    const share = Math.ceil((asked(oldSide, name) * preScalePercent) / 100);
    return `${name} ${Math.max(1, share, asked(newSide, name))}`;
  });
  const got = services.map(({ service, desired }) => `${service} ${desired}`);
  if (side !== newSide || got.join() !== wanted.join())
    complain('SWB-11', `${side} was scaled to ${got.join()}, it should be ${newSide} to ${wanted.join()}`);
  shift.ordered = services;
}

function setWeight(look: Look, { weights, why, stage }: Of<'WeightSet'>): void {
  const { model, shift, complain } = look;
  const weight = weights[shift.plan.newSide] ?? Number.NaN;
  addUp(look, weights);
  if (stage !== model.stage) complain('I5', `a weight of stage ${stage} was set at stage ${model.stage}`);
  if (shift.retireOrdered) complain('STR-02', `a weight was set though side ${shift.plan.oldSide} is being retired`);
  if (shift.why === 'back') complain('SWB-10', 'a weight was set behind the way back');
  if (why === 'stage') setByStage(look, weight);
  else setFor(look, why, weight);
  if (weight > Math.min(shift.weight, shift.inForce)) grows(look, weight, why);
  Object.assign(shift, { weight, why, pending: true });
}

function addUp({ shift, complain }: Look, weights: Of<'WeightSet'>['weights']): void {
  const [weight = Number.NaN, rest = Number.NaN] = [weights[shift.plan.newSide], weights[shift.plan.oldSide]];
  if (Object.keys(weights).length !== 2 || weight + rest !== 100 || weight < 0 || rest < 0)
    complain('I9', `the weights ${JSON.stringify(weights)} are not two that sum to 100`);
}

function setFor({ shift, by, complain }: Look, why: 'manual' | 'back', weight: number): void {
  if (why === 'back' && weight !== 0)
    complain('SWB-10', `the way back leaves ${weight} percent on side ${shift.plan.newSide}`);
  if (why === 'manual' && by.kind === 'service') complain('SWB-02', `${by.id} set ${weight} percent by hand`);
}

/** SWB-02: each stage raises the weight, to what the plan says of it. */
function setByStage({ model, shift, complain }: Look, weight: number): void {
  const stage = shiftStageOf(model);
  if (stage.kind !== 'weight' || stage.weight !== weight || !model.entered)
    complain('SWB-02', `stage ${model.stage} (${stage.kind} ${stage.weight}) set ${weight} percent`);
  if (weight <= shift.weight) complain('SWB-02', `a stage set ${weight} percent after ${shift.weight}`);
  if (weight <= shift.highest) complain('SWB-02', `the stages went from ${shift.highest} to ${weight} percent`);
  shift.highest = weight;
}

function grows({ model, shift, complain }: Look, weight: number, why: Of<'WeightSet'>['why']): void {
  const byHand = why === 'manual' && model.status === 'paused';
  if (isHeld(model) || (model.status !== 'running' && !byHand))
    complain('I6', `the weight grew to ${weight} percent while ${stateOf(model)}`);
  if (model.stage === 0) complain('SWB-11', `the new side has ${weight} percent and was never ready`);
  const { approveBefore } = shift.plan;
  if (approveBefore !== undefined && weight >= approveBefore && !model.approved.has('batches'))
    complain('I5', `${weight} percent were set without the approval for ${approveBefore}`);
}

const stateOf = (model: RolloutModel): string => (isHeld(model) ? `${model.status} and frozen` : model.status);

/** I9: what is in force is what was decided last, and its version grows. */
function publish({ shift, at, complain }: Look, { weights, version }: Of<'WeightPublished'>): void {
  const weight = weights[shift.plan.newSide] ?? Number.NaN;
  if (!shift.pending || weight !== shift.weight || (weights[shift.plan.oldSide] ?? Number.NaN) !== 100 - weight)
    complain('I9', `${JSON.stringify(weights)} was published, set last was ${shift.weight} for the new side`);
  if (version <= shift.version) complain('I9', `version ${version} was published after ${shift.version}`);
  Object.assign(shift, { inForce: weight, pending: false, publishedAt: at, version });
}

/** STR-03: all traffic is on the new side, for as long as what the old one began may last. */
function orderRetire({ model, shift, at, complain }: Look, { side }: Of<'SideRetireOrdered'>): void {
  const { oldSide, drainWindowMs } = shift.plan;
  if (side !== oldSide) complain('STR-03', `side ${side} is to be retired, the old one is ${oldSide}`);
  if (shift.inForce !== 100 || shift.pending || shift.publishedAt === undefined)
    complain('STR-03', `side ${side} is to be retired with ${shift.inForce} percent on the new one`);
  else if (at < shift.publishedAt + drainWindowMs)
    complain('STR-03', `side ${side} is to be retired ${shift.publishedAt + drainWindowMs - at} ms too early`);
  if (shiftStageOf(model).kind !== 'retire' || !model.entered)
    complain('I5', `side ${side} is to be retired at stage ${model.stage}`);
  if (model.status !== 'running' || isHeld(model)) complain('I6', `side ${side} was retired while ${stateOf(model)}`);
  shift.retireOrdered = true;
}

/** SWB-04, SWB-16: published, its dwell over, and every service there. What was superseded at its very end only ends. */
export function leaveShiftStage(model: RolloutModel, shift: ShiftModel, at: number, complain: Complain): void {
  if (shift.retireOrdered) return;
  const { kind } = shiftStageOf(model);
  if (model.status !== 'running' || isHeld(model))
    complain('I6', `stage ${model.stage} passed while ${stateOf(model)}`);
  if (!model.entered) complain('I5', `stage ${model.stage} passed and was not entered`);
  if (kind === 'retire') complain('STR-03', 'it ends and the old side was not retired');
  const short = notReady(shift, kind === 'preScale');
  if (short.length > 0) complain('SWB-04', `stage ${model.stage} passed with ${short.join('; ')}`);
  if (kind === 'weight') hasDwelt(model, shift, at, complain);
  shift.dwellUntil = undefined;
}

function hasDwelt(model: RolloutModel, shift: ShiftModel, at: number, complain: Complain): void {
  const { dwellUntil } = shift;
  if (shift.pending) complain('SWB-02', `stage ${model.stage} passed before its weight was in force`);
  if (dwellUntil === undefined) complain('SWB-02', `stage ${model.stage} passed without its dwell`);
  else if (at < dwellUntil)
    complain('SWB-02', `stage ${model.stage} passed ${dwellUntil - at} ms before its dwell was over`);
  if (shiftStageOf(model).weight === 100 && shift.inForce !== 100)
    complain('SWB-02', `the last weight passed with ${shift.inForce} percent`);
}

/** Traffic dwells from its publication, or from the stage's beginning where a person had given as much before. */
export function startShiftWait(
  shift: ShiftModel,
  { wait, until }: Of<'WaitStarted'>,
  at: number,
  complain: Complain,
): void {
  const { dwellMs, drainWindowMs, readyWithinMs } = shift.plan;
  const published = shift.publishedAt ?? 0;
  const wanted =
    wait === 'dwell'
      ? Math.max(published, shift.enteredAt) + dwellMs
      : wait === 'drain'
        ? published + drainWindowMs
        : at + readyWithinMs;
  if (until !== wanted) complain('SWB-02', `the ${wait} is ${until - wanted} ms longer than it should be`);
  if (wait === 'dwell') shift.dwellUntil = until;
}

/** STR-02: after the order to retire the old side nothing leads back. */
export function giveUpShift({ shift }: RolloutModel, complain: Complain): void {
  if (shift?.retireOrdered === true)
    complain('STR-02', `it was given up though side ${shift.plan.oldSide} is being retired`);
}

/** SWB-01: whatever ends it without success gives everything back, in the same commit. */
export function hasGivenBack({ shift, status }: RolloutModel, complain: Complain): void {
  if (status === 'settling' && shift !== undefined && shift.weight !== 0)
    complain('SWB-01', `it is given up with ${shift.weight} percent on the new side`);
}

/** SWB-01: at rest one side has everything. */
export function endShift({ shift }: RolloutModel, end: RolloutEvent['type'], complain: Complain): void {
  if (shift === undefined) return;
  const wanted = end === 'RolloutSucceeded' ? 100 : 0;
  if (shift.weight !== wanted || shift.inForce !== wanted || shift.pending)
    complain('SWB-01', `${end} with ${shift.weight} percent set and ${shift.inForce} in force on the new side`);
  if (wanted === 100 && !shift.retireOrdered) complain('STR-03', `${end} without an order to retire the old side`);
}
