import { encodeToken, type GroupEntry, type MemberEntry } from '@sluice/contracts';
import { type GroupState, initialGroup } from '@sluice/group';

import type { GroupIndex } from './group-index.js';
import type { InventoryView } from './inventory-view.js';

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
}

/** Groups as the inventory and the log know them together. */
export class GroupCatalog {
  constructor(
    private readonly groups: GroupIndex,
    private readonly inventory: InventoryView,
  ) {}

  /** By name; those after `after`, at most `limit`. */
  list(
    after: string | undefined,
    limit: number,
  ): { readonly items: readonly GroupSummary[]; readonly next: string | undefined } {
    const names = [...new Set([...this.inventory.names(), ...this.groups.names()])].toSorted();
    const wanted = after === undefined ? names : names.filter((name) => name > after);
    const page = wanted.slice(0, limit);
    return { items: page.map((name) => this.summary(name)), next: wanted.length > limit ? page.at(-1) : undefined };
  }

  /** Undefined for a group that neither the inventory nor the log knows. */
  get(name: string): GroupDetail | undefined {
    const inventory = this.inventory.group(encodeToken(name));
    const known = this.groups.get(name);
    if (inventory === undefined && known === undefined) return undefined;
    const { token, excluded, blocked, history } = known?.state ?? initialGroup();
    return {
      ...this.summary(name),
      rev: known?.rev ?? 0,
      token,
      inventory: inventory ?? null,
      exclusions: Object.entries(excluded).map(([host, reason]) => ({ host, reason })),
      blocked: Object.entries(blocked).map(([version, block]) => ({ version, ...block })),
      history: history.toReversed(),
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
