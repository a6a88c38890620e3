import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import {
  ALL_SHARDS,
  decodeCommit,
  type RecordedCommit,
  streamKey,
  type StreamName,
  type Writer,
} from '@sluice/contracts';
import { type EventLog, recordedCommit } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';

import { DependencyIndex } from '../read-model/dependency-index.js';
import { GroupIndex } from '../read-model/group-index.js';
import { RolloutHistory } from '../read-model/rollout-history.js';
import { RolloutIndex } from '../read-model/rollout-index.js';
import { Past } from './past.js';

const FOLDER = new URL('../../../../libs/audit/fixtures/0.1.0/', import.meta.url);
const LINE = /^\{"position":(\d+),"commit":/;

/** A history that a release recorded. */
export function recordedHistory(name: string): readonly RecordedCommit[] {
  const lines = gunzipSync(readFileSync(new URL(`${name}.jsonl.gz`, FOLDER)))
    .toString()
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const [begin = '', position = ''] = LINE.exec(line) ?? [];
    const bytes = Buffer.from(line.slice(begin.length, -1));
    const [writer, id] = decodeCommit(bytes).stream.split('.') as [Writer, string];
    return recordedCommit({ stream: { shard: id.slice(1, 3), writer, id }, position: Number(position), bytes });
  });
}

/** A log of commits that are there. */
export function logOf(commits: readonly RecordedCommit[]): Pick<EventLog, 'read' | 'follow' | 'position'> {
  const streams = new Map<string, RecordedCommit[]>();
  for (const commit of commits) {
    const known = streams.get(streamKey(commit.stream));
    if (known === undefined) streams.set(streamKey(commit.stream), [commit]);
    else known.push(commit);
  }
  return {
    async *read<W extends Writer>(stream: StreamName & { readonly writer: W }) {
      for (const commit of streams.get(streamKey(stream)) ?? []) yield commit as RecordedCommit<W>;
    },
    async *follow({ from }) {
      for (const commit of commits) if (commit.head.position >= from) yield { kind: 'commit' as const, commit };
      yield { kind: 'live' as const, position: commits.at(-1)?.head.position ?? 0 };
    },
    position: () => Promise.resolve(commits.at(-1)?.head.position ?? 0),
  };
}

/** A clock that stands, and tells how often somebody let others have their turn. */
export class StandingClock implements Clock {
  breaths = 0;

  constructor(private readonly time: number) {}

  now(): number {
    return this.time;
  }

  schedule(_delayMs: number, fire: () => void): () => void {
    this.breaths += 1;
    queueMicrotask(fire);
    return () => {};
  }
}

/** Far behind every history. */
const LATER = 4_000_000_000_000;

/** The past of a log, with the read models that tell which groups and rollouts there are. */
export async function pastOf(
  commits: readonly RecordedCommit[],
  log = logOf(commits),
): Promise<{ past: Past; clock: StandingClock }> {
  const clock = new StandingClock(LATER);
  const groups = new GroupIndex();
  const index = new RolloutIndex(log);
  const dependencies = new DependencyIndex({ groupEntries: () => [] }, clock);
  for (const commit of commits) {
    groups.apply(commit);
    dependencies.apply(commit);
    await index.apply(commit);
  }
  return { past: new Past({ log, clock, history: new RolloutHistory(index), groups, dependencies }), clock };
}

/** The same of a log that can be written. */
export async function pastIn(log: EventLog): Promise<{ past: Past; clock: StandingClock }> {
  const commits: RecordedCommit[] = [];
  for await (const next of log.follow({ shards: ALL_SHARDS, from: 0, signal: new AbortController().signal })) {
    if (next.kind === 'live') break;
    commits.push(next.commit);
  }
  return pastOf(commits, log);
}
