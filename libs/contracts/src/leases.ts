import { ALL_SHARDS, type Shard } from './shards.js';

/** What stands in KV `sluice_leases`: who is there, and who drives which shard. */
export const LEASE_KEYS = {
  shard: (shard: Shard): string => `shard.${shard}`,
  member: (id: string): string => `member.${id}`,
} as const;

/** `member.<id>`: an executor that runs. Gone when it was not renewed for the lease time. */
export interface MemberLease {
  readonly v: 1;
  readonly owner: string;
  /** `<host>:<pid>`, for people. */
  readonly name: string;
}

/** `shard.<nn>`: the executor that drives the shard. Gone when it was handed over, or not renewed for the lease time. */
export interface ShardLease extends MemberLease {
  /** ms since the epoch, by the owner's clock: for people, no decision rests on it. */
  readonly since: number;
}

/** The shard that a key stands for; undefined for the key of a member. */
export function shardOfLeaseKey(key: string): Shard | undefined {
  const shard = key.startsWith('shard.') ? key.slice('shard.'.length) : '';
  return ALL_SHARDS.includes(shard) ? shard : undefined;
}

export const isMemberKey = (key: string): boolean => key.startsWith('member.');

/** What a lease says; undefined when it is none that this version can read. */
export function readLease(text: string): (MemberLease & Partial<ShardLease>) | undefined {
  try {
    const value = JSON.parse(text) as Partial<ShardLease> | null;
    const { v, owner, name, since } = value ?? {};
    if (v !== 1 || typeof owner !== 'string' || typeof name !== 'string') return undefined;
    return { v, owner, name, ...(typeof since === 'number' ? { since } : {}) };
  } catch {
    return undefined;
  }
}
