import type { RoleLimit, Side } from '@sluice/contracts';
import { invariant } from '@sluice/kernel';

import { isDue, setDue, dueUpTo } from './due-heap.js';
import { keyOf, phaseOf } from './hash.js';
import { limitOf, reachedAt } from './line.js';
import { noteChanges, roomFrom } from './pace.js';
import { membersOf, nameOf, NO_ROLE, type Roster, roleOf, sizeOf } from './roster.js';
import { type Before, emptyHeap, pop, push } from './slot-heap.js';
import type { RoleLine, VariableState } from './state.js';

export const limitFor = ({ spec }: VariableState, role: string): RoleLimit | undefined =>
  Object.hasOwn(spec.limits, role) ? spec.limits[role] : spec.limits['*'];

/** The line of a role, made when it is first asked for: all its hosts have `from` then. */
export function roleLine(variable: VariableState, roster: Roster, role: number): RoleLine {
  while (variable.roles.length <= role) {
    const name = roster.roles[variable.roles.length] ?? '';
    const phase = phaseOf(variable.spec.name, name);
    variable.roles.push({ n: 0, to: 0, pinned: 0, pinnedTo: 0, phase, pace: [], queue: undefined });
  }
  const line = variable.roles[role];
  invariant(line !== undefined, 'a role has no line', { role });
  return line;
}

/** How many hosts of the role, those that are pinned apart, may have `to`. */
export const capOf = (variable: VariableState, roster: Roster, role: number): number => {
  const line = roleLine(variable, roster, role);
  const limit = limitFor(variable, roster.roles[role] ?? '');
  return Math.max(0, limitOf(line.n + line.pinned, limit) - line.pinnedTo);
};

/** Whether a stands before b in the order of the variable: by hash, and by name where two hashes are the same. */
export function precedes(variable: VariableState, roster: Roster, a: number, b: number): boolean {
  const { high, low } = variable.order;
  const first = keyOf(high, roster.high[a] ?? 0) - keyOf(high, roster.high[b] ?? 0);
  if (first !== 0) return first < 0;
  const second = keyOf(low, roster.low[a] ?? 0) - keyOf(low, roster.low[b] ?? 0);
  return second === 0 ? nameOf(roster, a) < nameOf(roster, b) : second < 0;
}

const beforeIn = (variable: VariableState, roster: Roster): Before =>
  variable.direction > 0 ? (a, b) => precedes(variable, roster, a, b) : (a, b) => precedes(variable, roster, b, a);

/** May still flip in the direction of the ramp. */
const flips = (variable: VariableState, roster: Roster, role: number, slot: number): boolean =>
  roleOf(roster, slot) === role && !variable.pins.has(slot) && (variable.sides[slot] === 1) === variable.direction < 0;

function queueOf(variable: VariableState, roster: Roster, role: number, before: Before) {
  const line = roleLine(variable, roster, role);
  // Left-overs of hosts that came and went are thrown away with the heap now and then.
  if (line.queue !== undefined && line.queue.size <= 2 * sizeOf(roster, role) + 64) return line.queue;
  const queue = emptyHeap(sizeOf(roster, role));
  for (const slot of membersOf(roster, role)) if (flips(variable, roster, role, slot)) push(queue, slot, before);
  line.queue = queue;
  return queue;
}

/** The next `count` hosts of the role that flip, in order. Leaves the queue as good as it was. */
export function nextOf(variable: VariableState, roster: Roster, role: number, count: number): number[] {
  const before = beforeIn(variable, roster);
  const queue = queueOf(variable, roster, role, before);
  const picked: number[] = [];
  while (picked.length < count) {
    const slot = pop(queue, before);
    if (slot === undefined) break;
    if (slot !== picked.at(-1) && flips(variable, roster, role, slot)) picked.push(slot);
  }
  // They flip when the event is folded, which may never come.
  for (const slot of picked) push(queue, slot, before);
  return picked;
}

/** Counts a host in (1) or out (-1) of a role. */
export function countHost(
  variable: VariableState,
  roster: Roster,
  slot: number,
  { role, by }: { role: number; by: 1 | -1 },
): void {
  if (role === NO_ROLE) return;
  const line = roleLine(variable, roster, role);
  const pin = variable.pins.get(slot);
  if (pin === undefined) {
    line.n += by;
    if (variable.sides[slot] === 1) line.to += by;
    if (by > 0) enqueue(variable, roster, slot);
  } else {
    line.pinned += by;
    if (pin === variable.spec.to) line.pinnedTo += by;
  }
  variable.stale.add(role);
}

/** A host that may flip joins those that wait for their turn. */
function enqueue(variable: VariableState, roster: Roster, slot: number): void {
  const role = roleOf(roster, slot);
  const queue = variable.roles[role]?.queue;
  if (queue !== undefined && flips(variable, roster, role, slot)) push(queue, slot, beforeIn(variable, roster));
}

/** Gives a host a side; true when it is another than it had. */
export function setSide(variable: VariableState, roster: Roster, slot: number, side: Side): boolean {
  const bit = side === 'to' ? 1 : 0;
  if (slot >= variable.sides.length) growSides(variable, slot);
  if (variable.sides[slot] === bit) return false;
  variable.sides[slot] = bit;
  const role = roleOf(roster, slot);
  if (role === NO_ROLE || variable.pins.has(slot)) return role !== NO_ROLE;
  roleLine(variable, roster, role).to += bit === 1 ? 1 : -1;
  variable.stale.add(role);
  enqueue(variable, roster, slot);
  return true;
}

function growSides(variable: VariableState, slot: number): void {
  const sides = new Uint8Array(Math.max(variable.sides.length * 2, slot + 1));
  sides.set(variable.sides);
  variable.sides = sides;
}

/** Hosts of a role have changed: its window has less room. */
export function noteFlips(
  variable: VariableState,
  roster: Roster,
  role: number,
  change: { count: number; at: number },
): void {
  const limit = limitFor(variable, roster.roles[role] ?? '')?.pace;
  if (limit === undefined || role === NO_ROLE || change.count === 0) return;
  noteChanges(roleLine(variable, roster, role).pace, change.at, { count: change.count, limit });
  variable.stale.add(role);
}

/** Counts a role's hosts from nothing: after all of them were given something else at once. */
export function recount(variable: VariableState, roster: Roster): void {
  for (let role = 0; role < roster.roles.length; role += 1) {
    const line = roleLine(variable, roster, role);
    Object.assign(line, { n: sizeOf(roster, role), to: 0, pinned: 0, pinnedTo: 0 });
    for (const slot of membersOf(roster, role)) if (variable.sides[slot] === 1) line.to += 1;
  }
  for (const [slot, value] of variable.pins) {
    const line = variable.roles[roleOf(roster, slot)];
    if (line === undefined) continue;
    line.n -= 1;
    line.pinned += 1;
    if (variable.sides[slot] === 1) line.to -= 1;
    if (value === variable.spec.to) line.pinnedTo += 1;
  }
}

/** All that was worked out is to be worked out anew: another direction, other limits, another order. */
export function forgetDerived(variable: VariableState): void {
  for (let role = 0; role < variable.roles.length; role += 1) {
    const line = variable.roles[role];
    if (line !== undefined) line.queue = undefined;
    variable.stale.add(role);
  }
}

/** The progress at which the next host of the role flips; undefined when none does. */
function dueProgress(variable: VariableState, roster: Roster, role: number): number | undefined {
  const line = roleLine(variable, roster, role);
  const cap = capOf(variable, roster, role);
  if (variable.direction > 0) return line.to + 1 > cap ? undefined : reachedAt(variable.line, line, line.to + 1);
  if (line.to === 0) return undefined;
  if (line.to > cap) return 0;
  const reached = reachedAt(variable.line, line, line.to) ?? 0;
  return variable.line.durationMs - (reached - 1);
}

/** Brings what is due up to date with what happened; costs what happened. */
export function refresh(variable: VariableState, roster: Roster): void {
  for (const role of variable.stale) {
    const key = dueProgress(variable, roster, role);
    const free = roomFrom(roleLine(variable, roster, role).pace, limitFor(variable, roster.roles[role] ?? '')?.pace);
    const waits = key !== undefined && free > -Infinity;
    setDue(variable.due, role, waits ? undefined : key);
    setDue(variable.waiting, role, waits ? free : undefined);
  }
  variable.stale.clear();
}

/** Roles that waited for their window and need to no more. */
export function wake(variable: VariableState, roster: Roster, now: number): void {
  for (const role of dueUpTo(variable.waiting, now)) {
    setDue(variable.waiting, role, undefined);
    if (!isDue(variable.due, role)) setDue(variable.due, role, dueProgress(variable, roster, role));
  }
}
