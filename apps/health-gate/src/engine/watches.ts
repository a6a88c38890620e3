import type { RecordedCommit, RolloutEvent } from '@sluice/contracts';

import { endsRollout, RolloutWatch } from '../watch/rollout-watch.js';

/** Rollouts between two requests may keep so many targets in memory; the longest idle go first, and are read again. */
const MAX_IDLE_TARGETS = 200_000;

/** The rollouts in memory: those with an open request, and those between two of theirs. */
export class Watches {
  private readonly byId = new Map<string, RolloutWatch>();
  private readonly open = new Set<RolloutWatch>();
  private readonly idle = new Set<RolloutWatch>();
  private idleTargets = 0;

  get(id: string): RolloutWatch | undefined {
    return this.byId.get(id);
  }

  get size(): number {
    return this.byId.size;
  }

  all(): RolloutWatch[] {
    return [...this.byId.values()];
  }

  /** Those that wait for something: a verdict, or to be read. */
  waiting(): IterableIterator<RolloutWatch> {
    return this.open.values();
  }

  /** The watch of a commit of an exec stream, undefined when the rollout is over with it. */
  of(commit: RecordedCommit<'exec'>): RolloutWatch | undefined {
    const { id, shard } = commit.stream;
    const known = this.byId.get(id);
    if (known !== undefined || isOverWith(commit.events)) return known;
    const watch = new RolloutWatch(id, shard, commit.head.position);
    this.byId.set(id, watch);
    this.open.add(watch);
    return watch;
  }

  delete(watch: RolloutWatch): void {
    this.wake(watch);
    this.open.delete(watch);
    this.byId.delete(watch.id);
  }

  wake(watch: RolloutWatch): void {
    if (this.idle.delete(watch)) this.idleTargets -= watch.state.targets.length;
    this.open.add(watch);
  }

  /** Nothing is asked of it for now. Those that were idle for longest make room. */
  rest(watch: RolloutWatch): void {
    if (this.idle.has(watch)) return;
    this.open.delete(watch);
    this.idle.add(watch);
    this.idleTargets += watch.state.targets.length;
    for (const oldest of this.idle) {
      if (this.idleTargets <= MAX_IDLE_TARGETS) return;
      this.delete(oldest);
    }
  }
}

/** What a rollback asks of an ended rollout opens it no more. */
const isOverWith = (events: readonly RolloutEvent[]): boolean =>
  endsRollout(events) || events.every(({ type }) => type === 'RollbackRequested');
