import type { VariableEvent } from '@sluice/contracts';

import { type FleetModel, roleAt, slackAbove, slackOf, wentLately } from './fleet-model.js';
import { limitOf, mostOf, shareAt } from './line-model.js';
import type { Told } from './told.js';
import { activeAt, noteChanges, type RoleCounts, roleCounts, setSide, type VariableModel } from './variable-model.js';

type Assigned = Extract<VariableEvent, { readonly type: 'ValuesAssigned' }>;

/** Flips are gathered for a quarter of a second; with two owners, and freezes that are looked at, it is not much more. */
const MAX_COMMITS_A_SECOND = 25;
/** The roles of which all are looked at with each commit; of more roles, a part of the commits. */
const ROLES_AT_ONCE = 64;

/** The side that may grow in each phase; in all others nothing flips. */
const GROWS: Readonly<Partial<Record<VariableModel['phase'], Assigned['side']>>> = {
  ramping: 'to',
  finished: 'to',
  reversing: 'from',
  reversed: 'from',
};

/** I8: monotone while it ramps, of members alone, never pinned ones, and nobody behind a pause, a stop or a brake. */
export function assign(model: VariableModel, event: Assigned, told: Told): void {
  mayGrow(model, event, told);
  const flipped = new Map<number, number>();
  let last = -1;
  for (const host of event.hosts) {
    isFree(model, event, host, told);
    if (host <= last) told.complain('I8', `the hosts of a flip are out of order at ${host}`);
    last = host;
    const role = give(model, event, host, told);
    if (role >= 0) flipped.set(role, (flipped.get(role) ?? 0) + 1);
  }
  for (const role of flipped.keys()) isWithin(model, event, role, told);
  if (event.rule === 'join') return;
  for (const [role, count] of flipped) keepsPace(model, role, count, told);
  isGathered(model, told);
  nobodyIsLeft(model, told);
}

function mayGrow(model: VariableModel, { side, rule, hosts }: Assigned, { complain }: Told): void {
  const grows = GROWS[model.phase];
  // A newcomer gets its first value, whichever way the others go.
  if (grows === undefined || (rule === 'ramp' && grows !== side))
    complain('I8', `${hosts.length} hosts of ${model.name} got ${side} while it is ${model.phase}`);
  if (rule === 'join' && side !== 'to') complain('I8', 'a newcomer was told of what it has anyway');
  if (hosts.length === 0) complain('I8', `a flip of ${model.name} changed nobody`);
}

/** The role in which that changed a host; -1 when it did in none. */
function give(model: VariableModel, { side }: Assigned, host: number, { fleet }: Told): number {
  const role = roleAt(fleet, host);
  const by = side === 'to' ? 1 : -1;
  const isNews = (model.sides[host] === 1) !== by > 0;
  setSide(model, host, by > 0);
  if (role < 0 || !isNews) return -1;
  if (!model.pins.has(host)) roleCounts(model, role).to += by;
  return role;
}

function isFree(model: VariableModel, { side }: Assigned, host: number, { fleet, at, complain }: Told): void {
  const { name } = model;
  if (host >= fleet.hosts) complain('I8', `host ${host} of ${name} got ${side} and was never heard of`);
  else if (roleAt(fleet, host) < 0 && !wentLately(fleet, host, at))
    complain('I8', `host ${host} got ${side} and is away`);
  if (model.pins.has(host)) complain('I8', `host ${host} is pinned and got ${side}`);
  if ((model.sides[host] === 1) === (side === 'to')) complain('I8', `host ${host} has ${side} of ${name} already`);
}

/** TSU-07, TSU-09: no flip takes a role beyond its line or its limit. Who is pinned counts against the limit. */
function isWithin(model: VariableModel, { side }: Assigned, role: number, { fleet, at, complain }: Told): void {
  const { n, to, pinned, pinnedTo } = roleCounts(model, role);
  const name = fleet.roles[role] ?? '';
  const slack = side === 'to' ? slackAbove(fleet, role, at) : slackOf(fleet, role, at);
  const onLine = shareAt(model.spec.schedule, activeAt(model, at)) * n;
  const most = mostOf(n + pinned, limitOf(model.spec, name));
  if (side === 'to' && to + pinnedTo > Math.max(most, pinnedTo) + slack)
    complain('TSU-09', `${to} of ${n} ${name} have ${model.name}, ${pinnedTo} are pinned to it, the limit is ${most}`);
  // On the way back the limit may ask for more than the line.
  const ahead = side === 'to' ? to - onLine : Math.min(onLine, Math.max(0, most - pinnedTo)) - to;
  if (ahead >= 1 + slack)
    complain('TSU-07', `${to} of ${n} ${name} have ${model.name}, its line is at ${onLine.toFixed(3)}`);
}

/** TSU-13: in no window more of a role than its pace allows. */
function keepsPace(model: VariableModel, role: number, count: number, { fleet, at, complain }: Told): void {
  const name = fleet.roles[role] ?? '';
  const counts = roleCounts(model, role);
  noteChanges(model, name, counts, { at, count });
  const pace = limitOf(model.spec, name)?.pace;
  if (pace === undefined) return;
  const used = inWindow(counts, at - pace.windowMs);
  if (used > pace.changes && count > 0)
    complain(
      'TSU-13',
      `${used} of ${name} changed ${model.name} within ${pace.windowMs} ms, the pace is ${pace.changes}`,
    );
}

const inWindow = ({ changes = [] }: RoleCounts, from: number): number =>
  changes.reduce((sum, { at, count }) => (at > from ? sum + count : sum), 0);

/** A ramp costs what flips, in commits that are bounded. */
function isGathered({ burst, name }: VariableModel, { at, complain }: Told): void {
  const second = Math.floor(at / 1_000);
  if (burst.second === second) burst.count += 1;
  else Object.assign(burst, { second, count: 1 });
  if (burst.count === MAX_COMMITS_A_SECOND + 1)
    complain('TSU-03', `${name} flips in more than ${MAX_COMMITS_A_SECOND} commits a second`);
}

/** TSU-07: behind a flip no role is a whole host behind its line, unless its limit or its pace holds it. */
function nobodyIsLeft(model: VariableModel, { fleet, at, complain }: Told): void {
  const roles = fleet.roles.length;
  if (roles > ROLES_AT_ONCE && model.commits % Math.ceil(roles / ROLES_AT_ONCE) !== 0) return;
  const share = shareAt(model.spec.schedule, activeAt(model, at));
  for (let role = 0; role < roles; role += 1) {
    const behind = behindOf(model, fleet, role, share);
    if (behind >= 1 && behind >= 1 + slackOf(fleet, role, at))
      complain('TSU-07', `${fleet.roles[role]} is ${behind.toFixed(3)} hosts of ${model.name} behind its line`);
  }
}

/** How many hosts a role lacks on the way of the ramp; 0 where a pace holds it. */
export function behindOf(model: VariableModel, fleet: FleetModel, role: number, share: number): number {
  const { n, to, pinned, pinnedTo } = roleCounts(model, role);
  const limit = limitOf(model.spec, fleet.roles[role] ?? '');
  if (limit?.pace !== undefined) return 0;
  const most = Math.max(0, mostOf(n + pinned, limit) - pinnedTo);
  return model.direction * (Math.min(share * n, most) - to);
}
