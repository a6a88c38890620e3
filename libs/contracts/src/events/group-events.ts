import type { Strategy } from '../request.js';

/** How a rollout let go of its group. */
export type LeaseOutcome = 'succeeded' | 'cancelled' | 'closed' | 'dropped';

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
  | {
      readonly type: 'VersionSucceeded';
      readonly version: string;
      readonly rolloutId: string;
      readonly strategy: Strategy;
      readonly sha256: string;
      readonly restores?: string;
    }
  | { readonly type: 'VersionBlocked'; readonly version: string; readonly reason: string; readonly rolloutId?: string }
  | { readonly type: 'VersionUnblocked'; readonly version: string; readonly reason: string }
  | { readonly type: 'HostExcluded'; readonly host: string; readonly reason: string }
  | { readonly type: 'HostIncluded'; readonly host: string; readonly reason: string };
