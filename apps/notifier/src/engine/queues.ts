import type { RecordedCommit, StreamName } from '@sluice/contracts';
import type { ToldEvent } from '@sluice/notification';

import type { Ledger } from '../ledger/ledger.js';
import { Remembered } from './remembered.js';
import { RolloutQueue } from './rollout-queue.js';

/** The queues that hold something, oldest first, and the ledgers of those that were emptied lately. */
export class Queues {
  private readonly byId = new Map<string, RolloutQueue>();
  private readonly ledgers: Remembered<Ledger>;
  private count = 0;

  constructor(remembered: number) {
    this.ledgers = new Remembered(remembered);
  }

  get pending(): number {
    return this.count;
  }

  add(stream: StreamName, events: readonly ToldEvent[]): RolloutQueue {
    const queue = this.byId.get(stream.id) ?? this.open(stream);
    queue.events.push(...events);
    this.count += events.length;
    return queue;
  }

  recorded(commit: RecordedCommit<'notice'>): void {
    const queue = this.byId.get(commit.stream.id);
    if (queue === undefined) return;
    queue.recorded(commit);
    this.recount(queue);
    if (!queue.busy) this.closeIfEmpty(queue);
  }

  /** After a round the queue stands behind the others. */
  done(queue: RolloutQueue): void {
    if (this.byId.get(queue.source.id) !== queue) return;
    this.recount(queue);
    this.byId.delete(queue.source.id);
    this.byId.set(queue.source.id, queue);
    this.closeIfEmpty(queue);
  }

  *waiting(): Generator<RolloutQueue> {
    for (const queue of this.byId.values()) if (!queue.busy) yield queue;
  }

  /** Position of the first event that is not recorded yet. */
  lowest(): number | undefined {
    let low: number | undefined;
    for (const { events } of this.byId.values()) {
      const first = events[0]?.position;
      if (first !== undefined) low = Math.min(low ?? first, first);
    }
    return low;
  }

  clear(): void {
    this.byId.clear();
    this.ledgers.clear();
    this.count = 0;
  }

  private recount(queue: RolloutQueue): void {
    this.count -= queue.left;
    queue.left = 0;
  }

  private open({ shard, id }: StreamName): RolloutQueue {
    const queue = new RolloutQueue({ shard, id });
    queue.ledger = this.ledgers.get(id);
    this.byId.set(id, queue);
    return queue;
  }

  private closeIfEmpty(queue: RolloutQueue): void {
    if (queue.events.length > 0) return;
    this.byId.delete(queue.source.id);
    if (queue.ledger !== undefined) this.ledgers.set(queue.source.id, queue.ledger);
  }
}
