import { type RecordedCommit, type StreamHead, streamKey, type StreamName } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';

import { refuse } from '../problems/problem.js';
import type { LogReader } from '../read-model/rollout-loader.js';
import { Breath } from './breath.js';
import type { AtMoment, Cut } from './cut.js';

/** Commits of one fold: a rollout of 100,000 targets, or two weeks of a fleet as large, and room. */
const MAX_COMMITS = 400_000;
/** Events after which others get their turn. */
const EVENTS_AT_ONCE = 1_000;
/** Commits that may stand in the log between two of which the later one has the earlier time. */
const MAX_HELD = 10_000;

export interface FoldParts {
  readonly log: LogReader;
  readonly clock: Clock;
}

/** What was folded: its first and its last commit, and the first one behind the cut. */
export interface Folded {
  readonly first: StreamHead | undefined;
  readonly last: StreamHead | undefined;
  readonly beyond: RecordedCommit | undefined;
}

/**
 * Gives `apply` the commits of these streams up to the cut, in the order of the log. The cut of a time is a place in
 * that order: clocks of services differ, so a commit of a later time is in it when one of an earlier time comes after it.
 * Code TOO_LONG.
 */
export async function foldUpTo(
  parts: FoldParts,
  { streams, cut }: { readonly streams: readonly StreamName[]; readonly cut: Cut },
  apply: (commit: RecordedCommit) => void,
): Promise<Folded> {
  const folding = new Folding(parts.clock, apply);
  const open = new Set(streams.map(streamKey));
  const late = new Set<string>();
  for await (const commit of inOrder(parts.log, streams, open)) {
    if (cut.kind === 'position' && commit.head.position > cut.position) return folding.end(commit);
    if (cut.kind !== 'time' || commit.head.at <= cut.time) {
      await folding.take(commit);
      continue;
    }
    late.add(streamKey(commit.stream));
    // Within a stream no time is before the one before it: nothing more comes that is not late.
    if (!folding.hold(commit) || [...open].every((key) => late.has(key))) break;
  }
  return folding.end();
}

class Folding {
  private first: StreamHead | undefined;
  private last: StreamHead | undefined;
  private held: RecordedCommit[] = [];
  private commits = 0;
  private readonly breath: Breath;

  constructor(
    clock: Clock,
    private readonly apply: (commit: RecordedCommit) => void,
  ) {
    this.breath = new Breath(clock, EVENTS_AT_ONCE);
  }

  async take(commit: RecordedCommit): Promise<void> {
    let events = 0;
    for (const each of [...this.held, commit]) {
      this.apply(each);
      this.first ??= each.head;
      this.last = each.head;
      this.commits += 1;
      events += each.events.length;
    }
    this.held = [];
    if (this.commits > MAX_COMMITS)
      throw refuse('TOO_LONG', `more than ${MAX_COMMITS} commits lie before that moment: read the log itself`);
    await this.breath.after(events);
  }

  /** False when it holds so many that no clock explains it. */
  hold(commit: RecordedCommit): boolean {
    this.held.push(commit);
    return this.held.length < MAX_HELD;
  }

  end(beyond = this.held[0]): Folded {
    return { first: this.first, last: this.last, beyond };
  }
}

/** The commits of several streams by their places. `open`: those that have more; the others are taken out of it. */
async function* inOrder(
  log: LogReader,
  streams: readonly StreamName[],
  open: Set<string>,
): AsyncGenerator<RecordedCommit> {
  const readers = streams.map((stream) => ({
    key: streamKey(stream),
    commits: log.read(stream)[Symbol.asyncIterator](),
  }));
  const heads: (RecordedCommit | undefined)[] = [];
  const advance = async (index: number): Promise<void> => {
    const reader = readers[index];
    const next = await reader?.commits.next();
    heads[index] = next?.done === true ? undefined : next?.value;
    if (reader !== undefined && heads[index] === undefined) open.delete(reader.key);
  };
  try {
    for (let index = 0; index < readers.length; index += 1) await advance(index);
    for (;;) {
      const lowest = indexOfLowest(heads);
      const commit = heads[lowest];
      if (commit === undefined) return;
      await advance(lowest);
      yield commit;
    }
  } finally {
    for (const { commits } of readers) await commits.return?.();
  }
}

function indexOfLowest(heads: readonly (RecordedCommit | undefined)[]): number {
  let [lowest, position] = [-1, Infinity];
  for (const [index, commit] of heads.entries()) {
    if (commit === undefined || commit.head.position >= position) continue;
    lowest = index;
    position = commit.head.position;
  }
  return lowest;
}

/** The moment of an answer that these commits make. */
export const atOf = (cut: Cut, { last }: Pick<Folded, 'last'>): AtMoment => ({
  position: last?.position ?? 0,
  time: cut.time ?? last?.at ?? 0,
});

/** The moment of an answer that is made of several parts. */
export const latest = (moments: readonly AtMoment[]): AtMoment => ({
  position: Math.max(0, ...moments.map(({ position }) => position)),
  time: Math.max(0, ...moments.map(({ time }) => time)),
});
