import type { Strategy } from '../request.js';

/** How a rollout let go of its group. */
export type LeaseOutcome = 'succeeded' | 'cancelled' | 'closed' | 'dropped';

/** A version that a rollout brought to the end in a group. */
export interface VersionSuccess {
  readonly version: string;
  readonly rolloutId: string;
  readonly strategy: Strategy;
  readonly sha256: string;
  /** Strategy rollback: the rollout whose version it restored. */
  readonly restores?: string;
  /** The side that has all traffic since. */
  readonly side?: string;
}

/** Written by the executor on `group` streams: one lease per group, its token strictly grows. */
export type GroupEvent =
  | { readonly type: 'LeaseGranted'; readonly rolloutId: string; readonly token: number }
  /** Waits for the active rollout, which is superseded; an older waiting one is dropped. */
  | {
      readonly type: 'LeaseQueued';
      readonly rolloutId: string;
      readonly behind: string;
      readonly version: string;
      readonly strategy: Strategy;
    }
  | { readonly type: 'LeaseDropped'; readonly rolloutId: string; readonly reason: string }
  | { readonly type: 'LeaseReleased'; readonly rolloutId: string; readonly outcome: LeaseOutcome }
  | ({ readonly type: 'VersionSucceeded' } & VersionSuccess)
  | { readonly type: 'VersionBlocked'; readonly version: string; readonly reason: string; readonly rolloutId?: string }
  | { readonly type: 'VersionUnblocked'; readonly version: string; readonly reason: string }
  | { readonly type: 'HostExcluded'; readonly host: string; readonly reason: string }
  | { readonly type: 'HostIncluded'; readonly host: string; readonly reason: string }
  /**
   * All that the stream said up to here: who reads from this commit on knows the group, and what stands before it can be
   * archived. Lists are in the order in which things were said.
   */
  | {
      readonly type: 'GroupCheckpointed';
      readonly token: number;
      readonly active?: string;
      readonly waiting?: { readonly rolloutId: string; readonly version: string; readonly strategy: Strategy };
      readonly history: readonly VersionSuccess[];
      readonly blocked: readonly { readonly version: string; readonly reason: string; readonly rolloutId?: string }[];
      readonly excluded: readonly { readonly host: string; readonly reason: string }[];
      readonly dropped: readonly { readonly rolloutId: string; readonly reason: string }[];
      readonly blockedFor: readonly string[];
    };
