import type { ArchivedPage, ArchiveReader } from '@sluice/event-log';
import { type CancelTimer, type Clock, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';
import type { RolloutSummary } from '@sluice/rollout';

import { LabelIndex } from './label-index.js';
import type { Listed, RolloutIndex } from './rollout-index.js';
import type { LoadedRollout } from './rollout-loader.js';
import type { ListQuery } from './rollout-order.js';

/** `archived`: only what left the log, or only what stands there; both when absent. */
export interface HistoryQuery extends ListQuery {
  readonly archived?: boolean;
}

const LOOK_MS = 30_000;

const NOTHING: ArchivedPage = { items: [], next: undefined };

/**
 * All rollouts there ever were: those in the log from memory, those that left it from the archive, which is read on
 * demand. What was archived is let go, so that memory and start follow the log and not the years behind it.
 */
export class RolloutHistory {
  private segments: number | undefined;
  private stopped = false;
  private cancel: CancelTimer = () => {};

  constructor(
    private readonly index: RolloutIndex,
    private readonly archive?: Pick<
      ArchiveReader,
      'page' | 'summaryOf' | 'countByState' | 'refresh' | 'rolloutsOf' | 'purgedThrough'
    >,
    /** What somebody said of them, whether they are in the log or in the archive. */
    readonly labels: LabelIndex = new LabelIndex(),
  ) {}

  /** Newest first. `next` is the position that continues. Codes ARCHIVE_UNAVAILABLE, ARCHIVE_DAMAGED. */
  async list(
    query: HistoryQuery,
  ): Promise<{ readonly items: readonly RolloutSummary[]; readonly next: number | undefined }> {
    const { archived, ...filter } = query;
    if (archived !== false) await this.forgetArchived();
    const live = archived === true ? [] : this.index.listed({ ...filter, limit: filter.limit + 1 });
    const { items } = archived === false ? NOTHING : await this.archivedPage(filter);
    const past = items.map(({ entry }): Listed => ({
      position: entry.position,
      summary: entry.summary as RolloutSummary,
    }));
    const merged = [...live, ...past].toSorted((a, b) => b.position - a.position);
    // What is archived in this moment may be in both.
    const all = merged.filter(({ position }, i) => position !== merged[i - 1]?.position);
    const page = all.slice(0, filter.limit);
    return {
      items: page.map(({ summary }) => summary),
      next: all.length > filter.limit ? page.at(-1)?.position : undefined,
    };
  }

  countByState(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>(this.index.countByState());
    for (const [state, count] of this.archive?.countByState() ?? [])
      counts.set(state, (counts.get(state) ?? 0) + count);
    return counts;
  }

  /** Its group, without reading the whole of it where that can be avoided. */
  async groupOf(id: string): Promise<string | undefined> {
    const known = this.index.entry(id)?.group ?? (await this.archive?.summaryOf(id))?.entry.group;
    return known ?? (await this.index.stateOf(id))?.state.plan?.group;
  }

  /** The whole state, read from the log or the archive when the rollout has ended. Undefined for an id that nobody planned. */
  stateOf(id: string): Promise<LoadedRollout | undefined> {
    return this.index.stateOf(id);
  }

  /** Whether somebody planned that rollout. */
  knows(id: string): Promise<boolean> {
    return this.index.knows(id);
  }

  /** Looks now and then for what was archived, until it is stopped; at once too, and then it resolves. */
  async start(clock: Clock, logger: Logger): Promise<void> {
    try {
      await this.forgetArchived(true);
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'the archive cannot be read; it is looked at again in a while');
    }
    if (!this.stopped) this.cancel = clock.schedule(LOOK_MS, () => void this.start(clock, logger));
  }

  stop(): void {
    this.stopped = true;
    this.cancel();
  }

  /**
   * Lets go of what was archived since it was looked last. `again`: also of the segment before, which a follow that went
   * live meanwhile may have told once more.
   */
  async forgetArchived(again = false): Promise<void> {
    if (this.archive === undefined) return;
    this.segments ??= await this.archive.purgedThrough();
    const now = await this.archive.refresh();
    for (let segment = Math.max(1, this.segments + (again ? 0 : 1)); segment <= now; segment += 1) {
      this.index.forget(await this.archive.rolloutsOf(segment));
      this.segments = Math.max(this.segments, segment);
    }
  }

  private async archivedPage(filter: ListQuery): Promise<ArchivedPage> {
    return (await this.archive?.page({ ...filter, limit: filter.limit + 1 })) ?? NOTHING;
  }
}
