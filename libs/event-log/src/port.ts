import type { EventToAppend, RecordedCommit, Shard, StreamHead, StreamName, Writer } from '@sluice/contracts';

/** What a writer hands to append: the log adds rev, prev and bytes. */
export interface CommitDraft {
  /** ULID; a retry of the same commit carries the same id. */
  readonly id: string;
  /** ms since the epoch; raised to the head's `at` when it lies behind it, so `at` never goes backwards in a stream. */
  readonly at: number;
  readonly events: readonly EventToAppend[];
}

/** A commit's place in the log, and the SHA-256 of its bytes. */
export interface LogPlace {
  readonly position: number;
  readonly hash: string;
}

export interface FollowOptions {
  readonly shards: readonly Shard[];
  /** Only streams of these writers; all when absent. */
  readonly writers?: readonly Writer[];
  /** Only streams with this id (all writers of one rollout); its shard must be the only one in `shards`. */
  readonly id?: string;
  /**
   * Of what stands there only the last commit of each stream, then everything, live; `from` is 0 then. For whoever
   * reads streams by itself and has to know which there are. A log that cannot do it tells all.
   */
  readonly latest?: boolean;
  /** First log position wanted; 0 or 1 = from the beginning. */
  readonly from: number;
  /**
   * The last commit that the caller knows of, perhaps from an earlier life: LOG_REGRESSED when another stands at its
   * place, or the log ends before it. One that was archived since counts as there.
   */
  readonly after?: LogPlace;
  readonly signal: AbortSignal;
}

/** `live`: everything that stood in the log when the follow began has been yielded; yielded once. */
export type Followed =
  { readonly kind: 'commit'; readonly commit: RecordedCommit } | { readonly kind: 'live'; readonly position: number };

/**
 * The log: streams of commits, one total order of positions, one writer per stream by optimistic concurrency.
 * Codes thrown: CONCURRENCY_CONFLICT (the head is another: read the tail, decide again), COMMIT_TOO_LARGE,
 * LOG_MISSING (the log's stream is gone: stop, never create it anew), LOG_UNAVAILABLE (not reachable within the bound;
 * it is not known whether the commit landed: append again with the same id), LOG_REGRESSED (the log ends before a place
 * that was read from it, or holds something else there: it lost its tail), BAD_COMMIT (something else wrote into the log), INVARIANT_BROKEN (a commit id
 * that stands elsewhere in the log).
 */
export interface EventLog {
  /** Durable when it resolves. The new head. An append whose first try did land succeeds with the same head. */
  append(stream: StreamName, expected: StreamHead, draft: CommitDraft): Promise<StreamHead>;
  /** Commits of one stream from `fromRev` (1 by default) in order, up to its end when the read began. */
  read<W extends Writer>(
    stream: StreamName & { readonly writer: W },
    fromRev?: number,
  ): AsyncIterable<RecordedCommit<W>>;
  /** The last commit of a stream, or undefined. */
  last<W extends Writer>(stream: StreamName & { readonly writer: W }): Promise<RecordedCommit<W> | undefined>;
  /** Catches up, then goes on live; in order per stream. Ends when the signal aborts; throws on a lasting fault. */
  follow(options: FollowOptions): AsyncIterable<Followed>;
  /** The last position of the log; 0 when it is empty. */
  position(): Promise<number>;
}
