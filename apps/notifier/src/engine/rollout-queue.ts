import type { RecordedCommit, StreamName } from '@sluice/contracts';
import type { ToldEvent } from '@sluice/notification';

import { afterCommit, isTold, type Ledger } from '../ledger/ledger.js';

/** The events of one stream id that wait to be told, in the order of the log. */
export class RolloutQueue {
  readonly events: ToldEvent[] = [];
  /** Undefined until it was read, and again after a conflict. */
  ledger: Ledger | undefined;
  busy = false;

  constructor(readonly source: Pick<StreamName, 'shard' | 'id'>) {}

  /** A commit of the ledger, ours or another notifier's. Returns how many events it made superfluous. */
  recorded(commit: RecordedCommit<'notice'>): number {
    const after = afterCommit(commit);
    if ((this.ledger?.head.rev ?? 0) < after.head.rev) this.ledger = after;
    return this.busy ? 0 : this.dropTold();
  }

  /** Takes away what the ledger says was told. Never while a batch is under way: it is the queue's head. */
  dropTold(): number {
    const { ledger } = this;
    if (ledger === undefined) return 0;
    const first = this.events.findIndex((event) => !isTold(event, ledger.told));
    const told = first < 0 ? this.events.length : first;
    this.events.splice(0, told);
    return told;
  }
}
