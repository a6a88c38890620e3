import type { Environment, Profile, VerifySpec } from './request.js';

export type InventorySource = 'file' | 'api' | 'heartbeat';

/** A group: the instances of one app that are rolled together, and how to do it. */
export interface GroupEntry {
  readonly name: string;
  readonly app: string;
  readonly environment: Environment;
  readonly profile?: Profile;
  readonly verify?: Partial<VerifySpec>;
  readonly drainWindowMs?: number;
}

/** A member: host + app in a group. */
export interface MemberEntry {
  readonly group: string;
  readonly app: string;
  readonly host: string;
  readonly site?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Said by a load balancer or CMDB: not there, leave out. */
  readonly down?: boolean;
  /** From heartbeats. */
  readonly running?: string | null;
  readonly serving?: boolean;
  readonly lastSeen?: number;
}

/** One value of KV `sluice_inventory`: `group.<group>` or `member.<group>.<host>` (names as tokens). */
export interface InventoryRecord<E> {
  readonly v: 1;
  readonly source: InventorySource;
  /** Grows with each change of the entry at its source; an older one than the stored is ignored. */
  readonly version: number;
  /** ms since the epoch. */
  readonly fetchedAt: number;
  readonly entry: E;
}
