import { shardOfId } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { type Clock, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

import type { Reply } from '../http/exchange.js';
import { refuse } from '../problems/problem.js';
import { type CommitView, commitView } from '../read-model/commit-view.js';
import { EventStream, type StreamOptions } from './event-stream.js';

export interface StreamsParts {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: StreamOptions & { readonly maxStreams: number };
}

export interface LiveRequest {
  readonly id: string;
  /** Log position of the last commit that the client knows. */
  readonly after: number;
  readonly reply: Reply;
  /** Asked now and then: false ends the stream. */
  readonly isAllowed: () => boolean;
}

/** The history of one rollout: all writers of its id, in the order of the log; as pages, or as a live stream. */
export class RolloutStreams {
  private readonly open = new Set<EventStream>();

  constructor(private readonly parts: StreamsParts) {}

  get count(): number {
    return this.open.size;
  }

  /** Up to `limit` commits after that position. `next` is the position that continues; null when the past is told. */
  async page(id: string, after: number, limit: number): Promise<{ items: CommitView[]; next: number | null }> {
    const items: CommitView[] = [];
    const abort = new AbortController();
    try {
      for await (const followed of this.follow(id, after, abort.signal)) {
        if (followed.kind === 'live') return { items, next: null };
        if (items.length === limit) return { items, next: items.at(-1)?.position ?? after };
        items.push(commitView(followed.commit));
      }
    } finally {
      abort.abort();
    }
    return { items, next: null };
  }

  /** Tells everything after that position, then what happens, until the client leaves. */
  async stream({ id, after, reply, isAllowed }: LiveRequest): Promise<void> {
    const { clock, options, logger } = this.parts;
    if (this.open.size >= options.maxStreams) {
      throw refuse('TOO_MANY_STREAMS', `${options.maxStreams} live streams are open: close one, or read the pages`);
    }
    reply.hijack();
    const stream = new EventStream({ response: reply.raw, clock, options, isAllowed });
    this.open.add(stream);
    stream.open();
    try {
      for await (const followed of this.follow(id, after, stream.signal)) await stream.send(followed);
    } catch (error) {
      logger.warn({ rollout: id, reason: messageOf(error) }, 'a live stream ended by a fault: its client resumes it');
    } finally {
      this.open.delete(stream);
      stream.close();
    }
  }

  stop(): void {
    for (const stream of this.open) stream.close();
  }

  private follow(id: string, after: number, signal: AbortSignal): ReturnType<EventLog['follow']> {
    return this.parts.log.follow({ shards: [shardOfId(id) ?? '00'], id, from: after + 1, signal });
  }
}
