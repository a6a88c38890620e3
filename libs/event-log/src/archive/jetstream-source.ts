import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { STREAMS, type StreamName, streamOfSubject, SUBJECTS } from '@sluice/contracts';
import { translateNatsError } from '@sluice/messaging';

import { ConnectionWatch } from '../jetstream/connection-watch.js';
import { openGeneration } from '../jetstream/generation.js';
import { LogStream } from '../jetstream/log-stream.js';
import type { RawCommit } from '../recorded.js';
import type { ArchiveSource } from './archive-source.js';
import { damaged } from './line.js';

/** The log on JetStream as the archiver reads and shortens it. Codes: NATS_UNAVAILABLE, LOG_MISSING; try again later. */
export class JetStreamArchiveSource implements ArchiveSource {
  readonly #watch: ConnectionWatch;
  readonly #log: LogStream;

  constructor(private readonly nats: NatsConnection) {
    this.#watch = new ConnectionWatch(nats);
    this.#log = new LogStream(nats, this.#watch);
  }

  async *raw({ shard, id }: Pick<StreamName, 'shard' | 'id'>): AsyncIterable<RawCommit> {
    const subject = SUBJECTS.logOfId(shard, id);
    for (let last = 0, isDone = false; !isDone;) {
      const generation = await openGeneration({ log: this.#log, watch: this.#watch, subject, from: last + 1 });
      isDone = generation.pending === 0;
      if (isDone) return;
      for await (const message of generation.messages) {
        last = message.seq;
        const stream = streamOfSubject(message.subject);
        if (stream === undefined) throw damaged(`the log has the subject ${message.subject}`);
        yield { stream, position: message.seq, bytes: message.data };
        isDone = message.info.pending === 0;
        if (isDone) break;
      }
    }
  }

  /** One subject at a time: nats-server 2.10.27 leaves messages of others there when a wildcard is purged up to a place. */
  async purge(stream: StreamName, through: number): Promise<void> {
    try {
      const manager = await jetstreamManager(this.nats, { checkAPI: false });
      await manager.streams.purge(STREAMS.log, { filter: SUBJECTS.log(stream), seq: through + 1 });
    } catch (error) {
      throw translateNatsError(error, 'purge what was archived', STREAMS.log);
    }
  }
}
