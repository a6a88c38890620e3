import {
  type Decision,
  type DecisionKind,
  type Explanation,
  groupStreamId,
  type RecordedCommit,
  shardOfGroup,
  shardOfId,
  type TracedCommit,
} from '@sluice/contracts';
import { RolloutDecisions } from '@sluice/decisions';

import { Turns } from '../past/turns.js';
import { type CommitView, commitView } from './commit-view.js';
import type { LogReader } from './rollout-loader.js';

export interface DecisionsQuery {
  readonly id: string;
  /** Only this kind. */
  readonly kind?: DecisionKind | undefined;
  /** So many of them are left out: the pages before. */
  readonly skip: number;
  readonly limit: number;
  /** ms since the epoch. */
  readonly now: number;
}

export interface DecisionsFound {
  readonly items: readonly Decision[];
  readonly hasMore: boolean;
  /** Why it does not go on now; null when it is over, and on all pages but the last. */
  readonly standing: Explanation | null;
}

const OVER: ReadonlySet<string> = new Set(['unplanned', 'succeeded', 'failed', 'cancelled', 'closed']);

/** Why rollouts went as they did, folded from the log each time, one at a time: nothing of it is kept. */
export class DecisionReader {
  private readonly turns = new Turns();

  constructor(private readonly log: LogReader) {}

  /** Linear in the rollout, whatever the page. Code TOO_BUSY. */
  page(query: DecisionsQuery): Promise<DecisionsFound> {
    return this.turns.take(() => this.read(query));
  }

  /** Commits of a group's stream from that rev on, at most `limit`; `next` is the rev that continues. */
  async group(
    name: string,
    fromRev: number,
    limit: number,
  ): Promise<{ readonly items: readonly CommitView[]; readonly next: number | undefined }> {
    const items: CommitView[] = [];
    const stream = { shard: shardOfGroup(name), writer: 'group', id: groupStreamId(name) } as const;
    for await (const commit of this.log.read(stream, fromRev)) {
      if (items.length === limit) return { items, next: commit.head.rev };
      items.push(commitView(commit));
    }
    return { items, next: undefined };
  }

  private async read({ id, kind, skip, limit, now }: DecisionsQuery): Promise<DecisionsFound> {
    const decisions = new RolloutDecisions({ id });
    const items: Decision[] = [];
    let before = 0;
    for await (const commit of this.commitsOf(id)) {
      for (const decision of decisions.add(tracedOf(commit)).decisions) {
        if (kind !== undefined && decision.kind !== kind) continue;
        if (before < skip) before += 1;
        else if (items.length < limit) items.push(decision);
        else return { items, hasMore: true, standing: null };
      }
    }
    return { items, hasMore: false, standing: OVER.has(decisions.state.status) ? null : decisions.standing(now) };
  }

  /** Of the rollout and of its group, in the order of the log. */
  private async *commitsOf(id: string): AsyncGenerator<RecordedCommit> {
    const shard = shardOfId(id);
    if (shard === undefined) return;
    const plan = await collected(this.log.read({ shard, writer: 'plan', id }));
    const group = plan.flatMap(({ events }) => events).find((event) => event.type === 'RolloutPlanned')?.plan.group;
    yield* inOrder([
      listed(plan),
      this.log.read({ shard, writer: 'exec', id }),
      this.log.read({ shard, writer: 'gate', id }),
      ...(group === undefined
        ? []
        : [this.log.read({ shard: shardOfGroup(group), writer: 'group' as const, id: groupStreamId(group) })]),
    ]);
  }
}

async function collected<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* listed(commits: readonly RecordedCommit[]): AsyncGenerator<RecordedCommit> {
  yield* commits;
}

/** One commit of each is in memory. */
async function* inOrder(streams: readonly AsyncIterable<RecordedCommit>[]): AsyncGenerator<RecordedCommit> {
  const open = streams.map((stream) => stream[Symbol.asyncIterator]());
  try {
    const next = await Promise.all(open.map((reader) => reader.next()));
    for (;;) {
      const positions = next.map((result) => (result.done === true ? Infinity : result.value.head.position));
      const first = positions.indexOf(Math.min(...positions));
      const [result, reader] = [next[first], open[first]];
      if (result === undefined || result.done === true || reader === undefined) return;
      yield result.value;
      next[first] = await reader.next();
    }
  } finally {
    for (const reader of open) await reader.return?.();
  }
}

const tracedOf = ({ stream, head, events, meta }: RecordedCommit): TracedCommit => ({
  ...{ writer: stream.writer, stream: stream.id, rev: head.rev, position: head.position, at: head.at },
  ...{ events, meta },
});
