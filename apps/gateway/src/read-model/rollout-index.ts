import { isRolloutId, type RecordedCommit } from '@sluice/contracts';
import {
  initialRollout,
  isTerminal,
  type RolloutState,
  type RolloutStatus,
  type RolloutSummary,
  summarizeRollout,
} from '@sluice/rollout';

import { Lru } from './lru.js';
import { evolveCommit, type LoadedRollout, loadRollout, type LogReader } from './rollout-loader.js';
import { type ListQuery, type RolloutEntry, RolloutOrder } from './rollout-order.js';

export interface RolloutIndexOptions {
  /** Ended rollouts that are kept folded after somebody asked for them. */
  readonly keptEnded?: number;
  /** Plans without a seal that are kept folded. */
  readonly keptUnsealed?: number;
}

const ENDED: ReadonlySet<RolloutStatus> = new Set<RolloutStatus>(['succeeded', 'failed', 'cancelled', 'closed']);

/** One rollout of a list, and the log position of its sealed plan. */
export interface Listed {
  readonly position: number;
  readonly summary: RolloutSummary;
}

/**
 * The read model of all rollouts in the log: summaries of all, the full state of the open ones. It follows the log one commit
 * after another; a commit that it has seen already changes nothing.
 */
export class RolloutIndex {
  private readonly entries = new Map<string, RolloutEntry>();
  private readonly order = new RolloutOrder();
  private readonly unsealed: Lru<RolloutState>;
  private readonly ended: Lru<LoadedRollout>;
  private readonly loading = new Map<string, Promise<LoadedRollout | undefined>>();

  constructor(
    private readonly log: LogReader,
    options: RolloutIndexOptions = {},
  ) {
    this.ended = new Lru(options.keptEnded ?? 16);
    this.unsealed = new Lru(options.keptUnsealed ?? 64);
  }

  get size(): number {
    return this.entries.size;
  }

  /** Rollouts whose whole state is in memory because they are open. */
  get openCount(): number {
    return this.order.openCount;
  }

  countByState(): ReadonlyMap<RolloutStatus, number> {
    const counts = new Map<RolloutStatus, number>();
    for (const entry of this.entries.values()) {
      const state = statusOf(entry);
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return counts;
  }

  entry(id: string): RolloutEntry | undefined {
    return this.entries.get(id);
  }

  summary(entry: RolloutEntry): RolloutSummary {
    if (entry.resting !== undefined) return entry.resting;
    return summarizeRollout(entry.state ?? initialRollout());
  }

  /** Newest first, with the positions that order them. */
  listed(query: ListQuery): readonly Listed[] {
    const { entries } = this.order.page(query, statusOf);
    return entries.map((entry) => ({ position: entry.position, summary: this.summary(entry) }));
  }

  forgetAll(): void {
    this.forget([...this.entries.keys()]);
    this.ended.clear();
    this.unsealed.clear();
  }

  /** Rollouts that left the log: they are asked for elsewhere. */
  forget(ids: readonly string[]): void {
    const gone = new Set<RolloutEntry>();
    for (const id of ids) {
      const entry = this.entries.get(id);
      if (entry === undefined) continue;
      gone.add(entry);
      this.entries.delete(id);
    }
    if (gone.size > 0) this.order.remove(gone);
  }

  /** Newest first. `next` is the position that continues the list, undefined at its end. */
  list(query: ListQuery): { readonly items: readonly RolloutSummary[]; readonly next: number | undefined } {
    const { entries, next } = this.order.page(query, statusOf);
    return { items: entries.map((entry) => this.summary(entry)), next };
  }

  /** The whole state, read from the log when the rollout has ended. Undefined for an id that nobody planned. */
  async stateOf(id: string): Promise<LoadedRollout | undefined> {
    const entry = this.entries.get(id);
    if (entry === undefined) return isRolloutId(id) ? this.stateOfUnlisted(id) : undefined;
    if (entry.state !== undefined) return { state: entry.state, rev: entry.rev };
    const kept = this.ended.get(id);
    if (kept !== undefined && kept.rev >= entry.rev) return kept;
    const loaded = await this.load(id);
    if (loaded !== undefined) this.ended.set(id, loaded);
    return loaded;
  }

  /** Archived; or a moment old, so that who was told of it finds it though the index has not come that far. */
  private async stateOfUnlisted(id: string): Promise<LoadedRollout | undefined> {
    const kept = this.ended.get(id);
    if (kept !== undefined) return kept;
    const loaded = await this.load(id);
    if (loaded !== undefined && isTerminal(loaded.state.status)) this.ended.set(id, loaded);
    return loaded;
  }

  /** Whether somebody planned that rollout. */
  async knows(id: string): Promise<boolean> {
    return this.entries.has(id) || (await this.stateOf(id)) !== undefined;
  }

  /** Folds the next commit of the log. Reads the log only when an ended rollout goes on. */
  async apply(commit: RecordedCommit): Promise<void> {
    if (isOf(commit, 'plan')) this.applyPlan(commit);
    else if (isOf(commit, 'exec')) await this.applyExec(commit);
  }

  private applyPlan(commit: RecordedCommit<'plan'>): void {
    const { id } = commit.stream;
    if (this.entries.has(id) || commit.events.every(({ type }) => type === 'RequestRefused')) return;
    const state = evolveCommit(this.unsealed.get(id) ?? initialRollout(), commit);
    if (state.plan === undefined) {
      this.unsealed.set(id, state);
      return;
    }
    this.unsealed.delete(id);
    const { app, group } = state.plan;
    const { position, at: plannedAt } = commit.head;
    const entry: RolloutEntry = { id, app, group, position, plannedAt, rev: 0, state, resting: undefined };
    this.entries.set(id, entry);
    this.order.add(entry);
  }

  private async applyExec(commit: RecordedCommit<'exec'>): Promise<void> {
    const entry = this.entries.get(commit.stream.id);
    if (entry === undefined || commit.head.rev <= entry.rev) return;
    if (entry.state === undefined || commit.head.rev > entry.rev + 1) await this.reload(entry);
    else {
      entry.state = evolveCommit(entry.state, commit);
      entry.rev = commit.head.rev;
    }
    this.rest(entry);
  }

  /** An ended rollout goes on (a retry, a rollback), or the follow skipped something: the log has all of it. */
  private async reload(entry: RolloutEntry): Promise<void> {
    this.ended.delete(entry.id);
    const loaded = await this.load(entry.id);
    if (loaded === undefined) return;
    entry.state = loaded.state;
    entry.rev = loaded.rev;
    entry.resting = undefined;
  }

  private rest(entry: RolloutEntry): void {
    const { state } = entry;
    if (state !== undefined && ENDED.has(state.status)) {
      entry.resting = summarizeRollout(state);
      entry.state = undefined;
    }
    this.order.moved(entry, entry.state !== undefined);
  }

  private load(id: string): Promise<LoadedRollout | undefined> {
    const running = this.loading.get(id);
    if (running !== undefined) return running;
    const load = loadRollout(this.log, id).finally(() => this.loading.delete(id));
    this.loading.set(id, load);
    return load;
  }
}

const statusOf = (entry: RolloutEntry): RolloutStatus => entry.resting?.state ?? entry.state?.status ?? 'unplanned';

const isOf = <W extends 'plan' | 'exec'>(commit: RecordedCommit, writer: W): commit is RecordedCommit<W> =>
  commit.stream.writer === writer;
