import type { NatsConnection } from '@nats-io/nats-core';
import { type MembersQuery, parseMembersPage, type Plan, type PlannableMember, SUBJECTS } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import { requestJson } from '@sluice/messaging';

import type { MembersPort } from '../ports.js';

/** A planner may ask a CMDB before it answers. */
const ANSWER_WITHIN_MS = 4_000;
/** A group of more members than a plan may have is no group. */
const MAX_PAGES = 500;

/** The members of a group as a planner has them, a page at a time. Codes NO_PLANNER, and what the planner says. */
export class NatsMembers implements MembersPort {
  constructor(private readonly nats: NatsConnection) {}

  async membersOf({ group, app, spec, profiles, labels }: Plan): Promise<readonly PlannableMember[]> {
    const found: PlannableMember[] = [];
    const meant = { ...(profiles === undefined ? {} : { profiles }), ...(labels === undefined ? {} : { labels }) };
    const query = { v: 1, group, app, profile: spec.profile, ...meant } as const;
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const after = found.at(-1)?.host;
      const { members, more } = await this.page(after === undefined ? query : { ...query, after });
      found.push(...members);
      if (!more || members.length === 0) return found;
    }
    throw new SluiceError('TOO_LARGE', `the group ${group} has more members than a plan may have`);
  }

  private async page(query: MembersQuery) {
    const options = { timeoutMs: ANSWER_WITHIN_MS, parse: parseMembersPage };
    const asked = await requestJson(this.nats, SUBJECTS.command('members'), query, options);
    if (asked.kind !== 'answer') throw new SluiceError('NO_PLANNER', 'no planner tells the members of the group');
    if (!asked.value.ok) throw new SluiceError(asked.value.code, asked.value.message);
    return asked.value;
  }
}
