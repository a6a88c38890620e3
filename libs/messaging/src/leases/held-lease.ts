import type { MemberLease, PartLease } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';

import type { Lease } from './ports.js';

/** taking: not driven yet; held; releasing: its work ends in peace; leaving: its key is being removed. */
export type LeasePhase = 'taking' | 'held' | 'releasing' | 'leaving';

/** What a member writes under the key of a part. */
export function valueOf(me: Pick<MemberLease, 'owner' | 'name'>, since: number): string {
  const lease: PartLease = { v: 1, ...me, since };
  return JSON.stringify(lease);
}

interface Claimed {
  readonly revision: number;
  readonly until: number;
  readonly value: string;
}

/** A lease of ours: valid for the lease time from the moment before its last successful renewal was sent. */
export class HeldLease implements Lease {
  phase: LeasePhase = 'taking';
  revision: number;
  /** What stands in the store. */
  readonly value: string;
  private until: number;
  private dropped = false;

  constructor(
    readonly part: string,
    private readonly clock: Clock,
    { revision, until, value }: Claimed,
  ) {
    this.revision = revision;
    this.until = until;
    this.value = value;
  }

  isValid(): boolean {
    return !this.dropped && this.clock.now() < this.until;
  }

  renewed(revision: number, until: number): void {
    this.revision = revision;
    this.until = Math.max(this.until, until);
  }

  /** For good: a later claim makes another one. */
  drop(): void {
    this.dropped = true;
  }
}
