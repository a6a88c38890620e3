import { encodeToken, type GroupEntry, type MemberEntry } from '@sluice/contracts';
import { type GroupState, initialGroup, redeployCandidates } from '@sluice/group';

import type { GroupIndex } from './group-index.js';
import type { InventoryView } from './inventory-view.js';
import { type SidesView, sidesOf } from './sides.js';
import { type AppVersions, type GroupVersions, isConsistent, sumOf, versionRows } from './versions.js';
import type { WeightsView } from './weights-view.js';

/** One group in the list. `versions`: how many members run which version ('' = not known). */
export interface GroupSummary {
  readonly name: string;
  readonly app: string | null;
  readonly environment: string | null;
  readonly members: number;
  readonly serving: number;
  readonly down: number;
  readonly excluded: number;
  readonly versions: Readonly<Record<string, number>>;
  /** The rollout that holds the group's lease. */
  readonly active: string | null;
  readonly waiting: string | null;
}

export interface GroupMember extends MemberEntry {
  readonly excluded: string | null;
}

/** One group with its lease, its exclusions, what is blocked and its version history, newest first. */
export interface GroupDetail extends GroupSummary {
  readonly rev: number;
  /** Fencing token of the last lease. */
  readonly token: number;
  readonly inventory: GroupEntry | null;
  readonly exclusions: readonly { readonly host: string; readonly reason: string }[];
  readonly blocked: readonly { readonly version: string; readonly reason: string; readonly rolloutId?: string }[];
  readonly history: GroupState['history'];
  /** Of a group whose traffic shifts between two sides; null for one with hosts of its own. */
  readonly sides: SidesView | null;
}

/** A version that can be rolled out again as it succeeded (TRS-07). */
export interface Candidate {
  readonly version: string;
  /** The rollout whose plan says how. */
  readonly rolloutId: string;
  readonly sha256: string;
  /** Members that run it now. */
  readonly running: number;
}

export interface GroupQuery {
  /** Only those after that name. */
  readonly after?: string | undefined;
  readonly limit: number;
  readonly app?: string | undefined;
  readonly sees: (group: string) => boolean;
}

/** Groups as the inventory and the log know them together. */
export class GroupCatalog {
  constructor(
    private readonly groups: GroupIndex,
    private readonly inventory: InventoryView,
    private readonly weights: Pick<WeightsView, 'of'>,
  ) {}

  /** By name. */
  list(query: GroupQuery): { readonly items: readonly GroupSummary[]; readonly next: string | undefined } {
    const names = this.names(query);
    const page = names.slice(0, query.limit);
    return {
      items: page.map((name) => this.summary(name)),
      next: names.length > query.limit ? page.at(-1) : undefined,
    };
  }

  /** Which versions run in the group now; undefined for a group that nobody knows. */
  versions(name: string): GroupVersions | undefined {
    if (!this.has(name)) return undefined;
    const { app, active, members } = this.summary(name);
    const versions = versionRows(this.inventory.membersOf(encodeToken(name)));
    return { group: name, app, members, versions, consistent: versions.length <= 1, rollout: active };
  }

  /** Which versions of an app run, over its groups. The sums are over all of them, the groups are one page. */
  appVersions(app: string, { after, limit, sees }: GroupQuery): AppVersions & { readonly next: string | undefined } {
    const skews = this.names({ limit, app, sees }).map((name) => {
      const { members, versions } = this.summary(name);
      return { group: name, members, versions, consistent: isConsistent(versions) };
    });
    const versions = sumOf(skews);
    const wanted = skews.filter(({ group }) => after === undefined || group > after);
    const groups = wanted.slice(0, limit);
    return {
      app,
      members: skews.reduce((sum, { members }) => sum + members, 0),
      versions,
      consistent: isConsistent(versions),
      groups,
      next: wanted.length > limit ? groups.at(-1)?.group : undefined,
    };
  }

  /** The last ten versions that succeeded here and are not blocked, newest first (TRS-07). */
  candidates(name: string): readonly Candidate[] | undefined {
    if (!this.has(name)) return undefined;
    const { versions } = this.summary(name);
    return redeployCandidates(this.groups.get(name)?.state ?? initialGroup()).map(({ version, rolloutId, sha256 }) => ({
      ...{ version, rolloutId, sha256 },
      running: Object.hasOwn(versions, version) ? (versions[version] ?? 0) : 0,
    }));
  }

  /** Whether the inventory or the log knows it. */
  has(name: string): boolean {
    return this.inventory.group(encodeToken(name)) !== undefined || this.groups.get(name) !== undefined;
  }

  /** Undefined for a group that neither the inventory nor the log knows. */
  get(name: string): GroupDetail | undefined {
    if (!this.has(name)) return undefined;
    const inventory = this.inventory.group(encodeToken(name));
    const known = this.groups.get(name);
    const state = known?.state ?? initialGroup();
    const { token, excluded, blocked, history } = state;
    return {
      ...this.summary(name),
      rev: known?.rev ?? 0,
      token,
      inventory: inventory ?? null,
      exclusions: Object.entries(excluded).map(([host, reason]) => ({ host, reason })),
      blocked: Object.entries(blocked).map(([version, block]) => ({ version, ...block })),
      history: history.toReversed(),
      sides: inventory?.sides === undefined ? null : sidesOf(inventory.sides, state, this.weights.of(name)),
    };
  }

  /** Members by host, those after `after`, at most `limit`. */
  members(
    name: string,
    after: string | undefined,
    limit: number,
  ): { readonly items: readonly GroupMember[]; readonly next: string | undefined } {
    const excluded = this.groups.get(name)?.state.excluded ?? {};
    const all = this.inventory.membersOf(encodeToken(name));
    const from = after === undefined ? 0 : placeAfter(all, after);
    const items = all.slice(from, from + limit).map((member) => ({
      ...member,
      excluded: Object.hasOwn(excluded, member.host) ? (excluded[member.host] ?? null) : null,
    }));
    return { items, next: from + limit < all.length ? items.at(-1)?.host : undefined };
  }

  /** Where a host of the group can be reached, as its agent last said. */
  endpointOf(group: string, host: string): string | null {
    return this.inventory.member(encodeToken(group), encodeToken(host))?.endpoint ?? null;
  }

  private names({ after, app, sees }: GroupQuery): readonly string[] {
    const all = [...new Set([...this.inventory.names(), ...this.groups.names()])].toSorted();
    return all.filter(
      (name) =>
        (after === undefined || name > after) &&
        sees(name) &&
        (app === undefined || this.inventory.group(encodeToken(name))?.app === app),
    );
  }

  private summary(name: string): GroupSummary {
    const token = encodeToken(name);
    const entry = this.inventory.group(token);
    const state = this.groups.get(name)?.state ?? initialGroup();
    return {
      name,
      app: entry?.app ?? null,
      environment: entry?.environment ?? null,
      ...tallyOf(this.inventory.membersOf(token)),
      excluded: Object.keys(state.excluded).length,
      active: state.active ?? null,
      waiting: state.waiting?.rolloutId ?? null,
    };
  }
}

function tallyOf(members: readonly MemberEntry[]): Pick<GroupSummary, 'members' | 'serving' | 'down' | 'versions'> {
  const versions = new Map<string, number>();
  let [serving, down] = [0, 0];
  for (const member of members) {
    const running = member.running ?? '';
    versions.set(running, (versions.get(running) ?? 0) + 1);
    serving += Number(member.serving === true);
    down += Number(member.down === true);
  }
  return { members: members.length, serving, down, versions: Object.fromEntries(versions) };
}

/** The place of the first member whose host comes after that name. */
function placeAfter(members: readonly MemberEntry[], host: string): number {
  let [low, high] = [0, members.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((members[middle]?.host ?? '') <= host) low = middle + 1;
    else high = middle;
  }
  return low;
}
