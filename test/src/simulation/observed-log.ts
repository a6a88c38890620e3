import type { Appended } from '@sluice/audit';
import type { StreamHead, StreamName } from '@sluice/contracts';
import type { CommitDraft, EventLog, FollowOptions } from '@sluice/event-log';

export interface LogHooks {
  /** Called before the log is asked; may kill the writer: then the commit never lands. */
  readonly before: (stream: StreamName) => boolean;
  /** Called once for each commit that landed, before its writer hears of it; may kill the writer. */
  readonly landed: (appended: Appended) => void;
}

/** The log with a look at every commit in the moment in which it becomes durable. */
export class ObservedLog implements EventLog {
  private readonly seen = new Set<string>();

  constructor(
    private readonly inner: EventLog,
    private readonly hooks: LogHooks,
  ) {}

  async append(stream: StreamName, expected: StreamHead, draft: CommitDraft): Promise<StreamHead> {
    if (!this.hooks.before(stream)) return new Promise(() => undefined);
    const head = await this.inner.append(stream, expected, draft);
    const fresh = !this.seen.has(draft.id);
    this.seen.add(draft.id);
    if (fresh) this.hooks.landed({ stream, draft, head });
    return head;
  }

  read: EventLog['read'] = (stream, fromRev) => this.inner.read(stream, fromRev);

  last: EventLog['last'] = (stream) => this.inner.last(stream);

  follow(options: FollowOptions): ReturnType<EventLog['follow']> {
    return this.inner.follow(options);
  }

  position(): Promise<number> {
    return this.inner.position();
  }
}
