import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  jetstream,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  ReplayPolicy,
  type StoredMsg,
} from '@nats-io/jetstream';
import { errors, type NatsConnection, nanos } from '@nats-io/nats-core';
import { STREAMS } from '@sluice/contracts';
import { isStreamMissing, translateNatsError } from '@sluice/messaging';

import { logMissing } from '../errors.js';
import type { ConnectionWatch } from './connection-watch.js';

const CONSUMER_IDLE_MS = 30_000;
const HTTP_SERVER_ERROR = 500;

/** The JetStream stream that holds the log. Its errors are translated; LOG_MISSING when it is gone or another one. */
export class LogStream {
  readonly client: JetStreamClient;
  readonly #nats: NatsConnection;
  readonly #watch: ConnectionWatch;
  #manager: Promise<JetStreamManager> | undefined;
  #created: string | undefined;

  /** `name`: of a mirror of the log; the log itself when absent. */
  constructor(
    nats: NatsConnection,
    watch: ConnectionWatch,
    private readonly name: string = STREAMS.log,
  ) {
    this.#nats = nats;
    this.#watch = watch;
    this.client = jetstream(nats);
  }

  /** The last position. A log that was deleted and made anew under a running service counts as missing. */
  async position(): Promise<number> {
    return this.#call('ask for the position of the log', async (manager) => {
      const { created, state } = await manager.streams.info(this.name);
      this.#created ??= created;
      if (this.#created !== created) throw logMissing();
      return state.last_seq;
    });
  }

  async lastOf(subject: string): Promise<StoredMsg | undefined> {
    return this.#call('read the end of a stream', async (manager) => {
      return (await manager.streams.getMessage(this.name, { last_by_subj: subject })) ?? undefined;
    });
  }

  /** The first message of a subject behind a position. */
  async nextOf(subject: string, behind: number): Promise<StoredMsg | undefined> {
    return this.#call('read what follows in a stream', async (manager) => {
      const query = { next_by_subj: subject, seq: behind + 1 };
      return (await manager.streams.getMessage(this.name, query)) ?? undefined;
    });
  }

  /** What stands at a position; undefined when it was purged, or the log ends before it. */
  async at(position: number): Promise<StoredMsg | undefined> {
    return this.#call('look for a place in the log', async (manager) => {
      return (await manager.streams.getMessage(this.name, { seq: position })) ?? undefined;
    });
  }

  /** A consumer of its own that begins at a position, or with the last of each subject, and how many messages stood there for it. */
  async consumer(subject: string, from: number | 'latest'): Promise<{ consumer: Consumer; pending: number }> {
    return this.#call('follow the log', async (manager) => {
      const info = await manager.consumers.add(this.name, {
        filter_subject: subject,
        ack_policy: AckPolicy.None,
        ...(from === 'latest'
          ? { deliver_policy: DeliverPolicy.LastPerSubject }
          : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from) }),
        replay_policy: ReplayPolicy.Instant,
        inactive_threshold: nanos(CONSUMER_IDLE_MS),
        mem_storage: true,
        num_replicas: 1,
      });
      return { consumer: this.client.consumers.getConsumerFromInfo(info), pending: info.num_pending };
    });
  }

  async #call<T>(doing: string, work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    try {
      this.#manager ??= jetstreamManager(this.#nats, { checkAPI: false });
      const manager = await this.#manager;
      // A request that went out before the connection was lost would only time out, long after it stands again.
      const result = this.#watch.isUp ? await this.#watch.whileUp(work(manager)) : 'lost';
      if (result === 'lost') throw new errors.ConnectionError('the connection is lost');
      return result;
    } catch (error) {
      if (isStreamMissing(error)) throw logMissing();
      if (isTransient(error)) throw translateNatsError(new Error(`the server is not ready (${String(error)})`), doing);
      throw translateNatsError(error, doing, this.name);
    }
  }
}

/** The server is there but cannot do it now: it starts, has lost its leader, or has no room. */
export const isTransient = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.status >= HTTP_SERVER_ERROR;
