import type { MemberEntry } from '@sluice/contracts';
import { type RolloutStatus, summarizeRollout } from '@sluice/rollout';

import type { Page } from '../http/cursor.js';
import type { GroupDetail } from '../read-model/group-catalog.js';
import type { VersionRow } from '../read-model/versions.js';
import type { AtMoment } from './cut.js';
import type { GroupThen } from './groups-past.js';
import type { HostThen } from './hosts.js';

/** A member as the log tells it: its rollout, and what that one did with it. */
export interface GroupMemberThen extends MemberEntry {
  readonly excluded: string | null;
  readonly rollout: string;
  readonly phase: HostThen['phase'];
}

/** A group as it was. What only heartbeats and the inventory tell is null, and named in `notInLog`. */
export interface GroupPageThen extends Omit<GroupDetail, 'serving' | 'down' | 'inventory' | 'sides'> {
  readonly serving: null;
  readonly down: null;
  readonly inventory: null;
  readonly sides: null;
  readonly memberPage: Page<GroupMemberThen>;
  readonly at: AtMoment;
  readonly notInLog: readonly string[];
}

export function groupDetailThen(group: GroupThen): Omit<GroupPageThen, 'memberPage'> {
  const { name, rev, state, at, app, environment, hosts } = group;
  const { token, excluded, blocked, history, active, waiting } = state;
  return {
    ...{ name, app, environment },
    members: hosts.length,
    serving: null,
    down: null,
    excluded: Object.keys(excluded).length,
    versions: Object.fromEntries(versionsOf(hosts).map(({ version, members }) => [version, members])),
    active: active ?? null,
    waiting: waiting?.rolloutId ?? null,
    ...{ rev, token },
    inventory: null,
    exclusions: Object.entries(excluded).map(([host, reason]) => ({ host, reason })),
    blocked: Object.entries(blocked).map(([version, block]) => ({ version, ...block })),
    history: history.toReversed(),
    sides: null,
    at,
    notInLog: ['serving', 'down', 'inventory', 'sides'],
  };
}

/** Members behind that host, at most `limit`. */
export function membersThen(
  { name, app, state: { excluded }, hosts }: GroupThen,
  after: string | undefined,
  limit: number,
): { readonly items: readonly GroupMemberThen[]; readonly next: string | undefined } {
  const wanted = after === undefined ? hosts : hosts.filter(({ host }) => host > after);
  const items = wanted.slice(0, limit).map(({ host, running, rollout, phase, site }) => ({
    ...{ group: name, app: app ?? '', host, running, rollout, phase },
    ...(site === undefined ? {} : { site }),
    excluded: Object.hasOwn(excluded, host) ? (excluded[host] ?? null) : null,
  }));
  return { items, next: wanted.length > limit ? items.at(-1)?.host : undefined };
}

/** A version and the hosts that run it; `''` where the log does not say. */
export type VersionThen = Omit<VersionRow, 'serving'>;

const SHOWN_HOSTS = 10;

/** The most common first. */
export function versionsOf(hosts: readonly HostThen[]): readonly VersionThen[] {
  const rows = new Map<string, { members: number; hosts: string[] }>();
  for (const { host, running } of hosts) {
    const version = running ?? '';
    const row = rows.get(version) ?? { members: 0, hosts: [] };
    rows.set(version, row);
    row.members += 1;
    if (row.hosts.length < SHOWN_HOSTS) row.hosts.push(host);
  }
  return [...rows]
    .map(([version, row]) => ({ version, ...row }))
    .toSorted((a, b) => b.members - a.members || (a.version < b.version ? -1 : 1));
}

/** A group in the fleet. */
export interface FleetGroup {
  readonly name: string;
  readonly app: string | null;
  readonly environment: string | null;
  readonly members: number;
  readonly versions: readonly VersionThen[];
  /** The version that succeeded last here. */
  readonly succeeded: string | null;
  readonly excluded: number;
  readonly blocked: readonly string[];
  /** The rollout that holds the lease. */
  readonly active: OpenRollout | null;
  readonly waiting: string | null;
}

export interface OpenRollout {
  readonly id: string;
  readonly version: string;
  readonly state: RolloutStatus;
  /** Hosts that are through with it, of all its targets. */
  readonly done: number;
  readonly targets: number;
}

const MAX_BLOCKED_TOLD = 20;

export function fleetGroup(group: GroupThen): FleetGroup {
  const { name, app, environment, hosts, state } = group;
  return {
    ...{ name, app, environment },
    members: hosts.length,
    versions: versionsOf(hosts),
    succeeded: state.history.at(-1)?.version ?? null,
    excluded: Object.keys(state.excluded).length,
    blocked: Object.keys(state.blocked).slice(0, MAX_BLOCKED_TOLD),
    active: openRollout(group),
    waiting: state.waiting?.rolloutId ?? null,
  };
}

function openRollout({ active }: GroupThen): OpenRollout | null {
  if (active === undefined) return null;
  const { id, version, state, counts, targets } = summarizeRollout(active.state);
  return { id, version, state, done: counts.done + counts.skipped, targets };
}
