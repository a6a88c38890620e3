import { encodeToken, MAX_FLEET_HOSTS, MAX_FLEET_ROLES, type RosterEvent } from '@sluice/contracts';
import { SluiceError, unreachable } from '@sluice/kernel';

import { NO_ROLE, type Roster, roleOf } from './roster.js';

export type RosterInput =
  /** Hosts that were heard of, with their roles: new ones, some that are back, some of another role now. */
  | { readonly type: 'join'; readonly hosts: readonly { readonly host: string; readonly role: string }[] }
  | { readonly type: 'leave'; readonly hosts: readonly string[]; readonly reason?: string };

/** Of an event's names: two of them, full of names of 200 bytes, are far from the 512 KiB of a commit. */
const MAX_NAMES = 1_000;

/**
 * What follows for the roster. What is so already is quiet, so a message that comes twice is told once.
 * Codes: BAD_NAME (a host or role of no or over 200 bytes), FLEET_FULL.
 */
export function decideRoster(roster: Roster, input: RosterInput): readonly RosterEvent[] {
  switch (input.type) {
    case 'join':
      return joined(roster, input.hosts);
    case 'leave': {
      const slots = input.hosts.map((host) => roster.slotOf.get(host) ?? -1);
      const hosts = ascending(slots.filter((slot) => slot >= 0 && roleOf(roster, slot) !== NO_ROLE));
      if (hosts.length === 0) return [];
      return [{ type: 'HostsLeft', hosts, ...(input.reason === undefined ? {} : { reason: input.reason }) }];
    }
    default:
      return unreachable(input, 'roster input');
  }
}

const ascending = (slots: readonly number[]): number[] => [...new Set(slots)].toSorted((a, b) => a - b);

type Groups<T> = Map<string, T[]>;

function addTo<T>(groups: Groups<T>, role: string, item: T): void {
  const group = groups.get(role);
  if (group === undefined) groups.set(role, [item]);
  else group.push(item);
}

function joined(
  roster: Roster,
  hosts: Extract<RosterInput, { readonly type: 'join' }>['hosts'],
): readonly RosterEvent[] {
  const fresh: Groups<string> = new Map();
  const back: Groups<number> = new Map();
  const elsewhere: Groups<number> = new Map();
  // Told twice in one message: the last word counts.
  for (const [host, role] of new Map(hosts.map((entry) => [entry.host, entry.role]))) {
    const slot = roster.slotOf.get(host);
    if (slot === undefined) addTo(fresh, role, host);
    else if (roleOf(roster, slot) === NO_ROLE) addTo(back, role, slot);
    else if (roster.roles[roleOf(roster, slot)] !== role) addTo(elsewhere, role, slot);
  }
  checkRoom(roster, fresh, [back, elsewhere]);
  return [
    ...enrolled(roster.names.length, fresh),
    ...Array.from(back, ([role, slots]) => ({ type: 'HostsReturned', role, hosts: ascending(slots) }) as const),
    ...Array.from(elsewhere, ([role, slots]) => ({ type: 'HostsMoved', role, hosts: ascending(slots) }) as const),
  ];
}

function checkRoom(roster: Roster, fresh: Groups<string>, known: readonly Groups<number>[]): void {
  let hosts = roster.names.length;
  for (const names of fresh.values()) {
    hosts += names.length;
    for (const name of names) encodeToken(name);
  }
  const roles = new Set([...fresh.keys(), ...known.flatMap((groups) => [...groups.keys()])]);
  for (const role of roles) encodeToken(role);
  const added = [...roles].filter((role) => !roster.roleIndex.has(role)).length;
  if (hosts > MAX_FLEET_HOSTS || roster.roles.length + added > MAX_FLEET_ROLES)
    throw new SluiceError(
      'FLEET_FULL',
      `a fleet has at most ${MAX_FLEET_HOSTS} hosts, those that left included, and ${MAX_FLEET_ROLES} roles: begin another fleet`,
      { hosts, roles: roster.roles.length + added },
    );
}

function* enrolled(next: number, fresh: Groups<string>): Iterable<RosterEvent> {
  let from = next;
  for (const [role, names] of fresh)
    for (let i = 0; i < names.length; i += MAX_NAMES) {
      const part = names.slice(i, i + MAX_NAMES);
      yield { type: 'HostsJoined', role, from, names: part };
      from += part.length;
    }
}
