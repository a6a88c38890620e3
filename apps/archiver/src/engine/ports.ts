import type { ArchiveSource, ArchiveStore, EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';

/** The right to archive: one archiver at a time. Two at once do no harm, but work for nothing. */
export interface ArchiverLease {
  /** True while it is held; asked before each segment. */
  isHeld(): boolean;
}

/** How far the log may be taken away. */
export interface FollowersPort {
  /** The log position up to which everybody who keeps his own place in the log has done with it. */
  passed(): Promise<number>;
}

export interface ArchiverLimits {
  /** A rollout stays in the log for so long after it ended, in ms. */
  readonly afterMs: number;
  /** A segment is written when so many units wait ... */
  readonly perSegment: number;
  /** ... or when the first has waited for so long, in ms. */
  readonly waitMs: number;
  /** Bytes of one segment before compression; a larger rollout is one by itself. */
  readonly segmentBytes: number;
  /** How often it is looked for what can be archived, in ms. */
  readonly sweepMs: number;
}

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

export const DEFAULT_LIMITS: ArchiverLimits = {
  afterMs: 30 * DAY,
  perSegment: 500,
  waitMs: DAY,
  segmentBytes: 32 * 1024 * 1024,
  sweepMs: MINUTE,
};

/** Whoever wants rollouts to leave the log soon does not want them to wait for company. */
export const limitsAfter = (afterMs: number): ArchiverLimits => ({
  ...DEFAULT_LIMITS,
  afterMs,
  waitMs: Math.min(DAY, afterMs),
  sweepMs: Math.max(1_000, Math.min(MINUTE, afterMs / 10)),
});

export interface ArchiverDeps {
  readonly log: EventLog;
  readonly source: ArchiveSource;
  readonly store: ArchiveStore;
  readonly clock: Clock;
  readonly followers: FollowersPort;
  readonly lease: ArchiverLease;
  readonly logger?: Log;
  readonly limits?: Partial<ArchiverLimits>;
}
