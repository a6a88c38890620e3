import type { MemberEntry } from '@sluice/contracts';

/** One version in a group: `''` where nothing is known to run. */
export interface VersionRow {
  readonly version: string;
  readonly members: number;
  readonly serving: number;
  /** The first SHOWN_HOSTS of them by name. */
  readonly hosts: readonly string[];
}

/** Which versions run side by side in a group now (STR-09, TRS-18). */
export interface GroupVersions {
  readonly group: string;
  readonly app: string | null;
  readonly members: number;
  /** The most common first. */
  readonly versions: readonly VersionRow[];
  readonly consistent: boolean;
  /** The rollout that is changing it. */
  readonly rollout: string | null;
}

/** The same over the groups of an app. `versions`: version -> members. */
export interface AppVersions {
  readonly app: string;
  readonly members: number;
  readonly versions: Readonly<Record<string, number>>;
  readonly consistent: boolean;
  readonly groups: readonly GroupSkew[];
}

export interface GroupSkew {
  readonly group: string;
  readonly members: number;
  readonly versions: Readonly<Record<string, number>>;
  readonly consistent: boolean;
}

const SHOWN_HOSTS = 10;

interface Tally {
  members: number;
  serving: number;
  readonly hosts: string[];
}

export function versionRows(members: readonly MemberEntry[]): readonly VersionRow[] {
  const tallies = new Map<string, Tally>();
  for (const { running, serving, host } of members) {
    const version = running ?? '';
    const tally = tallies.get(version) ?? { members: 0, serving: 0, hosts: [] };
    tallies.set(version, tally);
    tally.members += 1;
    tally.serving += Number(serving === true);
    if (tally.hosts.length < SHOWN_HOSTS) tally.hosts.push(host);
  }
  return [...tallies]
    .map(([version, tally]) => ({ version, ...tally }))
    .toSorted((a, b) => b.members - a.members || (a.version < b.version ? -1 : 1));
}

/** Nothing runs anywhere, or one version runs everywhere. */
export const isConsistent = (versions: Readonly<Record<string, number>>): boolean => Object.keys(versions).length <= 1;

export function sumOf(groups: readonly GroupSkew[]): Readonly<Record<string, number>> {
  const sum = new Map<string, number>();
  for (const { versions } of groups)
    for (const [version, members] of Object.entries(versions)) sum.set(version, (sum.get(version) ?? 0) + members);
  return Object.fromEntries(sum);
}
