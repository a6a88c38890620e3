import type { ServerResponse } from 'node:http';

import type { Followed } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';

import { commitView } from '../read-model/commit-view.js';

export interface StreamOptions {
  readonly heartbeatMs: number;
  /** A client that takes nothing for so long is dropped. */
  readonly drainMs: number;
}

export interface EventStreamParts {
  readonly response: ServerResponse;
  readonly clock: Clock;
  readonly options: StreamOptions;
  /** Asked with each heartbeat: false ends the stream, e.g. when its token was taken back. */
  readonly isAllowed: () => boolean;
}

/**
 * Server-sent events of one rollout: each commit of the log with its position as the event's id, `live` once when the
 * past has been told. What a client has not taken is held by the socket alone and the log is not read on meanwhile.
 */
export class EventStream {
  private readonly gone = new AbortController();
  private stopHeartbeat = (): void => {};

  constructor(private readonly parts: EventStreamParts) {
    parts.response.once('close', () => this.close());
    parts.response.once('error', () => this.close());
  }

  /** Aborted when the client left, was dropped, or the gateway stops. */
  get signal(): AbortSignal {
    return this.gone.signal;
  }

  open(): void {
    this.parts.response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      connection: 'keep-alive',
    });
    this.parts.response.write('retry: 1000\n\n');
    this.beat();
  }

  async send(followed: Followed): Promise<void> {
    if (followed.kind === 'live') {
      await this.write(`event: live\ndata: ${JSON.stringify({ position: followed.position })}\n\n`);
      return;
    }
    const view = commitView(followed.commit);
    await this.write(`id: ${view.position}\nevent: commit\ndata: ${JSON.stringify(view)}\n\n`);
  }

  close(): void {
    if (this.gone.signal.aborted) return;
    this.gone.abort();
    this.stopHeartbeat();
    this.parts.response.end();
  }

  private beat(): void {
    this.stopHeartbeat = this.parts.clock.schedule(this.parts.options.heartbeatMs, () => {
      if (this.gone.signal.aborted) return;
      if (!this.parts.isAllowed()) {
        this.close();
        return;
      }
      // A heartbeat is worth nothing to a client that does not read.
      if (!this.parts.response.writableNeedDrain) this.parts.response.write(': here\n\n');
      this.beat();
    });
  }

  private async write(text: string): Promise<void> {
    const { response, clock, options } = this.parts;
    if (this.gone.signal.aborted || response.write(text)) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(options.drainMs, () => response.destroy());
      const go = (): void => {
        cancel();
        response.off('drain', go);
        response.off('close', go);
        resolve();
      };
      response.once('drain', go);
      response.once('close', go);
    });
  }
}
