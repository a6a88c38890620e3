import { ALL_SHARDS, shardOfId, type Writer } from '@sluice/contracts';
import {
  ArchiveReader,
  ArchiveWriter,
  type SegmentManifest,
  type SegmentUnit,
  type UnitToArchive,
} from '@sluice/event-log';
import { type CancelTimer, isSluiceError, messageOf } from '@sluice/kernel';
import { type Log, silentLog } from '@sluice/messaging';

import { candidatesIn } from './candidates.js';
import { Census, type Counted, type CountedGroup } from './census.js';
import { type ArchiverDeps, type ArchiverLimits, DEFAULT_LIMITS } from './ports.js';
import { groupUnit, refusalUnit, rolloutUnit } from './units.js';

const RETRY_MS = 5_000;
/** Of a rollout, besides its plan. */
const WRITERS = ['exec', 'gate', 'notice'] as const;

/** One thing that may be archived, and how its unit is made. */
interface Wanted {
  readonly counted: Counted;
  readonly unit: () => Promise<UnitToArchive | undefined>;
}

/**
 * Moves what is over from the log into the archive: a segment is written, read again, named in the chain, and only then
 * its streams are purged. Killed anywhere, the next archiver finishes the purge of the last segment before it writes
 * another, so nothing is lost and nothing archived twice.
 */
export class ArchiverEngine {
  private readonly limits: ArchiverLimits;
  private readonly logger: Log;
  private census = new Census();
  private writer: ArchiveWriter;
  private live = false;
  private readonly counts = { segments: 0, rollouts: 0 };

  constructor(private readonly deps: ArchiverDeps) {
    this.limits = { ...DEFAULT_LIMITS, ...deps.limits };
    this.logger = deps.logger ?? silentLog;
    this.writer = new ArchiveWriter(deps.store);
  }

  /** What was archived since the start. */
  get archived(): { readonly segments: number; readonly rollouts: number } {
    return this.counts;
  }

  /** Rollouts that stand in the log. */
  get inLog(): number {
    return this.census.rollouts.size;
  }

  /** Archives while the lease is held, until the signal aborts. Throws LOG_MISSING and ARCHIVE_DAMAGED. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.deps.lease.isHeld()) await this.once(signal);
      } catch (error) {
        if (isSluiceError(error, 'LOG_MISSING') || isSluiceError(error, 'ARCHIVE_DAMAGED')) throw error;
        if (!signal.aborted) this.logger.warn({ reason: messageOf(error) }, 'archiving failed; it is begun anew');
      }
      await this.pause(RETRY_MS, signal);
    }
  }

  /** From the start of the log, until the lease is lost or something fails. */
  private async once(signal: AbortSignal): Promise<void> {
    this.census = new Census();
    this.live = false;
    this.writer = new ArchiveWriter(this.deps.store);
    await this.writer.open();
    await this.finishPurge();
    const stop = new AbortController();
    const end = (): void => stop.abort();
    signal.addEventListener('abort', end, { once: true });
    const counting = this.count(stop.signal).finally(end);
    try {
      await this.sweeping(stop.signal);
    } finally {
      end();
      signal.removeEventListener('abort', end);
      await counting;
    }
  }

  private async count(signal: AbortSignal): Promise<void> {
    for await (const item of this.deps.log.follow({ shards: ALL_SHARDS, from: 0, signal })) {
      if (item.kind === 'commit') this.census.apply(item.commit);
      else {
        await this.purgeResurrected();
        this.live = true;
      }
    }
  }

  private async sweeping(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.deps.lease.isHeld()) {
      const wrote = this.live && (await this.sweep());
      if (!wrote) await this.pause(this.limits.sweepMs, signal);
    }
  }

  /** Writes one segment if enough waits, or something has waited for long. False when there was nothing to write. */
  async sweep(): Promise<boolean> {
    const now = this.deps.clock.now();
    const { afterMs, perSegment, waitMs } = this.limits;
    const bounds = { until: now - afterMs, passed: await this.deps.followers.passed() };
    const { rollouts, refusals, groups } = candidatesIn(this.census, bounds);
    const { source } = this.deps;
    const wanted: Wanted[] = [
      ...rollouts.map((counted) => ({ counted, unit: () => rolloutUnit(source, counted) })),
      ...refusals.map((counted) => ({ counted, unit: () => refusalUnit(source, counted) })),
      ...groups.map((counted) => ({ counted, unit: () => groupUnit(source, counted) })),
    ];
    const isDue = wanted.length >= perSegment || wanted.some(({ counted }) => counted.at <= bounds.until - waitMs);
    if (!isDue || wanted.length === 0) return false;
    const units = await this.unitsOf(wanted);
    if (units.length === 0 || !this.deps.lease.isHeld()) return false;
    const manifest = await this.writer.write(units, now);
    await this.purge(manifest);
    this.counts.segments += 1;
    this.counts.rollouts += manifest.units.filter(({ kind }) => kind === 'rollout').length;
    const { segment, data } = manifest;
    this.logger.info({ segment, units: manifest.units.length, bytes: data.bytes }, 'a segment was archived');
    return true;
  }

  /** As many as fit one segment. */
  private async unitsOf(wanted: readonly Wanted[]): Promise<readonly UnitToArchive[]> {
    const units: UnitToArchive[] = [];
    let bytes = 0;
    for (const { counted, unit } of wanted) {
      if (units.length >= this.limits.perSegment || bytes >= this.limits.segmentBytes) break;
      const made = await unit();
      if (made === undefined) {
        this.forget(counted);
        continue;
      }
      units.push(made);
      bytes += made.commits.reduce((sum, commit) => sum + commit.bytes.length, 0);
    }
    return units;
  }

  /** What a crash left between a segment and its purge. */
  private async finishPurge(): Promise<void> {
    for (let segment = (await this.writer.purgedThrough()) + 1; segment <= this.writer.last; segment += 1) {
      const manifest = await this.writer.manifest(segment);
      await this.writer.verify(manifest);
      await this.purge(manifest);
    }
  }

  /** A server that was killed may have brought back some of what was purged: what is in the archive is purged again. */
  private async purgeResurrected(): Promise<void> {
    const reader = new ArchiveReader(this.deps.store);
    for (const { id, shard } of [...this.census.rollouts.values()]) {
      const archived = await placesOf(reader, id);
      if (archived === undefined) continue;
      for (const writer of ['plan', ...WRITERS] as const) {
        const through = archived.findLast((place) => place.writer === writer)?.position ?? 0;
        if (through > 0) await this.deps.source.purge({ shard, id, writer }, through);
      }
      this.forgetId(id);
    }
  }

  private async purge({ segment, units }: SegmentManifest): Promise<void> {
    for (const unit of units) await this.purgeUnit(unit);
    await this.writer.markPurged(segment);
    for (const { id } of units) this.forgetId(id);
  }

  /** The plan first: a course without a plan is nothing to a reader, a plan without its course would be begun. */
  private async purgeUnit({ id, streams }: SegmentUnit): Promise<void> {
    const shard = shardOfId(id);
    if (shard === undefined) return;
    const planFirst = streams.toSorted((a, b) => Number(b.writer === 'plan') - Number(a.writer === 'plan'));
    for (const { writer, through } of planFirst) await this.deps.source.purge({ shard, id, writer }, through);
  }

  private forget({ id }: Counted): void {
    this.forgetId(id);
  }

  private forgetId(id: string): void {
    this.census.rollouts.delete(id);
    const group: CountedGroup | undefined = this.census.groups.get(id);
    if (group !== undefined) group.before = 0;
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let cancel: CancelTimer = () => {};
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted) return done();
      cancel = this.deps.clock.schedule(ms, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

/** Where the commits of an archived rollout stood, also when their bytes were pruned. */
async function placesOf(
  reader: ArchiveReader,
  id: string,
): Promise<readonly { readonly writer: Writer; readonly position: number }[] | undefined> {
  const pruned = await reader.prunedOf(id);
  if (pruned !== undefined) return pruned;
  return (await reader.commitsOf(id))?.map(({ stream, position }) => ({ writer: stream.writer, position }));
}
