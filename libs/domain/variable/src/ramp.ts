import type { RampPhase, RosterEvent, VariableEvent } from '@sluice/contracts';

import { dueUpTo, firstKey } from './due-heap.js';
import { phaseOf } from './hash.js';
import { fractionAt, limitOf, wantedOf } from './line.js';
import { capOf, limitFor, nextOf, precedes, refresh, roleLine, wake } from './lines.js';
import { roomAt } from './pace.js';
import { roleOf, type Roster } from './roster.js';
import { activeAt, type Fleet, onLine, type VariableState } from './state.js';

/** How many hosts of the role, those that are pinned apart, are to have `to` at `now`. */
export function wantedAt(variable: VariableState, roster: Roster, role: number, now: number): number {
  const { n, phase } = roleLine(variable, roster, role);
  const fraction = fractionAt(variable.line, activeAt(variable, now));
  return Math.min(wantedOf(fraction, n, phase), capOf(variable, roster, role));
}

/** How far the ramp is on its way, whichever way it goes. */
const progressAt = (variable: VariableState, now: number): number => {
  const active = activeAt(variable, now);
  return variable.direction > 0 ? active : variable.line.durationMs - active;
};

const isMoving = (phase: RampPhase): boolean => phase === 'ramping' || phase === 'reversing';

/** The hosts that change at `now`, and the end of the ramp. Costs what changes, not what there is. */
export function flipsAt(variable: VariableState, roster: Roster, now: number): readonly VariableEvent[] {
  if (!onLine(variable)) return [];
  refresh(variable, roster);
  wake(variable, roster, now);
  const progress = progressAt(variable, now);
  const hosts: number[] = [];
  let settled = firstKey(variable.waiting) === undefined;
  for (const role of dueUpTo(variable.due, progress)) {
    const owed = (wantedAt(variable, roster, role, now) - roleLine(variable, roster, role).to) * variable.direction;
    const room = roomAt(roleLine(variable, roster, role).pace, limitFor(variable, roster.roles[role] ?? '')?.pace, now);
    if (room < owed) settled = false;
    for (const slot of nextOf(variable, roster, role, Math.min(owed, room))) hosts.push(slot);
  }
  const flips = assigned(variable, hosts);
  const ends = isMoving(variable.phase) && progress >= variable.line.durationMs && settled;
  return ends ? [...flips, finished(variable, hosts.length)] : flips;
}

function assigned(variable: VariableState, hosts: readonly number[]): readonly VariableEvent[] {
  if (hosts.length === 0) return [];
  const side = variable.direction > 0 ? 'to' : 'from';
  return [{ type: 'ValuesAssigned', hosts: ascending(hosts), side, rule: 'ramp' }];
}

/** `flipped`: how many change with the same decision. */
function finished({ direction, roles }: VariableState, flipped: number): VariableEvent {
  const counts = { from: 0, to: direction * flipped, pinned: 0 };
  for (const { n, to, pinned } of roles) {
    counts.from += n;
    counts.to += to;
    counts.pinned += pinned;
  }
  counts.from -= counts.to;
  return { type: 'RampFinished', side: direction > 0 ? 'to' : 'from', counts };
}

const ascending = (slots: readonly number[]): readonly number[] => Array.from(Uint32Array.from(slots).sort());

/**
 * The first values of hosts that have just joined (and were folded): as many of a role get `to` as its line asks for
 * with them counted, the first in the order of the variable before the others. All others have `from` and no event says
 * so. Nobody else changes.
 */
export function firstValues(
  variable: VariableState,
  roster: Roster,
  joined: Extract<RosterEvent, { readonly type: 'HostsJoined' }>,
  now: number,
): readonly VariableEvent[] {
  const role = roster.roleIndex.get(joined.role);
  if (role === undefined || !onLine(variable)) return [];
  const lacking = wantedAt(variable, roster, role, now) - roleLine(variable, roster, role).to;
  if (lacking <= 0) return [];
  const slots: number[] = [];
  for (let slot = joined.from; slot < joined.from + joined.names.length; slot += 1)
    if (roleOf(roster, slot) === role && variable.sides[slot] !== 1 && !variable.pins.has(slot)) slots.push(slot);
  const first = slots.toSorted((a, b) => (precedes(variable, roster, a, b) ? -1 : 1)).slice(0, lacking);
  return first.length === 0 ? [] : [{ type: 'ValuesAssigned', hosts: ascending(first), side: 'to', rule: 'join' }];
}

/** The side that a host of `role` would get if it joined at `now`, for an answer before it is known (TSU-17). */
export function sideForNewcomer({ roster }: Fleet, variable: VariableState, role: string, now: number): 'from' | 'to' {
  if (!onLine(variable)) return 'from';
  const known = roster.roleIndex.get(role);
  const line = known === undefined ? undefined : variable.roles[known];
  const { n, to, pinned, pinnedTo, phase } = line ?? EMPTY(phaseOf(variable.spec.name, role));
  const cap = Math.max(0, limitOf(n + 1 + pinned, limitFor(variable, role)) - pinnedTo);
  const wanted = wantedOf(fractionAt(variable.line, activeAt(variable, now)), n + 1, phase);
  return Math.min(wanted, cap) > to ? 'to' : 'from';
}

const EMPTY = (phase: number) => ({ n: 0, to: 0, pinned: 0, pinnedTo: 0, phase });

/**
 * When a tick is next due, ms since the epoch; perhaps past. Nothing flips before, unless something else happens first.
 * Undefined while nothing is to come by itself: a timer that follows from the log, and is never only in memory.
 */
export function nextFlipAt(variable: VariableState, roster: Roster): number | undefined {
  if (!onLine(variable)) return undefined;
  refresh(variable, roster);
  const { since, line } = variable;
  const start = progressAt(variable, since ?? 0);
  const waiting = firstKey(variable.waiting) ?? Infinity;
  // While somebody waits for room the ramp does not end, however late it is.
  const end = isMoving(variable.phase) && waiting === Infinity ? line.durationMs : Infinity;
  const progress = Math.min(firstKey(variable.due) ?? Infinity, end);
  // Off its way nothing waits for time to pass: what is due was due before.
  const due = since === undefined ? (progress <= start ? 0 : Infinity) : since + Math.max(0, progress - start);
  const next = Math.min(due, waiting);
  return next === Infinity ? undefined : next;
}
