import type { EventToAppend, RecordedCommit, StreamHead, StreamName } from '@sluice/contracts';

import type { CommitDraft, EventLog, Followed, FollowOptions } from './port.js';

/** A commit of this process that is durable. */
export interface AppendedCommit {
  readonly stream: StreamName;
  readonly head: StreamHead;
  readonly events: readonly EventToAppend[];
  /** From the call to the acknowledgement, in ms. */
  readonly tookMs: number;
}

/** What looks on while a service uses the log. It must not throw, and costs nothing where it does not listen. */
export interface LogObserver {
  readonly appended?: (commit: AppendedCommit) => void;
  readonly appendFailed?: (stream: StreamName, error: unknown) => void;
  /** Each commit of each follow, before its reader has it. */
  readonly followed?: (commit: RecordedCommit) => void;
}

/** The log with onlookers. The reader of a commit is never ahead of them. */
export class ObservedEventLog implements EventLog {
  constructor(
    private readonly inner: EventLog,
    private readonly observers: readonly LogObserver[],
    private readonly now: () => number = () => performance.now(),
  ) {}

  async append(stream: StreamName, expected: StreamHead, draft: CommitDraft): Promise<StreamHead> {
    const from = this.now();
    let head: StreamHead;
    try {
      head = await this.inner.append(stream, expected, draft);
    } catch (error) {
      for (const { appendFailed } of this.observers) appendFailed?.(stream, error);
      throw error;
    }
    const commit = { stream, head, events: draft.events, tookMs: this.now() - from };
    for (const { appended } of this.observers) appended?.(commit);
    return head;
  }

  read: EventLog['read'] = (stream, fromRev) => this.inner.read(stream, fromRev);

  last: EventLog['last'] = (stream) => this.inner.last(stream);

  follow(options: FollowOptions): AsyncIterable<Followed> {
    const followed = this.inner.follow(options);
    const listening = this.observers.flatMap((observer) =>
      observer.followed === undefined ? [] : [observer.followed],
    );
    return listening.length === 0 ? followed : told(followed, listening);
  }

  position(): Promise<number> {
    return this.inner.position();
  }
}

async function* told(
  followed: AsyncIterable<Followed>,
  listening: readonly ((commit: RecordedCommit) => void)[],
): AsyncIterable<Followed> {
  for await (const item of followed) {
    if (item.kind === 'commit') for (const listen of listening) listen(item.commit);
    yield item;
  }
}
