import type { NatsConnection } from '@nats-io/nats-core';

import { isConnectionOver } from './nats-errors.js';

/**
 * Resolves when the server knows of every subscription that was made so far. One that loses the connection meanwhile is
 * made again with the connection, so that is no reason to give up; it throws only when the connection is over.
 */
export async function registered(nats: NatsConnection): Promise<void> {
  try {
    await nats.flush();
  } catch (error) {
    if (isConnectionOver(error) || nats.isClosed()) throw error;
  }
}
