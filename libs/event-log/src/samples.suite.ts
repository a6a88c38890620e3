import { randomBytes } from 'node:crypto';

import {
  type EventToAppend,
  rolloutIdOf,
  type Shard,
  shardOfId,
  type StreamHead,
  type StreamName,
  type Writer,
} from '@sluice/contracts';
import { ulid } from '@sluice/kernel';

import type { CommitDraft, EventLog, Followed, FollowOptions } from './port.js';

const run = randomBytes(6).toString('hex');
let count = 0;

/** A stream that no other test has; streams of one group share a shard. */
export function freshStream<W extends Writer>(writer: W, group = 'web'): StreamName & { readonly writer: W } {
  count += 1;
  const id = rolloutIdOf(group, `${run}/${count}`);
  return { shard: shardOf(id), writer, id };
}

export function shardOf(id: string): Shard {
  const shard = shardOfId(id);
  if (shard === undefined) throw new Error(`${id} has no shard`);
  return shard;
}

export const AT = 1_767_225_600_000;

export const freshId = (): string => ulid(AT, randomBytes(10));

const meta = { by: { id: 'ana', kind: 'user' }, cause: 'c1', corr: 'q1' } as const;

export const paused = (reason: string): EventToAppend => ({ event: { type: 'RolloutPaused', reason }, meta });

export const draft = (reason: string, at = AT): CommitDraft => ({ id: freshId(), at, events: [paused(reason)] });

/** Appends so many commits one after the other and gives the last head. */
export async function appendMany(
  log: EventLog,
  stream: StreamName,
  head: StreamHead,
  times: number,
): Promise<StreamHead> {
  let last = head;
  for (let i = 0; i < times; i += 1) last = await log.append(stream, last, draft(`n${last.rev + 1}`));
  return last;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Follows until `isEnough`, and gives what came. */
export async function followUntil(
  log: EventLog,
  options: Omit<FollowOptions, 'signal'>,
  isEnough: (seen: readonly Followed[]) => boolean,
): Promise<Followed[]> {
  const stop = new AbortController();
  const seen: Followed[] = [];
  for await (const item of log.follow({ ...options, signal: stop.signal })) {
    seen.push(item);
    if (isEnough(seen)) break;
  }
  stop.abort();
  return seen;
}

/** `live`, or `<id's last four>/<rev>` of a commit: what a follow yielded, to be compared at a glance. */
export function shortOf(item: Followed): string {
  return item.kind === 'live' ? 'live' : `${item.commit.stream.writer} ${item.commit.head.rev}`;
}
