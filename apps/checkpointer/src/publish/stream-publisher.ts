import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { SUBJECTS } from '@sluice/contracts';

import type { Publisher } from '../engine/ports.js';

/** Each checkpoint as a message, word for word the signed note: whoever follows the stream has them elsewhere at once. */
export const streamPublisher = (nats: NatsConnection): Publisher => ({
  name: 'stream',
  publish: async ({ note, size, at }) => {
    await jetstream(nats).publish(SUBJECTS.checkpoint, note, { msgID: `${size}-${at}` });
  },
});
