import type { NatsConnection } from '@nats-io/nats-core';
import { streamOfSubject, SUBJECTS } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import type { RawCommit } from '../recorded.js';
import { ConnectionWatch } from './connection-watch.js';
import { openGeneration } from './generation.js';
import { LogStream } from './log-stream.js';

/**
 * The whole log on JetStream as bytes, in its order, from the first message that is there up to its end when the read
 * began; from a position on when one is given, and of a mirror with the name of its stream. Codes: NATS_UNAVAILABLE, LOG_MISSING; BAD_COMMIT for a message under a
 * subject that Sluice does not write.
 */
export async function* rawLog(nats: NatsConnection, from = 1, mirror?: string): AsyncIterable<RawCommit> {
  const watch = new ConnectionWatch(nats);
  const log = new LogStream(nats, watch, mirror);
  const end = await log.position();
  for (let last = Math.max(1, from) - 1; last < end;) {
    const generation = await openGeneration({ log, watch, subject: SUBJECTS.wholeLog, from: last + 1 });
    if (generation.pending === 0) return;
    for await (const { seq, subject, data } of generation.messages) {
      const stream = streamOfSubject(subject);
      if (stream === undefined) throw foreign(subject, seq);
      last = seq;
      if (seq <= end) yield { stream, position: seq, bytes: data };
      if (seq >= end) break;
    }
  }
}

const foreign = (subject: string, position: number): SluiceError =>
  new SluiceError(
    'BAD_COMMIT',
    `position ${position} of the log has a subject that Sluice does not write: ${subject}`,
    {
      position,
    },
  );
