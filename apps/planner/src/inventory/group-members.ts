import { hashOf, MEMBERS_PAGE, type MembersPage, type MembersQuery, type PlannableMember } from '@sluice/contracts';
import { compareNames, plannableMembers } from '@sluice/planning';

import { refresh } from '../engine/freshness.js';
import type { PlannerDeps } from '../engine/ports.js';

/** The pages of one list are asked for one after the other, and read from one list. */
const KEPT_MS = 5_000;

type Deps = Pick<PlannerDeps, 'inventory' | 'clock' | 'cmdb' | 'dependencies'>;

/**
 * Tells executors who the members of a group are now (TRS-13). The first page asks the CMDB where there is one, the
 * others go on in the list that it was cut from.
 */
export class GroupMembers {
  #kept: { readonly key: string; readonly at: number; readonly members: readonly PlannableMember[] } | undefined;

  constructor(private readonly deps: Deps) {}

  async page(query: MembersQuery): Promise<MembersPage> {
    const members = await this.#list(query);
    if (members === undefined)
      return { ok: false, code: 'GROUP_UNKNOWN', message: `the inventory has no group "${query.group}"` };
    const { after } = query;
    const next = after === undefined ? 0 : members.findIndex(({ host }) => compareNames(host, after) > 0);
    const from = next < 0 ? members.length : next;
    const page = members.slice(from, from + MEMBERS_PAGE);
    return { ok: true, members: page, more: from + page.length < members.length };
  }

  async #list(query: MembersQuery): Promise<readonly PlannableMember[] | undefined> {
    const { inventory, clock } = this.deps;
    const { after, ...list } = query;
    const key = hashOf(list);
    const kept = this.#kept;
    if (after !== undefined && kept?.key === key && clock.now() - kept.at < KEPT_MS) return kept.members;
    if (after === undefined) await refresh(query.group, this.deps);
    const group = await inventory.group(query.group);
    if (group === undefined) return undefined;
    const entries = (await inventory.members(query.group)).map(({ entry }) => entry);
    const members = plannableMembers(group.entry, entries, query);
    this.#kept = { key, at: clock.now(), members };
    return members;
  }
}
