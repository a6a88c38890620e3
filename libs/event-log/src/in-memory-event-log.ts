import {
  EMPTY_HEAD,
  type RecordedCommit,
  type StreamHead,
  streamKey,
  type StreamName,
  type Writer,
} from '@sluice/contracts';

import type { ArchiveSource } from './archive/archive-source.js';
import { encodeNext } from './encode-next.js';
import { conflict, idReused, logMissing, regressed, unavailable } from './errors.js';
import { matcherOf } from './follow-filter.js';
import type { CommitDraft, EventLog, Followed, FollowOptions } from './port.js';
import { type RawCommit, recordedCommit } from './recorded.js';

/** A commit as bytes; what it says is decoded once, when somebody first reads it. */
class Entry {
  /** Taken away after it was archived: its place stays. */
  isPurged = false;
  #recorded: RecordedCommit | undefined;

  constructor(
    readonly raw: RawCommit,
    readonly id: string,
    readonly head: StreamHead,
  ) {}

  get recorded(): RecordedCommit {
    this.#recorded ??= recordedCommit(this.raw);
    return this.#recorded;
  }
}

/** Part of the log in order: the whole, a shard, or all streams of one id. */
class Track {
  readonly entries: Entry[] = [];
  readonly #waiting = new Set<() => void>();

  /** Index of the first entry at or behind a position. */
  indexFrom(position: number): number {
    let [low, high] = [0, this.entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.entries[middle]?.head.position ?? Infinity) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  wakeAll(): void {
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of woken) wake();
  }

  /** Resolves when something was written or taken away, or the signal aborted. */
  change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      if (signal.aborted) return resolve();
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

/** What the next append does instead of succeeding: nothing is written, or it is written and nobody hears of it. */
export type AppendFault = 'before' | 'after';

/**
 * The log in memory, for tests and the simulator. Everything goes through the bytes of the commit codec, so the hash
 * chain and the serde are real. No timers: its promises settle as microtasks.
 */
export class InMemoryEventLog implements EventLog, ArchiveSource {
  readonly #whole = new Track();
  readonly #shards = new Map<string, Track>();
  readonly #ids = new Map<string, Track>();
  readonly #streams = new Map<string, Entry[]>();
  readonly #commitIds = new Set<string>();
  #appendFaults: AppendFault[] = [];
  #truncations = 0;
  #isMissing = false;

  /** Faults of a simulated log. */
  readonly faults = {
    /** The next append (or the one after those already ordered) fails with LOG_UNAVAILABLE. */
    failNextAppend: (fault: AppendFault): void => void this.#appendFaults.push(fault),
    /** Everything fails with LOG_MISSING from now on, until it is false again. */
    setMissing: (isMissing: boolean): void => {
      this.#isMissing = isMissing;
      this.#wake([...this.#shards.values(), ...this.#ids.values()]);
    },
  };

  async append(stream: StreamName, expected: StreamHead, draft: CommitDraft): Promise<StreamHead> {
    this.#checkThere();
    const next = encodeNext(stream, expected, draft);
    const fault = this.#appendFaults.shift();
    if (fault === 'before') throw unavailable(`append to ${streamKey(stream)}`, 0);
    const head =
      this.#land(stream, expected, draft.id) ?? this.#write(stream, next.headAt(this.#end + 1), next.bytes, draft.id);
    if (fault === 'after') throw unavailable(`append to ${streamKey(stream)}`, 0);
    return head;
  }

  async *read<W extends Writer>(
    stream: StreamName & { readonly writer: W },
    fromRev = 1,
  ): AsyncIterable<RecordedCommit<W>> {
    this.#checkThere();
    const entries = this.#streams.get(streamKey(stream)) ?? [];
    const end = entries.length;
    for (let i = Math.max(0, fromRev - 1); i < end; i += 1) {
      const entry = entries[i];
      if (entry !== undefined && !entry.isPurged) yield entry.recorded as RecordedCommit<W>;
    }
  }

  async last<W extends Writer>(stream: StreamName & { readonly writer: W }): Promise<RecordedCommit<W> | undefined> {
    this.#checkThere();
    const entry = this.#streams.get(streamKey(stream))?.at(-1);
    return entry?.isPurged === false ? (entry.recorded as RecordedCommit<W>) : undefined;
  }

  async *follow(options: FollowOptions): AsyncIterable<Followed> {
    const { from, signal } = options;
    const wants = matcherOf(options);
    const isTold = (entry: Entry): boolean => options.latest !== true || this.#isLast(entry);
    const told = (entry: Entry): boolean =>
      !entry.isPurged && wants(entry.raw.stream) && (entry.head.position > end || isTold(entry));
    this.#checkThere();
    const track = this.#trackOf(options);
    const [end, truncations] = [this.#end, this.#truncations];
    this.#assertHolds(options);
    let seen = Math.max(0, from - 1);
    let isLive = false;
    let index = track.indexFrom(from);
    while (!signal.aborted) {
      this.#checkThere();
      if (this.#truncations !== truncations) throw regressed(seen, this.#end);
      const entry = track.entries[index];
      if (!isLive && (entry === undefined || entry.head.position > end)) {
        isLive = true;
        yield { kind: 'live', position: end };
      } else if (entry === undefined) await track.change(signal);
      else {
        index += 1;
        seen = entry.head.position;
        if (told(entry)) yield { kind: 'commit', commit: entry.recorded };
      }
    }
  }

  async position(): Promise<number> {
    this.#checkThere();
    return this.#end;
  }

  async *raw({ id }: Pick<StreamName, 'shard' | 'id'>): AsyncIterable<RawCommit> {
    this.#checkThere();
    for (const { raw, isPurged } of [...trackIn(this.#ids, id).entries]) if (!isPurged) yield raw;
  }

  async purge(stream: StreamName, through: number): Promise<void> {
    this.#checkThere();
    const key = streamKey(stream);
    const entries = this.#streams.get(key) ?? [];
    for (const entry of entries) if (entry.head.position <= through) entry.isPurged = true;
    // A stream of which nothing is left begins anew, as a subject does.
    if (entries.every(({ isPurged }) => isPurged)) this.#streams.delete(key);
  }

  /** Takes away the last `count` commits, as a server does that acknowledged before it wrote to disk (C16). */
  truncateTail(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const entry = this.#whole.entries.pop();
      if (entry === undefined) break;
      const { stream } = entry.raw;
      this.#commitIds.delete(entry.id);
      this.#streams.get(streamKey(stream))?.pop();
      for (const track of this.#tracksOf(stream)) track.entries.pop();
    }
    this.#truncations += 1;
    this.#wake([...this.#shards.values(), ...this.#ids.values()]);
  }

  get #end(): number {
    return this.#whole.entries.length;
  }

  #isLast({ raw, head }: Entry): boolean {
    return this.#streams.get(streamKey(raw.stream))?.at(-1)?.head.position === head.position;
  }

  #assertHolds({ from, after = EMPTY_HEAD }: FollowOptions): void {
    if (from > this.#end + 1) throw regressed(from - 1, this.#end);
    const holds = after.position === 0 || this.#whole.entries[after.position - 1]?.head.hash === after.hash;
    if (!holds) throw regressed(after.position, this.#end);
  }

  #checkThere(): void {
    if (this.#isMissing) throw logMissing();
  }

  /** The head when this very commit stands already where it was meant to be; undefined when its place is free. */
  #land(stream: StreamName, expected: StreamHead, id: string): StreamHead | undefined {
    const entries = this.#streams.get(streamKey(stream)) ?? [];
    const successor = entries[expected.rev];
    if (successor?.id === id && successor.raw.position > expected.position) return successor.head;
    if ((entries.at(-1)?.head.position ?? 0) !== expected.position) throw conflict(stream, expected);
    if (this.#commitIds.has(id)) throw idReused(id);
    return undefined;
  }

  #write(stream: StreamName, head: StreamHead, bytes: Uint8Array, id: string): StreamHead {
    const entry = new Entry({ stream, position: head.position, bytes }, id, head);
    const key = streamKey(stream);
    const entries = this.#streams.get(key) ?? [];
    entries.push(entry);
    this.#streams.set(key, entries);
    this.#whole.entries.push(entry);
    this.#commitIds.add(id);
    const tracks = this.#tracksOf(stream);
    for (const track of tracks) track.entries.push(entry);
    this.#wake(tracks);
    return head;
  }

  #wake(tracks: readonly Track[]): void {
    this.#whole.wakeAll();
    for (const track of tracks) track.wakeAll();
  }

  #tracksOf({ shard, id }: Pick<StreamName, 'shard' | 'id'>): readonly Track[] {
    return [trackIn(this.#shards, shard), trackIn(this.#ids, id)];
  }

  /** The shortest track that holds all that a follow wants. */
  #trackOf({ shards, id }: FollowOptions): Track {
    if (id !== undefined) return trackIn(this.#ids, id);
    const [shard] = shards;
    return shards.length === 1 && shard !== undefined ? trackIn(this.#shards, shard) : this.#whole;
  }
}

function trackIn(tracks: Map<string, Track>, name: string): Track {
  const track = tracks.get(name) ?? new Track();
  tracks.set(name, track);
  return track;
}
