import { archivedUnits, type PrunableStore, type PrunedSegment, pruneSegments } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';

import type { ArchiverLease } from '../engine/ports.js';
import { assertLogOf, holdsInForce, keeping, neededRollouts, type ReadableLog } from './rules.js';

export interface PruneDeps {
  /** The log itself, without its archive: the holds are read there, and what groups may go back to. */
  readonly log: ReadableLog;
  readonly store: PrunableStore;
  /** Held while something is written or deleted: one prune at a time. */
  readonly lease: ArchiverLease;
  readonly clock: Clock;
}

export interface PruneRequest {
  /** What ended longer ago than this may go, in ms. */
  readonly olderThanMs: number;
  /** So many successes of each group stay, whatever their age: a rollback reads their plans. Two at least. */
  readonly keepVersions: number;
  /** `user:ana` */
  readonly by: string;
  readonly reason: string;
  readonly dryRun: boolean;
}

/** What was pruned, or what would be. */
export interface PruneReport {
  readonly dryRun: boolean;
  /** What ended later stays, ms since the epoch. */
  readonly before: number;
  readonly pruned: readonly (PrunedSegment['pruned'][number] & { readonly segment: number })[];
  /** At most a thousand of those that are old enough and stay. */
  readonly kept: PrunedSegment['kept'];
  readonly keptCount: number;
  readonly freed: number;
  /** Files that an earlier prune, or an archiver that was killed, had left over, and that were deleted now. */
  readonly leftOver: number;
  /** Names of the holds that were in force at the begin. */
  readonly holds: readonly string[];
}

const MAX_KEPT = 1_000;

/**
 * Deletes from the archive what is older than that and neither held nor needed. The holds are read from the log at the
 * begin and again before each segment. Codes: HOLDS_UNREADABLE, ARCHIVE_CONTENDED, ARCHIVE_DAMAGED, ARCHIVE_UNAVAILABLE;
 * what was pruned until then is pruned, and the next prune goes on.
 */
export async function pruneArchive(
  { log, store, lease, clock }: PruneDeps,
  { olderThanMs, keepVersions, by, reason, dryRun }: PruneRequest,
): Promise<PruneReport> {
  await assertLogOf(log, await lastPosition(store));
  const holds = [...(await holdsInForce(log)).keys()];
  const wanted = await neededRollouts(log, keepVersions);
  const now = clock.now();
  const rules = async () => {
    const state = await holdsInForce(log);
    return { keep: keeping(state, wanted), holds: [...state.keys()] };
  };
  const before = now - olderThanMs;
  const options = { now, by, reason, before, rules, isHeld: () => dryRun || lease.isHeld(), dryRun };
  const pruned: PruneReport['pruned'][number][] = [];
  const kept: PrunedSegment['kept'][number][] = [];
  let [keptCount, freed, leftOver] = [0, 0, 0];
  for await (const done of pruneSegments(store, options)) {
    pruned.push(...done.pruned.map((unit) => ({ ...unit, segment: done.segment })));
    kept.push(...done.kept.slice(0, MAX_KEPT - kept.length));
    keptCount += done.kept.length;
    freed += done.freed;
    leftOver += done.leftOver;
  }
  return { dryRun, before, pruned, kept, keptCount, freed, leftOver, holds };
}

/** The highest log position that the archive holds. */
async function lastPosition(store: PrunableStore): Promise<number> {
  let last = 0;
  for await (const { through } of archivedUnits(store)) last = Math.max(last, through);
  return last;
}
