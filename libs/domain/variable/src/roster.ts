import type { RosterCheckpoint, RosterEvent } from '@sluice/contracts';
import { invariant, unreachable } from '@sluice/kernel';

import { hashName } from './hash.js';

/** Absent hosts are in no role. */
export const NO_ROLE = -1;

/**
 * Which hosts there are. A host's number (slot) is its place in `names`, for ever. Flat arrays: beside its name and the
 * index of names a host takes 16 bytes.
 */
export interface Roster {
  readonly names: string[];
  readonly slotOf: Map<string, number>;
  readonly roles: string[];
  readonly roleIndex: Map<string, number>;
  /** Hosts that are here, by role; in no order. */
  readonly members: number[][];
  present: number;
  /** By slot: index of its role or NO_ROLE, its place in `members`, and what is kept of its name. */
  role: Int16Array;
  place: Uint32Array;
  high: Uint32Array;
  low: Uint32Array;
}

const FIRST = 1_024;

export const initialRoster = (): Roster => ({
  names: [],
  slotOf: new Map(),
  roles: [],
  roleIndex: new Map(),
  members: [],
  present: 0,
  role: new Int16Array(FIRST).fill(NO_ROLE),
  place: new Uint32Array(FIRST),
  high: new Uint32Array(FIRST),
  low: new Uint32Array(FIRST),
});

/** What an event does to one host. */
export type Moved = (slot: number, from: number, to: number) => void;

export const roleOf = (roster: Roster, slot: number): number => roster.role[slot] ?? NO_ROLE;
export const nameOf = (roster: Roster, slot: number): string => roster.names[slot] ?? '';
export const membersOf = (roster: Roster, role: number): readonly number[] => roster.members[role] ?? [];
export const sizeOf = (roster: Roster, role: number): number => roster.members[role]?.length ?? 0;

/** Folds one event in place. `moved` is told of each host that is somewhere else now. */
export function evolveRoster(roster: Roster, event: RosterEvent, moved: Moved): void {
  switch (event.type) {
    case 'HostsJoined': {
      const role = roleNumber(roster, event.role);
      for (let i = 0; i < event.names.length; i += 1) enrol(roster, event.from + i, event.names[i] ?? '');
      for (let i = 0; i < event.names.length; i += 1) place(roster, event.from + i, role, moved);
      return;
    }
    case 'HostsReturned':
    case 'HostsMoved': {
      const role = roleNumber(roster, event.role);
      for (const slot of event.hosts) place(roster, slot, role, moved);
      return;
    }
    case 'HostsLeft':
      for (const slot of event.hosts) place(roster, slot, NO_ROLE, moved);
      return;
    case 'RosterCheckpointed':
      restoreRoster(roster, event, moved);
      return;
    default:
      unreachable(event, 'roster event');
  }
}

/** Says nothing new to whoever has folded what is before it. */
function restoreRoster(roster: Roster, { roles, from, names, places }: RosterCheckpoint, moved: Moved): void {
  for (const role of roles) roleNumber(roster, role);
  names.forEach((name, i) => {
    enrol(roster, from + i, name);
    place(roster, from + i, places[i] ?? NO_ROLE, moved);
  });
}

function roleNumber(roster: Roster, name: string): number {
  const known = roster.roleIndex.get(name);
  if (known !== undefined) return known;
  const role = roster.roles.length;
  roster.roles.push(name);
  roster.members.push([]);
  roster.roleIndex.set(name, role);
  return role;
}

function enrol(roster: Roster, slot: number, name: string): void {
  // Told twice: a host has its number already.
  if (slot < roster.names.length) return;
  invariant(slot === roster.names.length, 'a host joined under a number that is not the next one', { slot, name });
  if (slot >= roster.role.length) grow(roster);
  const { high, low } = hashName(name);
  roster.names.push(name);
  roster.slotOf.set(name, slot);
  roster.high[slot] = high;
  roster.low[slot] = low;
}

function grow(roster: Roster): void {
  const length = roster.role.length * 2;
  const role = new Int16Array(length).fill(NO_ROLE);
  role.set(roster.role);
  roster.role = role;
  for (const column of ['place', 'high', 'low'] as const) {
    const more = new Uint32Array(length);
    more.set(roster[column]);
    roster[column] = more;
  }
}

function place(roster: Roster, slot: number, to: number, moved: Moved): void {
  const from = roleOf(roster, slot);
  if (from === to || slot >= roster.names.length) return;
  if (from !== NO_ROLE) leave(roster, slot, from);
  if (to !== NO_ROLE) {
    const members = roster.members[to] ?? [];
    roster.place[slot] = members.length;
    members.push(slot);
  }
  roster.role[slot] = to;
  roster.present += (to === NO_ROLE ? 0 : 1) - (from === NO_ROLE ? 0 : 1);
  moved(slot, from, to);
}

/** The last member takes the place of the one that goes. */
function leave(roster: Roster, slot: number, role: number): void {
  const members = roster.members[role] ?? [];
  const last = members.pop();
  if (last === undefined || last === slot) return;
  const at = roster.place[slot] ?? 0;
  members[at] = last;
  roster.place[last] = at;
}
