import type { Actor } from '@sluice/kernel';

import { PERMISSIONS, type Permission, type Role } from './permissions.js';

/** One role, everywhere (`*`) or in these groups only. */
export interface Grant {
  readonly role: Role;
  readonly groups: '*' | readonly string[];
}

/** Whoever calls, as the token or the local mode says. */
export interface Principal {
  readonly actor: Actor;
  readonly grants: readonly Grant[];
  /** Rate limits count by it. */
  readonly key: string;
  /** The header X-Sluice-Actor is believed: in local mode, and of a service that administers everything. */
  readonly mayActForOthers: boolean;
  /** False once the token was taken back or is past its time: a stream that is open ends. */
  readonly isValid: () => boolean;
}

const reaches = ({ groups }: Grant, group: string): boolean => groups === '*' || groups.includes(group);

/** Undefined when nothing that the operation needs is missing for that group; the permission otherwise. */
export function missing(principal: Principal, operation: string, group: string | undefined): Permission | undefined {
  const permission = PERMISSIONS[operation];
  if (permission === undefined) return { roles: [], scope: 'all' };
  const fitting = principal.grants.filter(({ role }) => permission.roles.includes(role));
  return fitting.some((grant) => suffices(grant, permission, group)) ? undefined : permission;
}

function suffices(grant: Grant, { scope }: Permission, group: string | undefined): boolean {
  if (scope === 'all') return grant.groups === '*';
  // Nothing to compare with: a rollout that does not exist, or a list that is cut to what the role reaches.
  return group === undefined || reaches(grant, group);
}

/** Whether anything in that group may be read. */
export const sees = ({ grants }: Principal, group: string): boolean => grants.some((grant) => reaches(grant, group));

/** `operator in web, db` for messages. */
export const grantsInWords = (grants: readonly Grant[]): string =>
  grants.map(({ role, groups }) => (groups === '*' ? role : `${role} in ${groups.join(', ')}`)).join('; ') || 'nothing';
