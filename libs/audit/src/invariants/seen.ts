import type { StreamHead, StreamName } from '@sluice/contracts';
import type { CommitDraft } from '@sluice/event-log';

/** A commit in the moment in which it became durable, or as it was read from a log. */
export interface Appended {
  readonly stream: StreamName;
  readonly draft: CommitDraft;
  readonly head: StreamHead;
}
