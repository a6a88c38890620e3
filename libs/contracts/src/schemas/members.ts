import type { MembersPage, MembersQuery } from '../members.js';
import { closed, code, is, list, name, open, text, words, yes } from './parts.js';
import { MAX_PROFILES, planTarget } from './rollout-event-schemas.js';
import { profile } from './spec.js';
import { parserOf } from './validate.js';

/** Members on one page: about 300 KiB of names at the most. */
export const MEMBERS_PAGE = 1_000;

const labels = { type: 'object', maxProperties: 64, additionalProperties: text(2_000) } as const;

const query = closed(
  { v: is(1), group: name, app: name, profile, profiles: list(profile, MAX_PROFILES), labels, after: name },
  'profiles',
  'labels',
  'after',
);

const { properties, required } = planTarget;
const member = { ...planTarget, properties: { ...(properties as object), unfit: text(500) }, required };
const page = {
  type: 'object',
  oneOf: [
    closed({ ok: is(true), members: list(member, MEMBERS_PAGE), more: yes }),
    open({ ok: is(false), code, message: words }),
  ],
};

/** Code BAD_MESSAGE for what is none. */
export const parseMembersQuery = parserOf<MembersQuery>('MembersQuery', query);
export const parseMembersPage = parserOf<MembersPage>('MembersPage', page);
