import type { RecordedCommit, StreamName } from '@sluice/contracts';
import type { ToldEvent } from '@sluice/notification';

import { afterCommit, isTold, type Ledger } from '../ledger/ledger.js';

/** The events of one stream id that wait to be told, in the order of the log. */
export class RolloutQueue {
  readonly events: ToldEvent[] = [];
  /** Undefined until it was read, and again after a conflict. */
  ledger: Ledger | undefined;
  busy = false;
  /** Events that left since the last count. */
  left = 0;

  constructor(readonly source: Pick<StreamName, 'shard' | 'id'>) {}

  /** A commit of the ledger, ours or another notifier's. */
  recorded(commit: RecordedCommit<'notice'>): void {
    const after = afterCommit(commit);
    if ((this.ledger?.head.rev ?? 0) < after.head.rev) this.ledger = after;
    // While a batch is under way it is the queue's head, and stays.
    if (!this.busy) this.dropTold();
  }

  /** Takes away what the ledger says was told. */
  dropTold(): void {
    const { ledger } = this;
    if (ledger === undefined) return;
    const first = this.events.findIndex((event) => !isTold(event, ledger.told));
    this.drop(first < 0 ? this.events.length : first);
  }

  drop(count: number): void {
    this.left += this.events.splice(0, count).length;
  }
}
