import { createHash } from 'node:crypto';

import { crockford } from '@sluice/kernel';

import { decodeToken, encodeToken } from './tokens.js';

/** Fixed when the log is created: a group's lease and all its rollouts live in one shard. */
export const SHARD_COUNT = 16;

export type Shard = string;

/** `00` .. `15`. */
export const shardName = (shard: number): Shard => String(shard).padStart(2, '0');

export const ALL_SHARDS: readonly Shard[] = Array.from({ length: SHARD_COUNT }, (_, i) => shardName(i));

/** hash(group) mod 16: the first four bytes of SHA-256 of the group's name, big endian. */
export function shardOfGroup(group: string): Shard {
  return shardName(createHash('sha256').update(group).digest().readUInt32BE(0) % SHARD_COUNT);
}

/**
 * The rollout that answers a request: `r<shard>-<26 symbols>`, the symbols from SHA-256 of `seed`. It is a function
 * of the request, so the same document published twice names the same rollout (XIM-03) whoever plans it.
 */
export function rolloutIdOf(group: string, seed: string): string {
  return `r${shardOfGroup(group)}-${crockford(createHash('sha256').update(seed).digest(), 26)}`;
}

/** The stream of a request that cannot name a rollout (no readable group): `q<shard>-<26 symbols>`. */
export function refusalIdOf(seed: string): string {
  return `q${shardOfGroup(seed)}-${crockford(createHash('sha256').update(seed).digest(), 26)}`;
}

export const groupStreamId = (group: string): string => `g${shardOfGroup(group)}-${encodeToken(group)}`;

export const dependencyStreamId = (name: string): string => `d${shardOfGroup(name)}-${encodeToken(name)}`;

/** All freezes of the installation are one stream. */
export const FREEZE_STREAM = { shard: shardName(0), writer: 'freeze', id: 'f00-freezes' } as const;

/** All legal holds of the installation are one stream. */
export const HOLD_STREAM = { shard: shardName(0), writer: 'hold', id: 'k00-holds' } as const;

/** The stream of what was said about a rollout afterwards: `l07-...` of `r07-...`. */
export const labelStreamId = (rolloutId: string): string => `l${rolloutId.slice(1)}`;

/** The stream of a fleet's roster. It and its variables live in one shard: one owner decides for all of them. */
export const rosterStreamId = (fleet: string): string => `h${shardOfGroup(fleet)}-${encodeToken(fleet)}`;

export const variableStreamId = (fleet: string, variable: string): string =>
  `v${shardOfGroup(fleet)}-${encodeToken(`${fleet}/${variable}`)}`;

/** The fleet and the variable of `v07-...`; undefined for any other id. No name of a variable holds a slash. */
export function variableOfStreamId(id: string): { readonly fleet: string; readonly variable: string } | undefined {
  if (!id.startsWith('v') || shardOfId(id) === undefined) return undefined;
  const name = decodeToken(id.slice(4));
  const slash = name.lastIndexOf('/');
  return slash < 1 ? undefined : { fleet: name.slice(0, slash), variable: name.slice(slash + 1) };
}

/** The shard that an id carries (`r07-...`, `g07-...`, `q07-...`); undefined for anything else. */
export function shardOfId(id: string): Shard | undefined {
  const shard = /^[a-z](\d\d)-[A-Za-z0-9_=-]+$/.exec(id)?.[1];
  return shard !== undefined && Number(shard) < SHARD_COUNT ? shard : undefined;
}

export const isRolloutId = (id: string): boolean => /^r(0\d|1[0-5])-[0-9A-HJKMNP-TV-Z]{26}$/.test(id);
