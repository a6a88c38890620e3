import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type Notification, parseNotification, STREAMS } from '@sluice/contracts';

/** Everything that was ever told, in the order of the stream, as a bot that starts late reads it. */
export async function notifications(nats: NatsConnection): Promise<readonly Notification[]> {
  const consumer = await jetstream(nats).consumers.get(STREAMS.notify);
  const told: Notification[] = [];
  const { num_pending } = await consumer.info(true);
  if (num_pending === 0) return told;
  for await (const message of await consumer.consume()) {
    told.push(parseNotification(message.data));
    if (message.info.pending === 0) break;
  }
  return told;
}
