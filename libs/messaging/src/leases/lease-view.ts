import { type LeaseKeys, readLease } from '@sluice/contracts';

import type { LeaseEntry } from './ports.js';

interface Seen {
  readonly owner: string;
  readonly revision: number;
  /** When this revision was seen first, by our own clock. */
  readonly at: number;
}

/** Entries that ran out so many lease times ago are forgotten. */
const KEPT_LEASE_TIMES = 10;

/**
 * What others have said, and when we saw it. A lease counts as run out when its key has not moved for the lease time by
 * our own clock: its owner counts from before it sent the renewal, so it has stopped by then. No two clocks are compared.
 */
export class LeaseView {
  private readonly seen = new Map<string, Seen>();

  constructor(
    private readonly keys: LeaseKeys,
    private readonly leaseMs: number,
  ) {}

  /** True when the key has another owner than before, or had run out; false for a renewal and for what was known. */
  hear({ key, value, revision }: LeaseEntry, now: number): boolean {
    const known = this.seen.get(key);
    if (known !== undefined && known.revision >= revision) return false;
    const owner = value === undefined ? undefined : readLease(value)?.owner;
    if (owner === undefined) return this.seen.delete(key);
    this.seen.set(key, { owner, revision, at: now });
    return known === undefined || known.owner !== owner || now - known.at >= this.leaseMs;
  }

  forget(key: string): void {
    this.seen.delete(key);
  }

  revisionOf(key: string): number | undefined {
    return this.seen.get(key)?.revision;
  }

  members(now: number): string[] {
    return this.alive(now).flatMap(([key, { owner }]) => (this.keys.isMember(key) ? [owner] : []));
  }

  owners(now: number): Map<string, string> {
    const owners = new Map<string, string>();
    for (const [key, { owner }] of this.alive(now)) {
      const part = this.keys.partOf(key);
      if (part !== undefined) owners.set(part, owner);
    }
    return owners;
  }

  /** When the next lease of somebody else runs out. */
  nextEnd(now: number, me: string): number | undefined {
    const ends = this.alive(now).flatMap(([, { owner, at }]) => (owner === me ? [] : [at + this.leaseMs]));
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  private alive(now: number): [string, Seen][] {
    const alive: [string, Seen][] = [];
    for (const item of this.seen) {
      const age = now - item[1].at;
      if (age < this.leaseMs) alive.push(item);
      else if (age > KEPT_LEASE_TIMES * this.leaseMs) this.seen.delete(item[0]);
    }
    return alive;
  }
}
