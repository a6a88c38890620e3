import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { STREAMS } from '@sluice/contracts';

import { translateNatsError } from '../nats-errors.js';
import type { AccessDraft } from './record-access.js';

/** A record as it stands in the stream; `account` and the like may be absent in what others have put there. */
export interface AccessEntry extends Partial<AccessDraft> {
  readonly position: number;
}

/**
 * Who took or read what, from a moment on (ms since the epoch, by the server's clock), oldest first, up to the end when it
 * began. Codes: NATS_UNAVAILABLE, NATS_FORBIDDEN, STREAM_MISSING.
 */
export async function* accessEntries(nats: NatsConnection, since?: number): AsyncIterable<AccessEntry> {
  const consumer = await opened(nats, since);
  if (consumer.pending === 0) return;
  const messages = await consumer.consume();
  try {
    for await (const message of messages) {
      yield { ...entryOf(message.string()), position: message.seq };
      if (message.info.pending === 0) return;
    }
  } finally {
    await messages.close();
  }
}

async function opened(nats: NatsConnection, since: number | undefined) {
  try {
    const manager = await jetstreamManager(nats);
    const info = await manager.consumers.add(STREAMS.access, {
      ack_policy: AckPolicy.None,
      mem_storage: true,
      ...(since === undefined
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(since).toISOString() }),
    });
    const consumer = jetstream(nats).consumers.getConsumerFromInfo(info);
    return { pending: info.num_pending, consume: () => consumer.consume() };
  } catch (error) {
    throw translateNatsError(error, 'read who had access', STREAMS.access);
  }
}

function entryOf(text: string): Partial<AccessDraft> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
