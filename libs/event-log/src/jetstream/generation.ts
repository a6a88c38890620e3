import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';

import type { ConnectionWatch } from './connection-watch.js';
import type { LogStream } from './log-stream.js';

// Bounds what a slow reader holds in memory: the next messages are asked for as the earlier ones are read.
const MESSAGES_AHEAD = 500;
const EXPIRES_MS = 5_000;
const TICK_MS = 500;
const STALLED_TICKS = 4;

/** Messages of a consumer in order, without a gap, for as long as it lives. */
export interface Generation {
  /** How many messages waited when it began. */
  readonly pending: number;
  /** Ends without an error when something was missed or the connection was lost: begin the next one behind the last. */
  readonly messages: AsyncIterable<JsMsg>;
}

export interface GenerationOptions {
  readonly log: LogStream;
  readonly watch: ConnectionWatch;
  readonly subject: string;
  /** A position, or the last message of each subject and what comes then. */
  readonly from: number | 'latest';
  readonly signal?: AbortSignal;
}

export async function openGeneration(options: GenerationOptions): Promise<Generation> {
  const { consumer, pending } = await options.log.consumer(options.subject, options.from);
  const remove = (): void => void consumer.delete().catch(() => false);
  return { pending, messages: consumed(options, pending, () => consumer.consume(consumeOptions), remove) };
}

const consumeOptions = { max_messages: MESSAGES_AHEAD, expires: EXPIRES_MS, abort_on_missing_resource: true };

async function* consumed(
  { watch, signal }: GenerationOptions,
  pending: number,
  consume: () => Promise<ConsumerMessages>,
  remove: () => void,
): AsyncIterable<JsMsg> {
  const messages = await consume();
  const stop = (): void => messages.stop();
  const forget = watch.onLost(stop);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  const stall = new Stall(pending, stop);
  let delivered = 0;
  try {
    for await (const message of messages) {
      stall.came(message.info.pending);
      delivered += 1;
      if (message.info.deliverySequence !== delivered || signal?.aborted === true) return;
      yield message;
      stall.waits();
    }
  } catch {
    // The consumer or the stream is gone: whoever opens the next generation finds out which.
  } finally {
    stall.end();
    forget();
    signal?.removeEventListener('abort', stop);
    stop();
    remove();
  }
}

/**
 * Ends a generation that waits for messages which stood there and do not come: the archiver took them away meanwhile.
 * Whoever opens the next one finds that nothing is left.
 */
class Stall {
  private readonly timer: NodeJS.Timeout;
  private isWaiting = true;
  private ticks = 0;

  constructor(
    private pending: number,
    onStall: () => void,
  ) {
    this.timer = setInterval(() => {
      this.ticks = this.isWaiting && this.pending > 0 ? this.ticks + 1 : 0;
      if (this.ticks >= STALLED_TICKS) onStall();
    }, TICK_MS).unref();
  }

  came(pending: number): void {
    this.pending = pending;
    this.isWaiting = false;
    this.ticks = 0;
  }

  waits(): void {
    this.isWaiting = true;
  }

  end(): void {
    clearInterval(this.timer);
  }
}
