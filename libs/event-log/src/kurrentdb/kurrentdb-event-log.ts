import {
  BACKWARDS,
  END,
  type KurrentDBClient,
  START,
  streamNameFilter,
  type ResolvedEvent,
} from '@kurrent/kurrentdb-client';
import {
  type RecordedCommit,
  sha256,
  type StreamHead,
  type StreamName,
  SUBJECTS,
  type Writer,
} from '@sluice/contracts';

import { regressed, unavailable } from '../errors.js';
import { matcherOf } from '../follow-filter.js';
import { OwnCommits } from '../own-commits.js';
import type { CommitDraft, EventLog, Followed, FollowOptions, LogPlace } from '../port.js';
import type { RawCommit } from '../recorded.js';
import { appendCommit } from './append.js';
import { isNeverWritten, isPassing, translated } from './outcomes.js';
import { PlacedIds } from './placed-ids.js';
import { numberOf, positionAt, recordedOf, type StoredCommit, storedCommit, WHOLE_LOG } from './records.js';

export interface KurrentDbEventLogOptions {
  /** How long one try of an append waits for its answer, in ms; 5 s when absent. */
  readonly tryMs?: number;
  /** How long an append, a read or a look-up is tried in all before LOG_UNAVAILABLE, in ms; 30 s when absent. */
  readonly boundMs?: number;
}

const PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
const BATCH = 512;
const OF_THE_LOG = streamNameFilter({ prefixes: [WHOLE_LOG] });

/**
 * The log on KurrentDB: one of its streams for each stream of the log, one of its events for each commit. The expected
 * revision keeps writers apart, positions are those of `$all` (growing, not dense), followers read `$all` by prefix.
 */
export class KurrentDbEventLog implements EventLog {
  readonly #client: KurrentDBClient;
  readonly #tryMs: number;
  readonly #boundMs: number;
  readonly #own = new OwnCommits();
  readonly #placed = new PlacedIds();

  constructor(client: KurrentDBClient, { tryMs = 5_000, boundMs = 30_000 }: KurrentDbEventLogOptions = {}) {
    this.#client = client;
    this.#tryMs = tryMs;
    this.#boundMs = boundMs;
  }

  append(stream: StreamName, expected: StreamHead, draft: CommitDraft): Promise<StreamHead> {
    const to = {
      client: this.#client,
      own: this.#own,
      placed: this.#placed,
      tryMs: this.#tryMs,
      boundMs: this.#boundMs,
      at: (rev: number) => this.#at(stream, rev),
    };
    return appendCommit(to, stream, expected, draft);
  }

  async *read<W extends Writer>(
    stream: StreamName & { readonly writer: W },
    fromRev = 1,
  ): AsyncIterable<RecordedCommit<W>> {
    let next = Math.max(1, fromRev);
    for (let isDone = false; !isDone;) {
      const batch = await this.#tried('read a stream', () => this.#revisions(stream, next, BATCH));
      for (const stored of batch) yield recordedOf(stored) as RecordedCommit<W>;
      next += batch.length;
      isDone = batch.length < BATCH;
    }
  }

  async last<W extends Writer>(stream: StreamName & { readonly writer: W }): Promise<RecordedCommit<W> | undefined> {
    const [found] = await this.#tried('read the end of a stream', () =>
      this.#collect(
        this.#client.readStream(SUBJECTS.log(stream), { direction: BACKWARDS, fromRevision: END, maxCount: 1 }),
      ),
    );
    return found === undefined ? undefined : (recordedOf(found) as RecordedCommit<W>);
  }

  position(): Promise<number> {
    return this.#tried('ask for the position of the log', () => this.#end());
  }

  /** The whole log as bytes, in its order, up to its end when the read began. Codes: LOG_UNAVAILABLE, BAD_COMMIT. */
  async *raw(): AsyncIterable<RawCommit> {
    const end = await this.position();
    for await (const { stream, position, bytes } of this.#between(1, end)) yield { stream, position, bytes };
  }

  async *follow(options: FollowOptions): AsyncIterable<Followed> {
    const { signal } = options;
    const wants = matcherOf(options);
    const end = await this.position();
    if (options.from > end + 1) throw regressed(options.from - 1, end);
    if (options.after !== undefined && !(await this.#holds(options.after)))
      throw regressed(options.after.position, end);
    for await (const stored of this.#between(options.from, end)) {
      if (signal.aborted) return;
      if (wants(stored.stream)) yield { kind: 'commit', commit: this.#recorded(stored) };
    }
    if (signal.aborted) return;
    yield { kind: 'live', position: end };
    for await (const stored of this.#behind(end, signal)) {
      if (wants(stored.stream)) yield { kind: 'commit', commit: this.#recorded(stored) };
    }
  }

  /** What this process wrote itself is not decoded again. */
  #recorded(stored: StoredCommit): RecordedCommit {
    return this.#own.find(stored.id, stored.position, stored.bytes) ?? recordedOf(stored);
  }

  /** The whole log from a position to another, both included; reads again from where it was when it is cut. */
  async *#between(from: number, end: number): AsyncIterable<StoredCommit> {
    // A read begins at a record: the one that the follower saw last, which is left out again.
    let last = from - 1;
    while (last < end) {
      const after = last;
      const batch = await this.#tried('follow the log', () => this.#batchBehind(after));
      if (batch.length === 0) return;
      for (const stored of batch) {
        if (stored.position > end) return;
        last = stored.position;
        yield stored;
      }
    }
  }

  /** What stands behind a position; the read begins at `record`, which is one. */
  async #batchBehind(last: number, record = last, most = BATCH): Promise<StoredCommit[]> {
    const read = async (from: typeof START | ReturnType<typeof positionAt>): Promise<StoredCommit[]> => {
      const found: StoredCommit[] = [];
      for await (const resolved of this.#client.readAll({ fromPosition: from, filter: OF_THE_LOG })) {
        const stored = storedCommit(resolved);
        if (stored.position > last) found.push(stored);
        if (found.length === most) break;
      }
      return found;
    };
    if (record <= 0) return read(START);
    try {
      return await read(positionAt(record));
    } catch (error) {
      if (isPassing(error)) throw error;
      // No record begins there: somebody counted positions. Slower, and right.
      return read(START);
    }
  }

  /** What is appended behind a position, live, however often the server goes away. */
  async *#behind(end: number, signal: AbortSignal): AsyncIterable<StoredCommit> {
    let last = end;
    for (let pause = PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        const position = await this.#end();
        if (position < last) throw regressed(last, position);
        for await (const resolved of this.#subscription(last, signal)) {
          const stored = storedCommit(resolved);
          last = stored.position;
          pause = PAUSE_MS;
          yield stored;
        }
      } catch (error) {
        if (!isPassing(error)) throw translated(error, 'follow the log');
      }
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async *#subscription(last: number, signal: AbortSignal): AsyncIterable<ResolvedEvent> {
    if (signal.aborted) return;
    const fromPosition = last <= 0 ? START : positionAt(last);
    const subscription = this.#client.subscribeToAll({ fromPosition, filter: OF_THE_LOG });
    const stop = (): void => {
      // A stream that waits ends only when it is destroyed; the server learns of it by the call's end.
      void subscription.unsubscribe();
      subscription.destroy();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const resolved of subscription) yield resolved;
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  /** Whether that very commit stands at its place. */
  #holds({ position, hash }: LogPlace): Promise<boolean> {
    return this.#tried('look up a place of the log', async () => {
      const [found] = await this.#batchBehind(position - 1, position, 1);
      return found !== undefined && found.position === position && sha256(found.bytes) === hash;
    });
  }

  #at(stream: StreamName, rev: number): Promise<StoredCommit | undefined> {
    return this.#tried('read a commit', async () => (await this.#revisions(stream, rev, 1)).at(0));
  }

  #revisions(stream: StreamName, fromRev: number, maxCount: number): Promise<StoredCommit[]> {
    const fromRevision = BigInt(fromRev - 1);
    return this.#collect(this.#client.readStream(SUBJECTS.log(stream), { fromRevision, maxCount }));
  }

  async #end(): Promise<number> {
    const backwards = { direction: BACKWARDS, fromPosition: END, filter: OF_THE_LOG, maxCount: 1 } as const;
    for await (const { event } of this.#client.readAll(backwards)) {
      if (event?.position !== undefined) return numberOf(event.position.commit);
    }
    return 0;
  }

  async #collect(events: AsyncIterable<ResolvedEvent>): Promise<StoredCommit[]> {
    const all: StoredCommit[] = [];
    try {
      for await (const resolved of events) all.push(storedCommit(resolved));
    } catch (error) {
      if (!isNeverWritten(error)) throw error;
    }
    return all;
  }

  /** Tries again while the server cannot be reached, up to the bound. Codes LOG_UNAVAILABLE, LOG_DENIED. */
  async #tried<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + this.#boundMs;
    for (let pause = PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await work();
      } catch (cause) {
        if (!isPassing(cause)) throw translated(cause, doing);
        if (Date.now() >= deadline) throw unavailable(doing, this.#boundMs, cause);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }
}
