import { type JsMsg, PubHeaders } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  type RecordedCommit,
  type StreamHead,
  type StreamName,
  streamOfSubject,
  SUBJECTS,
  type Writer,
} from '@sluice/contracts';
import { isSluiceError, SluiceError } from '@sluice/kernel';

import { matcherOf, subjectOf } from '../follow-filter.js';
import { OwnCommits } from '../own-commits.js';
import type { CommitDraft, EventLog, Followed, FollowOptions } from '../port.js';
import { recordedCommit } from '../recorded.js';
import { appendCommit } from './append.js';
import { ConnectionWatch } from './connection-watch.js';
import { Continuity, type Seen } from './continuity.js';
import { type Generation, openGeneration } from './generation.js';
import { LogStream } from './log-stream.js';
import { placeOf } from './place-of.js';

export interface JetStreamEventLogOptions {
  /** How long one try of an append waits for its answer, in ms; 5 s when absent. */
  readonly tryMs?: number;
  /** How long an append, a read or a look-up is tried in all before LOG_UNAVAILABLE, in ms; 30 s when absent. */
  readonly boundMs?: number;
}

const PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** From here on the place of a revision is looked up, and what stands before it is not read. */
const FAR = 256;

/** The log on JetStream: one stream (see provision), one subject per stream of the log. */
export class JetStreamEventLog implements EventLog {
  readonly #log: LogStream;
  readonly #watch: ConnectionWatch;
  readonly #tryMs: number;
  readonly #boundMs: number;
  readonly #own = new OwnCommits();
  readonly #continuity: Continuity;

  constructor(nats: NatsConnection, options: JetStreamEventLogOptions = {}) {
    this.#watch = new ConnectionWatch(nats);
    this.#log = new LogStream(nats, this.#watch);
    this.#continuity = new Continuity(this.#log, this.#watch);
    this.#tryMs = options.tryMs ?? 5_000;
    this.#boundMs = options.boundMs ?? 30_000;
  }

  async append(stream: StreamName, expected: StreamHead, draft: CommitDraft): Promise<StreamHead> {
    const to = { log: this.#log, watch: this.#watch, tryMs: this.#tryMs, boundMs: this.#boundMs, own: this.#own };
    const head = await appendCommit(to, stream, expected, draft);
    this.#continuity.wrote(head);
    return head;
  }

  async *read<W extends Writer>(
    stream: StreamName & { readonly writer: W },
    fromRev = 1,
  ): AsyncIterable<RecordedCommit<W>> {
    const subject = SUBJECTS.log(stream);
    const first = fromRev > FAR ? await this.#tried('read a stream', () => placeOf(this.#log, subject, fromRev)) : 1;
    for (let last = first - 1, isDone = false; !isDone;) {
      const from = last + 1;
      const generation = await this.#tried('read a stream', () => this.#open(subject, from));
      isDone = generation.pending === 0;
      if (isDone) return;
      for await (const message of generation.messages) {
        last = message.seq;
        const commit = commitOf(stream, message) as RecordedCommit<W>;
        if (commit.head.rev >= fromRev) yield commit;
        isDone = message.info.pending === 0;
        if (isDone) break;
      }
    }
  }

  async last<W extends Writer>(stream: StreamName & { readonly writer: W }): Promise<RecordedCommit<W> | undefined> {
    const found = await this.#tried('read the end of a stream', () => this.#log.lastOf(SUBJECTS.log(stream)));
    if (found === undefined) return undefined;
    return recordedCommit({ stream, position: found.seq, bytes: found.data }) as RecordedCommit<W>;
  }

  async *follow(options: FollowOptions): AsyncIterable<Followed> {
    const { signal } = options;
    const subject = subjectOf(options);
    const wants = matcherOf(options);
    const end = await this.#tried('follow the log', () => this.#log.position());
    const seen: Seen = { last: Math.max(0, options.from - 1), place: options.after, era: this.#continuity.era };
    const live = new LiveMark(end);
    while (!signal.aborted) {
      const generation = await this.#reopened({ subject, latest: options.latest === true }, seen, signal);
      if (generation === undefined) return;
      if (live.isDue(generation.pending === 0)) yield live.item;
      for await (const message of generation.messages) {
        if (live.isDue(message.seq > end)) yield live.item;
        seen.last = message.seq;
        const stream = streamOf(message);
        if (wants(stream)) {
          const commit = this.#ownOf(message) ?? commitOf(stream, message);
          seen.place = commit.head;
          yield { kind: 'commit', commit };
        }
        if (live.isDue(message.seq === end || message.info.pending === 0)) yield live.item;
      }
    }
  }

  position(): Promise<number> {
    return this.#tried('ask for the position of the log', () => this.#log.position());
  }

  #ownOf({ headers, seq, data }: JsMsg): RecordedCommit | undefined {
    return this.#own.find(headers?.get(PubHeaders.MsgIdHdr) ?? '', seq, data);
  }

  #open(subject: string, from: number | 'latest', signal?: AbortSignal): Promise<Generation> {
    const options = { log: this.#log, watch: this.#watch, subject, from };
    return openGeneration(signal === undefined ? options : { ...options, signal });
  }

  /**
   * Begins behind what was seen, if the log still holds that, however long the server is away. Undefined when the
   * signal aborted meanwhile.
   */
  async #reopened(
    { subject, latest }: { readonly subject: string; readonly latest: boolean },
    seen: Seen,
    signal: AbortSignal,
  ): Promise<Generation | undefined> {
    for (let pause = PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        await this.#continuity.assertHolds(seen);
        const from = latest && seen.last === 0 ? 'latest' : seen.last + 1;
        return await this.#open(subject, from, AbortSignal.any([signal, seen.era]));
      } catch (error) {
        if (!isSluiceError(error, 'NATS_UNAVAILABLE') || this.#watch.isClosed) throw error;
        await this.#watch.untilUp(pause, LONGEST_PAUSE_MS);
      }
    }
    return undefined;
  }

  /** Tries again while the server cannot be reached, up to the bound. Code LOG_UNAVAILABLE. */
  async #tried<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + this.#boundMs;
    for (let pause = PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await work();
      } catch (cause) {
        if (!isSluiceError(cause, 'NATS_UNAVAILABLE')) throw cause;
        const left = deadline - Date.now();
        if (left <= 0 || this.#watch.isClosed) {
          const message = `could not ${doing} within ${this.#boundMs} ms: check that nats-server runs, then try again`;
          throw new SluiceError('LOG_UNAVAILABLE', message, {}, { cause });
        }
        await this.#watch.untilUp(pause, left);
      }
    }
  }
}

/** Says once that what stood in the log at the start was yielded. */
class LiveMark {
  readonly item: Followed;
  #isSaid = false;

  constructor(position: number) {
    this.item = { kind: 'live', position };
  }

  isDue(isCaughtUp: boolean): boolean {
    if (this.#isSaid || !isCaughtUp) return false;
    this.#isSaid = true;
    return true;
  }
}

const commitOf = (stream: StreamName, { seq, data }: JsMsg): RecordedCommit =>
  recordedCommit({ stream, position: seq, bytes: data });

function streamOf({ subject, seq }: JsMsg): StreamName {
  const stream = streamOfSubject(subject);
  if (stream !== undefined) return stream;
  const message = `position ${seq} of the log has a subject that Sluice does not write: ${subject}`;
  throw new SluiceError('BAD_COMMIT', message, { position: seq });
}
