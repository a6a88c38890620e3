import { ALL_SHARDS, shardOfId, type Shard, type StreamName, SUBJECTS, type Writer } from '@sluice/contracts';
import { invariant } from '@sluice/kernel';

import type { FollowOptions } from './port.js';

type Filter = Pick<FollowOptions, 'shards' | 'writers' | 'id'>;

/** Whether a follow wants the commits of a stream. Code INVARIANT_BROKEN for a filter that can match nothing. */
export function matcherOf(filter: Filter): (stream: StreamName) => boolean {
  checkFilter(filter);
  const shards = new Set<Shard>(filter.shards);
  const writers = filter.writers === undefined ? undefined : new Set<Writer>(filter.writers);
  return ({ shard, writer, id }) =>
    shards.has(shard) && writers?.has(writer) !== false && (filter.id === undefined || filter.id === id);
}

/** The subjects of what a follow wants; none overlap. Code INVARIANT_BROKEN for a filter that can match nothing. */
export function subjectsOf(filter: Filter): string[] {
  checkFilter(filter);
  const { id } = filter;
  const shards = [...new Set(filter.shards)];
  const writers = filter.writers === undefined ? undefined : [...new Set(filter.writers)];
  const isWhole = shards.length === ALL_SHARDS.length;
  if (id !== undefined) {
    return shards.flatMap(
      (shard) => writers?.map((writer) => SUBJECTS.log({ shard, writer, id })) ?? [SUBJECTS.logOfId(shard, id)],
    );
  }
  if (writers === undefined) return isWhole ? [SUBJECTS.wholeLog] : shards.map(SUBJECTS.logOfShard);
  if (isWhole) return writers.map(SUBJECTS.logOfWriter);
  return shards.flatMap((shard) => writers.map((writer) => SUBJECTS.logOfShardAndWriter(shard, writer)));
}

function checkFilter({ shards, writers, id }: Filter): void {
  invariant(shards.length > 0, 'a follow names at least one shard');
  invariant(writers?.length !== 0, 'a follow names at least one writer, or leaves them out for all');
  const isOfItsShard = id === undefined || (shards.length === 1 && shards[0] === shardOfId(id));
  invariant(isOfItsShard, 'a follow of one id names its shard and no other', { id, shards });
}
