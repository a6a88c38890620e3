import { encodeToken } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { ROLES, type Role } from './permissions.js';
import type { Grant } from './principal.js';

/** `operator`, or limited to groups: `operator:web,db`. */
export const GRANT_PATTERN = new RegExp(`^(?:${ROLES.join('|')})(?::[^,\\s]{1,200}(?:,[^,\\s]{1,200})*)?$`, 'u');

const MAX_GROUPS = 50;

/** Roles as people write them. Code BAD_ROLE. */
export function parseGrants(texts: readonly string[]): readonly Grant[] {
  const grants = texts.map(parseGrant);
  const groups = grants.reduce((sum, grant) => sum + (grant.groups === '*' ? 0 : grant.groups.length), 0);
  if (grants.length === 0) throw badRole('at least one role is needed');
  if (groups > MAX_GROUPS) throw badRole(`at most ${MAX_GROUPS} groups are taken in one token, not ${groups}`);
  return grants;
}

function parseGrant(text: string): Grant {
  if (!GRANT_PATTERN.test(text)) {
    throw badRole(`"${text.slice(0, 60)}" is no role: ${ROLES.join(', ')}, or with groups as in operator:web,db`);
  }
  const [role, list] = text.split(/:(.*)/su);
  const groups = list === undefined || list === '*' ? '*' : [...new Set(list.split(','))];
  if (groups !== '*') groups.forEach(assertGroup);
  return { role: role as Role, groups };
}

/** Exact names only: a pattern would look as if it matched something. */
function assertGroup(name: string): void {
  if (name.includes('*')) throw badRole(`"${name.slice(0, 60)}": groups are named exactly, or * alone means all`);
  encodeToken(name);
}

const badRole = (message: string): SluiceError => new SluiceError('BAD_ROLE', message);
