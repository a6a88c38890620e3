import type { RosterEvent } from '@sluice/contracts';

import type { Complain } from '../complain.js';
import { recountHost, type VariableModel } from './variable-model.js';

/**
 * Of another owner of the shard a decision may have looked at the hosts as they were that long ago: so much later a
 * limit holds to the host.
 */
const LATELY_MS = 300_000;
/** Changes of hosts are kept by parts of that. */
const PART_MS = 10_000;

interface Churn {
  readonly at: number;
  count: number;
  /** Of them those that were never heard of before. */
  fresh: number;
}

/** A fleet as an outsider reads it: two bytes a host, and one for each of its variables. */
export interface FleetModel {
  /** Numbers that were given to hosts so far. */
  hosts: number;
  /** By number: the index of the host's role and 1; 0 when it is away. */
  roleOf: Uint16Array;
  readonly roles: string[];
  readonly roleIndex: Map<string, number>;
  readonly sizes: number[];
  /** By role: who came and went lately. */
  readonly churn: Churn[][];
  /** Who left, or went to another role, lately. */
  readonly gone: Map<number, number>;
  readonly variables: Map<string, VariableModel>;
  /** Of the checkpoint that is being said: its roles so far, and the number that its next part begins with. */
  said: { readonly roles: readonly string[]; readonly next: number };
}

export const newFleet = (): FleetModel => ({
  hosts: 0,
  roleOf: new Uint16Array(64),
  roles: [],
  roleIndex: new Map(),
  sizes: [],
  churn: [],
  gone: new Map(),
  variables: new Map(),
  said: { roles: [], next: 0 },
});

/** The index of a host's role; -1 when it is away, or nobody. */
export const roleAt = ({ roleOf }: FleetModel, host: number): number => (roleOf[host] ?? 0) - 1;

/** How many hosts a role may be off, because they came or went lately. */
export function slackOf({ churn }: FleetModel, role: number, now: number): number {
  let slack = 0;
  for (const { at, count } of churn[role] ?? []) if (at > now - LATELY_MS) slack += count;
  return slack;
}

/** The same where newcomers make no difference: the more hosts there are, the more may have the new value. */
export function slackAbove({ churn }: FleetModel, role: number, now: number): number {
  let slack = 0;
  for (const { at, count, fresh } of churn[role] ?? []) if (at > now - LATELY_MS) slack += count - fresh;
  return slack;
}

/** It left, or went to another role, a moment ago: who decided may not have known. */
export const wentLately = ({ gone }: FleetModel, host: number, now: number): boolean =>
  (gone.get(host) ?? Number.NEGATIVE_INFINITY) > now - LATELY_MS;

/** The same of all roles together. */
export const churnOf = (fleet: FleetModel, now: number): number =>
  fleet.roles.reduce((sum, _, role) => sum + slackOf(fleet, role, now), 0);

/** Hosts have numbers in the order in which they come, keep them, and are in one role at most (I8). */
export function applyRoster(fleet: FleetModel, event: RosterEvent, at: number, complain: Complain): void {
  forgetOld(fleet, at);
  switch (event.type) {
    case 'HostsJoined':
      if (event.from !== fleet.hosts)
        complain('I8', `hosts joined from number ${event.from}, the next is ${fleet.hosts}`);
      event.names.forEach((_, i) => settle(fleet, event.from + i, { role: event.role, at, isFresh: true }));
      fleet.hosts = Math.max(fleet.hosts, event.from + event.names.length);
      return;
    case 'HostsReturned':
    case 'HostsMoved': {
      const isBack = event.type === 'HostsReturned';
      for (const host of event.hosts) {
        const role = roleAt(fleet, host);
        if (host >= fleet.hosts || role < 0 !== isBack || fleet.roles[role] === event.role)
          complain('I8', `${event.type} names ${host}, which is ${fleet.roles[role] ?? 'away'}`);
        settle(fleet, host, { role: event.role, at });
      }
      return;
    }
    case 'HostsLeft':
      for (const host of event.hosts) {
        if (roleAt(fleet, host) < 0) complain('I8', `HostsLeft names ${host}, which is not here`);
        settle(fleet, host, { role: undefined, at });
      }
      return;
    case 'RosterCheckpointed':
      return checkpoint(fleet, event, complain);
    default:
  }
}

type Checkpointed = Extract<RosterEvent, { readonly type: 'RosterCheckpointed' }>;

/** I10: its parts together say what the events before them came to. */
function checkpoint(fleet: FleetModel, event: Checkpointed, complain: Complain): void {
  const { part, parts, from, places } = event;
  const before = part === 1 ? { roles: [], next: 0 } : fleet.said;
  const roles = [...before.roles, ...event.roles];
  const isSame = places.every(
    (place, i) => (roles[place] ?? 'away') === (fleet.roles[roleAt(fleet, from + i)] ?? 'away'),
  );
  if (from !== before.next || !isSame) complain('I10', `part ${part} of the roster is not what its events come to`);
  const next = from + places.length;
  fleet.said = part === parts ? { roles: [], next: 0 } : { roles, next };
  if (part === parts && next !== fleet.hosts)
    complain('I10', `the roster was said to have ${next} hosts of ${fleet.hosts}`);
}

function forgetOld({ churn, gone }: FleetModel, now: number): void {
  for (const [host, at] of gone) {
    if (at > now - LATELY_MS) break;
    gone.delete(host);
  }
  for (const entries of churn) while ((entries[0]?.at ?? Infinity) <= now - LATELY_MS) entries.shift();
}

interface Place {
  readonly role: string | undefined;
  readonly at: number;
  readonly isFresh?: boolean;
}

function settle(fleet: FleetModel, host: number, { role, at, isFresh = false }: Place): void {
  if (host >= fleet.roleOf.length) {
    const more = new Uint16Array(Math.max(fleet.roleOf.length * 2, host + 1));
    more.set(fleet.roleOf);
    fleet.roleOf = more;
  }
  const from = roleAt(fleet, host);
  const to = role === undefined ? -1 : indexOf(fleet, role);
  if (from === to) return;
  for (const variable of fleet.variables.values()) {
    recountHost(variable, host, { role: from, by: -1 });
    recountHost(variable, host, { role: to, by: 1 });
  }
  fleet.roleOf[host] = to + 1;
  if (from >= 0) {
    fleet.gone.delete(host);
    fleet.gone.set(host, at);
    resize(fleet, from, { by: -1, at, isFresh: false });
  }
  if (to >= 0) resize(fleet, to, { by: 1, at, isFresh });
}

function indexOf({ roles, roleIndex, sizes, churn }: FleetModel, role: string): number {
  const known = roleIndex.get(role);
  if (known !== undefined) return known;
  roleIndex.set(role, roles.length);
  sizes.push(0);
  churn.push([]);
  return roles.push(role) - 1;
}

interface Resized {
  readonly by: 1 | -1;
  readonly at: number;
  readonly isFresh: boolean;
}

function resize({ sizes, churn }: FleetModel, role: number, { by, at, isFresh }: Resized): void {
  sizes[role] = (sizes[role] ?? 0) + by;
  const entries = churn[role] ?? [];
  const last = entries.at(-1);
  const fresh = isFresh ? 1 : 0;
  if (last === undefined || at - last.at >= PART_MS) entries.push({ at, count: 1, fresh });
  else {
    last.count += 1;
    last.fresh += fresh;
  }
}
