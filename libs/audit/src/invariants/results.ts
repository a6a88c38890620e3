import type { EventMeta, RolloutEvent, TargetCounts } from '@sluice/contracts';

import type { Complain } from './complain.js';
import { countTargets, isCanary, type RolloutModel, type TargetModel } from './rollout-model.js';

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;

/** I3: a result is of the target's attempt, and of the next step of its chain. */
function attemptFor(
  model: RolloutModel,
  event: Of<'StepSucceeded' | 'StepFailed' | 'TargetUnknown' | 'DrainSkipped'>,
  complain: Complain,
): TargetModel | undefined {
  const target = model.targets[event.target];
  if (target === undefined) {
    complain('I3', `target ${event.target} is not in the plan`);
    return undefined;
  }
  const { host, where, n, chain, next } = target;
  if (where !== 'open' && where !== 'unknown' && !target.late)
    complain('I3', `${event.type} of ${host}, which is ${where}`);
  if (event.n !== n) complain('I3', `${event.type} of ${host} for attempt ${event.n}, the last is ${n}`);
  if (event.step !== chain[next])
    complain(
      'I3',
      `${event.type} of ${host} for ${event.step}, but ${chain[next] ?? 'nothing'} was next in ${chain.join()}`,
    );
  return target;
}

export function succeed(model: RolloutModel, event: Of<'StepSucceeded' | 'DrainSkipped'>, complain: Complain): void {
  const target = attemptFor(model, event, complain);
  if (target === undefined) return;
  target.next += 1;
  if (target.next < target.chain.length) return;
  target.late = false;
  const held = target.run === 'roll' && target.chain.length === 4;
  target.where = held ? 'held' : target.run === 'probe' ? 'skipped' : 'done';
  target.lost = false;
  target.out = held;
  target.ordered = undefined;
}

/** TAR-41: only where the plan allows it, and never a host that the balancer has taken out. */
export function skipDrain(model: RolloutModel, event: Of<'DrainSkipped'>, complain: Complain): void {
  const { lb } = model.plan;
  if (lb?.mode !== 'degrade' || lb.balancer !== event.dependency)
    complain('TAR-41', `${event.step} of target ${event.target} went on without ${event.dependency}: ${event.words}`);
  succeed(model, event, complain);
}

export function fail(model: RolloutModel, event: Of<'StepFailed'>, complain: Complain): void {
  const target = attemptFor(model, event, complain);
  if (target === undefined) return;
  target.failedAt = event.step;
  target.late = false;
  if (event.again !== undefined && event.code !== 'DEPENDENCY_DOWN') return tryAgain(model, target, event, complain);
  if (event.again !== undefined) return waitFor(model, target, event);
  if (triesLeft(model, target, event))
    complain('TRS-17', `${target.host} was given up with tries left for ${event.step}`);
  const again = target.run === 'probe' && target.ordered === 'probing';
  target.where = again ? 'pending' : 'failed';
  target.ordered = again ? 'redo' : undefined;
  target.out = !event.serving;
  target.lost = !event.serving;
}

/** The executor says so itself, of a run that was refused or never begun: nothing that the plan would try again. */
const OF_THE_EXECUTOR: ReadonlySet<string> = new Set([
  'NEVER_STARTED',
  'FENCED',
  'SPEC_CHANGED',
  'BAD_RUN',
  'WRONG_HOST',
]);

export const isOfTheExecutor = ({ code }: Of<'StepFailed'>): boolean => OF_THE_EXECUTOR.has(code);

function triesLeft(model: RolloutModel, { run, where, tries }: TargetModel, event: Of<'StepFailed'>): boolean {
  if (run !== 'roll' || where === 'unknown' || model.status === 'settling' || isOfTheExecutor(event)) return false;
  return tries < (model.plan.stepRetries?.[event.step] ?? 0);
}

/** The balancer did not answer: it is done again when somebody releases the brake, and no try is used up. */
function waitFor(model: RolloutModel, target: TargetModel, event: Of<'StepFailed'>): void {
  target.where = 'pending';
  target.ordered = model.retrying ? 'redo' : 'again';
  target.out = !event.serving;
  target.lost = false;
}

/** The plan tries it again: it is out, but not lost yet. */
function tryAgain(model: RolloutModel, target: TargetModel, event: Of<'StepFailed'>, complain: Complain): void {
  const { host, tries } = target;
  if (!triesLeft(model, target, event))
    complain('TRS-17', `${host} is tried again after ${tries} tries of ${event.step}`);
  if (event.again !== tries + 1) complain('TRS-17', `${host} is tried again as number ${event.again} after ${tries}`);
  target.tries = event.again ?? 0;
  target.where = 'pending';
  target.ordered = model.retrying ? 'redo' : 'again';
  target.out = !event.serving;
  target.lost = false;
}

/** Who answers for a failed verify by the plan itself. */
function waiverOf({ plan: { onVerifyFailure, requestedBy } }: RolloutModel): string | undefined {
  return onVerifyFailure?.then === 'waive' ? (onVerifyFailure.waivedBy ?? requestedBy.id) : undefined;
}

/** A verify that failed is answered for, by the plan or by whoever gave the command, in the own name (TRS-17). */
export function waive(model: RolloutModel, event: Of<'VerifyWaived'>, { by }: EventMeta, complain: Complain): void {
  const target = model.targets[event.target];
  if (target === undefined) return complain('TRS-17', `target ${event.target} is not in the plan`);
  const { host, where, failedAt } = target;
  if (where !== 'failed' || failedAt !== 'verify')
    complain('TRS-17', `the verify of ${host} was waived, but it is ${where} at ${failedAt ?? 'nothing'}`);
  if (event.by !== by.id && event.by !== waiverOf(model))
    complain('TRS-17', `${by.id} waived the verify of ${host} in the name of ${event.by}`);
  target.where = 'held';
  target.waived = !isCanary(model, target);
  target.out = true;
  target.lost = false;
  target.ordered = undefined;
  if (model.status === 'failed') model.status = 'running';
}

export function lose(model: RolloutModel, event: Of<'TargetUnknown'>, at: number, complain: Complain): void {
  const target = attemptFor(model, event, complain);
  if (target === undefined) return;
  target.where = 'unknown';
  target.unknownSince = at;
  target.out = true;
  target.lost = true;
  target.failedAt = event.step;
}

export function exclude(model: RolloutModel, { target: index }: Of<'TargetExcluded'>): void {
  const target = model.targets[index];
  if (target === undefined) return;
  target.where = 'excluded';
  target.left = false;
  target.out = false;
  target.lost = false;
  target.silent = undefined;
  target.late = false;
  target.ordered = undefined;
}

export function order(model: RolloutModel, { redo, probe }: Of<'RetryOrdered'>, complain: Complain): void {
  model.retrying = true;
  for (const index of redo) {
    const target = model.targets[index];
    if (target !== undefined && !mayRedo(target))
      complain('I2', `target ${index} is to be done again but is ${target.where}`);
    if (target === undefined) continue;
    target.where = 'pending';
    target.ordered = 'redo';
    target.tries = 0;
  }
  for (const index of probe) {
    const target = model.targets[index];
    if (target !== undefined) target.ordered = 'probe';
  }
}

/** Failed, left over from an order that braked, or back in the group. */
const mayRedo = ({ where, n, returned }: TargetModel): boolean =>
  where === 'failed' || (where === 'pending' && (n > 0 || returned));

/** What was ordered is over when nothing of it waits and nothing is in a step. */
export function closeOrder(model: RolloutModel): void {
  if (!model.retrying || countTargets(model, ({ where, ordered }) => where === 'open' || waits(ordered)) > 0) return;
  forgetOrder(model);
}

/** What the plan tries again is no part of an order: it waits on. */
function forgetOrder(model: RolloutModel): void {
  for (const target of model.targets) if (target.ordered !== 'again') target.ordered = undefined;
  model.retrying = false;
}

/** A rollout that settles begins nothing again: what is out of service by then is lost. */
export function giveUp(model: RolloutModel): void {
  for (const target of model.targets) {
    if (target.where === 'pending' && target.n > 0) target.lost = target.out;
    target.ordered = undefined;
  }
  model.retrying = false;
}

const waits = (ordered: TargetModel['ordered']): boolean => ['redo', 'probe', 'skip'].includes(ordered ?? '');

/** I12: at the end no target is in between, the counts are right, and every host that does not serve is named. */
export function end(
  model: RolloutModel,
  event: Of<'RolloutSucceeded' | 'RolloutFailed' | 'RolloutCancelled'>,
  complain: Complain,
): void {
  const open = countTargets(model, ({ where }) => where === 'open');
  if (open > 0) complain('I12', `${event.type} with ${open} targets in a step`);
  const counted = countsOf(model);
  for (const [key, value] of Object.entries(event.counts)) {
    if (value !== counted[key as keyof TargetCounts])
      complain('I12', `${event.type} says ${key} ${value}, counted ${counted[key as keyof TargetCounts]}`);
  }
  lists(model, event, complain);
  const out = model.targets.flatMap((target, index) => (target.out ? [index] : []));
  const listed = event.type === 'RolloutSucceeded' ? [] : event.notServing;
  if (out.join() !== listed.join())
    complain('I12', `${event.type} lists ${listed.join()} as not serving, but it is ${out.join()}`);
}

/** STR-08: who joined meanwhile and runs another version. */
function lists(
  model: RolloutModel,
  event: Of<'RolloutSucceeded' | 'RolloutFailed' | 'RolloutCancelled'>,
  complain: Complain,
): void {
  const behind = [...model.joined].filter(([, running]) => running !== model.plan.version).map(([host]) => host);
  const told = event.behind?.members.map(({ host }) => host) ?? [];
  if ((event.behind?.count ?? 0) !== behind.length || told.join() !== behind.slice(0, 100).join())
    complain('STR-08', `${event.type} lists ${told.join()} as behind, it is ${behind.join()}`);
}

function countsOf(model: RolloutModel): TargetCounts {
  const at = (...places: readonly TargetModel['where'][]): number =>
    countTargets(model, ({ where }) => places.includes(where));
  // Ordered to be done again, and never begun: it stays what it was.
  const begun = countTargets(model, ({ where, n }) => where === 'pending' && n > 0);
  return {
    done: at('done'),
    skipped: at('skipped'),
    failed: at('failed', 'held') + begun,
    unknown: at('unknown'),
    excluded: at('excluded'),
    untouched: at('pending') - begun,
  };
}
