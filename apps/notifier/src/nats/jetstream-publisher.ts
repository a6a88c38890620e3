import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type Notification, STREAMS, SUBJECTS } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import { translateNatsError } from '@sluice/messaging';

import type { NoticePublisher } from '../engine/ports.js';

const ACK_MS = 5_000;
const encoder = new TextEncoder();

/** Publishes into SLUICE_NOTIFY and waits for its ack. Codes NOTICE_REFUSED, STREAM_MISSING, NATS_UNAVAILABLE. */
export function jetstreamPublisher(nats: NatsConnection): NoticePublisher {
  const stream = jetstream(nats, { timeout: ACK_MS });
  return {
    async publish(notification: Notification): Promise<void> {
      const { app, severity } = notification.data;
      const bytes = encoder.encode(JSON.stringify(notification));
      const most = nats.info?.max_payload ?? Number.POSITIVE_INFINITY;
      if (bytes.length > most) {
        throw new SluiceError('NOTICE_REFUSED', `a notification has ${bytes.length} bytes, the server takes ${most}`);
      }
      try {
        await stream.publish(SUBJECTS.notify(app, severity), bytes, { msgID: notification.id, timeout: ACK_MS });
      } catch (error) {
        throw translateNatsError(error, 'publish a notification', STREAMS.notify);
      }
    },
  };
}
