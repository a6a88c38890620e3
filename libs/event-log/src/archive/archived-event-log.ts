import { isRolloutId, type RecordedCommit, type StreamHead, type StreamName, type Writer } from '@sluice/contracts';

import { isSluiceError } from '@sluice/kernel';

import { conflict } from '../errors.js';
import { matcherOf } from '../follow-filter.js';
import type { CommitDraft, EventLog, Followed, FollowOptions } from '../port.js';
import { type RawCommit, recordedCommit } from '../recorded.js';
import type { ArchiveReader } from './archive-reader.js';

const LOOKED_UP_AT_ONCE = 64;

/**
 * A log and its archive as one log: what was archived is read as if it still stood there. A finished rollout stays what
 * it was for whoever reads it, and is never begun anew.
 */
export class ArchivedEventLog implements EventLog {
  constructor(
    private readonly inner: EventLog,
    private readonly archive: ArchiveReader,
  ) {}

  /** An archived rollout gets no stream any more: who takes it for a new one reads it and decides again. */
  async append(stream: StreamName, expected: StreamHead, draft: CommitDraft): Promise<StreamHead> {
    if (expected.rev === 0 && isRolloutId(stream.id) && (await this.archive.has(stream.id)))
      throw conflict(stream, expected);
    return this.inner.append(stream, expected, draft);
  }

  async *read<W extends Writer>(
    stream: StreamName & { readonly writer: W },
    fromRev = 1,
  ): AsyncIterable<RecordedCommit<W>> {
    let next = fromRev;
    for await (const commit of this.inner.read(stream, fromRev)) {
      // A server that was killed may bring back single commits of what was purged.
      if (commit.head.rev > next) yield* await this.#between(stream, next, commit.head.rev);
      next = commit.head.rev + 1;
      yield commit;
    }
    // It may have been taken from the log before this read, or while it was under way.
    for (const commit of await this.#archived(stream)) if (commit.head.rev >= next) yield commit;
  }

  async last<W extends Writer>(stream: StreamName & { readonly writer: W }): Promise<RecordedCommit<W> | undefined> {
    return (await this.inner.last(stream)) ?? (await this.#archived(stream)).at(-1);
  }

  follow(options: FollowOptions): AsyncIterable<Followed> {
    return options.id === undefined ? this.#followAll(options) : this.#followOne(options, options.id);
  }

  position(): Promise<number> {
    return this.inner.position();
  }

  /**
   * What is taken from the log while its past is read would be seen in part: a plan without the rollout that it became.
   * It is told from the archive before `live`, so that whoever goes live knows each rollout as a whole.
   */
  async *#followAll(options: FollowOptions): AsyncIterable<Followed> {
    const before = await this.archive.purgedThrough();
    const open = new OpenRollouts();
    let isPast = true;
    for await (const item of this.inner.follow(options)) {
      if (item.kind === 'live') {
        for (const id of await this.#since(before)) open.ids.add(id);
        yield* this.#archivedOf(open, options);
        isPast = false;
      } else if (isPast) open.saw(item.commit);
      yield item;
    }
  }

  /** The rollouts of the segments behind that one. */
  async #since(segment: number): Promise<readonly string[]> {
    const ids: string[] = [];
    const now = await this.archive.refresh();
    for (let next = segment + 1; next <= now; next += 1) ids.push(...(await this.archive.rolloutsOf(next)));
    return ids;
  }

  /**
   * Those of the rollouts that are archived. They may stand in the log and look open: nats-server 2.10 forgets, when it
   * is killed, that it had purged some messages, and a plan or the begin of a course is back.
   */
  async *#archivedOf(open: OpenRollouts, options: FollowOptions): AsyncIterable<Followed> {
    const ids = [...open.ids];
    for (let from = 0; from < ids.length && !options.signal.aborted; from += LOOKED_UP_AT_ONCE) {
      const some = ids.slice(from, from + LOOKED_UP_AT_ONCE);
      const found = await Promise.all(some.map((id) => this.archive.has(id)));
      for (const [i, id] of some.entries()) if (found[i] === true) yield* this.#unit(id, options);
    }
  }

  async *#unit(id: string, options: FollowOptions): AsyncIterable<Followed> {
    const wants = matcherOf(options);
    for (const raw of (await this.#readable(id)) ?? []) {
      if (options.signal.aborted) return;
      if (raw.position >= options.from && wants(raw.stream)) yield { kind: 'commit', commit: recordedCommit(raw) };
    }
  }

  /** Of one that was pruned nothing can be told, and its stream stays closed all the same. */
  async #readable(id: string): Promise<readonly RawCommit[] | undefined> {
    try {
      return await this.archive.commitsOf(id);
    } catch (error) {
      if (isSluiceError(error, 'PRUNED')) return undefined;
      throw error;
    }
  }

  /** Everything of an archived rollout, then the log, which holds nothing more of it. */
  async *#followOne(options: FollowOptions, id: string): AsyncIterable<Followed> {
    const archived = isRolloutId(id) ? await this.archive.commitsOf(id) : undefined;
    if (archived === undefined) {
      yield* this.#followAll(options);
      return;
    }
    yield* this.#unit(id, options);
    const from = Math.max(options.from, (archived.at(-1)?.position ?? 0) + 1);
    yield* this.inner.follow({ ...options, from });
  }

  async #between<W extends Writer>(
    stream: StreamName & { readonly writer: W },
    from: number,
    to: number,
  ): Promise<readonly RecordedCommit<W>[]> {
    return (await this.#archived(stream)).filter(({ head }) => head.rev >= from && head.rev < to);
  }

  async #archived<W extends Writer>(
    stream: StreamName & { readonly writer: W },
  ): Promise<readonly RecordedCommit<W>[]> {
    if (!isRolloutId(stream.id)) return [];
    const commits = (await this.archive.commitsOf(stream.id)) ?? [];
    const own = commits.filter((commit) => commit.stream.writer === stream.writer);
    return own.map((raw) => recordedCommit(raw) as RecordedCommit<W>);
  }
}

const ENDS: ReadonlySet<string> = new Set(['RolloutSucceeded', 'RolloutCancelled', 'RolloutClosed']);

/** Rollouts that a reader of the past takes for open. */
class OpenRollouts {
  readonly ids = new Set<string>();

  saw({ stream, events }: RecordedCommit): void {
    if (!isRolloutId(stream.id)) return;
    if (stream.writer === 'plan') this.ids.add(stream.id);
    if (stream.writer !== 'exec') return;
    if (events.some(({ type }) => ENDS.has(type))) this.ids.delete(stream.id);
    else this.ids.add(stream.id);
  }
}
