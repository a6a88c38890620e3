import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';

import type { ConnectionWatch } from './connection-watch.js';
import type { LogStream } from './log-stream.js';

// Bounds what a slow reader holds in memory: the next messages are asked for as the earlier ones are read.
const MESSAGES_AHEAD = 500;
const EXPIRES_MS = 5_000;

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
  readonly from: number;
  readonly signal?: AbortSignal;
}

export async function openGeneration(options: GenerationOptions): Promise<Generation> {
  const { consumer, pending } = await options.log.consumer(options.subject, options.from);
  const remove = (): void => void consumer.delete().catch(() => false);
  return { pending, messages: consumed(options, () => consumer.consume(consumeOptions), remove) };
}

const consumeOptions = { max_messages: MESSAGES_AHEAD, expires: EXPIRES_MS, abort_on_missing_resource: true };

async function* consumed(
  { watch, signal }: GenerationOptions,
  consume: () => Promise<ConsumerMessages>,
  remove: () => void,
): AsyncIterable<JsMsg> {
  const messages = await consume();
  const stop = (): void => messages.stop();
  const forget = watch.onLost(stop);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  let delivered = 0;
  try {
    for await (const message of messages) {
      delivered += 1;
      if (message.info.deliverySequence !== delivered || signal?.aborted === true) return;
      yield message;
    }
  } catch {
    // The consumer or the stream is gone: whoever opens the next generation finds out which.
  } finally {
    forget();
    signal?.removeEventListener('abort', stop);
    stop();
    remove();
  }
}
