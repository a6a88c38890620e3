import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { STREAMS, SUBJECTS } from '@sluice/contracts';
import { messageOf } from '@sluice/kernel';

import { couldNot } from './files.js';

/** What a reader says before he takes something out of the log. */
export interface Access {
  readonly id: string;
  /** ms since the epoch. */
  readonly at: number;
  /** `user:ana`: who he says he is. The account on NATS beside it is what the server knows. */
  readonly by: string;
  readonly account: string;
  readonly what: 'export';
  readonly format: string;
  readonly filter: object;
}

/** Where it was written down. */
export interface RecordedAccess {
  readonly stream: string;
  readonly position: number;
}

/** Acknowledged when it resolves: nothing is read before. */
export async function recordAccess(nats: NatsConnection, access: Access): Promise<RecordedAccess> {
  try {
    const text = JSON.stringify({ v: 1, ...access });
    const { seq } = await jetstream(nats).publish(SUBJECTS.access, text, { msgID: access.id });
    return { stream: STREAMS.access, position: seq };
  } catch (error) {
    throw couldNot(`nothing is exported, as it cannot be recorded who does it: ${messageOf(error)}`);
  }
}
