import type { RolloutEvent } from '@sluice/contracts';

import type { Complain } from './complain.js';
import { type RolloutModel, targetModel, type TargetModel } from './rollout-model.js';

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;

/** What happens to the membership, and to hosts that nobody has asked. False when the event is of another kind. */
export function applyMembers(model: RolloutModel, event: RolloutEvent, at: number, complain: Complain): boolean {
  switch (event.type) {
    case 'MembersAdded':
      model.arriving = [...model.arriving.slice(0, event.from - model.targets.length), ...event.targets];
      return true;
    case 'MembersSynced':
      sync(model, event, complain);
      return true;
    case 'MembersJoined':
      join(model, event, complain);
      return true;
    case 'TargetsSilent':
      for (const target of targetsOf(model, event, complain)) silence(target, at, complain);
      return true;
    case 'TargetsHeard':
      for (const target of targetsOf(model, event, complain)) hear(target, complain);
      return true;
    case 'TargetsLost':
      for (const target of targetsOf(model, event, complain)) lose(model, target, at, complain);
      return true;
    default:
      return false;
  }
}

function* targetsOf(
  model: RolloutModel,
  { type, targets }: { readonly type: string; readonly targets: readonly number[] },
  complain: Complain,
): Generator<TargetModel> {
  for (const index of targets) {
    const target = model.targets[index];
    if (target === undefined) complain('MOM-12', `${type} names target ${index}, which there is none of`);
    else yield target;
  }
}

/** TRS-13: whoever left is out of it, and new members come in batches of at most the plan's share. */
function sync(model: RolloutModel, event: Of<'MembersSynced'>, complain: Complain): void {
  const { gone, back, batches, problem } = event;
  for (const index of gone) leave(model, index, complain);
  for (const index of back) comeBack(model, index, complain);
  const { plan, arriving } = model;
  const coming = batches.reduce((sum, [size, times]) => sum + size * times, 0);
  if (coming !== (problem === undefined ? arriving.length : 0))
    complain('TRS-13', `${coming} new members are rolled of ${arriving.length} that were named`);
  const members = model.members - gone.length + back.length + coming;
  const most = Math.max(1, Math.floor(((members - plan.canaries) * plan.budget.percent) / 100));
  let next = 0;
  for (const size of batches.flatMap(([each, times]) => Array.from({ length: times }, () => each))) {
    if (size > most) complain('TRS-13', `a batch of ${size} new members is more than ${most}`);
    for (const target of arriving.slice(next, next + size))
      add(model, targetModel(target, model.stages, model.tally), complain);
    next += size;
    model.stages += 1;
  }
  model.arriving = [];
}

function leave(model: RolloutModel, index: number, complain: Complain): void {
  const target = model.targets[index];
  if (target === undefined || target.where === 'excluded') complain('TRS-13', `target ${index} cannot leave`);
  else Object.assign(target, { where: 'excluded', left: true, ...QUIET });
}

function comeBack(model: RolloutModel, index: number, complain: Complain): void {
  const target = model.targets[index];
  if (target?.left !== true) complain('TRS-13', `target ${index} is back but had not gone`);
  else Object.assign(target, { where: 'pending', left: false, returned: true });
}

const QUIET = { out: false, lost: false, ordered: undefined, silent: undefined, late: false } as const;

function add(model: RolloutModel, target: TargetModel, complain: Complain): void {
  if (model.targets.some(({ host }) => host === target.host)) complain('I2', `${target.host} is a target twice`);
  model.targets.push(target);
  model.joined.delete(target.host);
}

/** STR-08: each with a version, and none that the plan knows. */
function join(model: RolloutModel, { members }: Of<'MembersJoined'>, complain: Complain): void {
  for (const { host, running } of members) {
    if (model.targets.some((target) => target.host === host)) complain('STR-08', `${host} joined and is a target`);
    model.joined.set(host, running);
  }
}

function silence(target: TargetModel, at: number, complain: Complain): void {
  const { host, where, out } = target;
  if (out || (where !== 'pending' && where !== 'done' && where !== 'skipped' && where !== 'failed'))
    return complain('MOM-12', `${host} went silent while ${where}${out ? ' and out of service' : ''}`);
  Object.assign(target, { silent: where, out: true, lost: true });
  if (where === 'done' || where === 'skipped') Object.assign(target, { where: 'unknown', unknownSince: at });
}

function hear(target: TargetModel, complain: Complain): void {
  const { host, silent, where } = target;
  if (silent === undefined) return complain('MOM-12', `${host} was heard of again but had not been silent`);
  Object.assign(target, { silent: undefined, out: false, lost: false });
  if (where === 'unknown') target.where = silent;
}

/** Unknown for as long as an attempt may take, and not a moment less. */
function lose(model: RolloutModel, target: TargetModel, at: number, complain: Complain): void {
  const { host, where, unknownSince = at, silent } = target;
  if (where !== 'unknown') complain('MOM-12', `${host} was lost while ${where}`);
  if (at - unknownSince < model.plan.attemptDeadlineMs)
    complain('MOM-12', `${host} was given up after ${at - unknownSince} ms`);
  target.where = 'failed';
  target.late = silent === undefined;
}
