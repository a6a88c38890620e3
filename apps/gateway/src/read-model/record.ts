import { type ChangeRecord, RecordBuilder } from '@sluice/audit';
import { labelStreamId, type RecordedCommit, shardOfId, streamKey, type StreamName } from '@sluice/contracts';

import { Breath } from '../past/breath.js';
import type { FoldParts } from '../past/fold.js';

/** Events after which others get their turn. */
const EVENTS_AT_ONCE = 1_000;
const WRITERS = ['plan', 'exec', 'gate', 'notice'] as const;

/**
 * The change record of a rollout from the log, the one that `sluice audit record` makes; undefined when nobody planned
 * it. The commits of its streams are read side by side: in memory are one of each, and the rollout's state.
 */
export async function changeRecordOf({ log, clock }: FoldParts, id: string): Promise<ChangeRecord | undefined> {
  const shard = shardOfId(id);
  if (shard === undefined) return undefined;
  const streams: readonly StreamName[] = [
    ...WRITERS.map((writer) => ({ shard, writer, id })),
    { shard, writer: 'label', id: labelStreamId(id) },
  ];
  const builder = new RecordBuilder(id);
  const breath = new Breath(clock, EVENTS_AT_ONCE);
  let isPlanned = false;
  for await (const commit of merged(streams.map((stream) => log.read(stream)))) {
    const { id: commitId, stream, head, prev, events, meta } = commit;
    isPlanned ||= events.some(({ type }) => type === 'RolloutPlanned');
    const { rev, at, position, hash: sha256 } = head;
    builder.add({ id: commitId, stream: streamKey(stream), rev, at, prev, events, meta, position, sha256 });
    await breath.after(events.length);
  }
  return isPlanned ? builder.finish().record : undefined;
}

/** Several streams in the order of the log. */
async function* merged(streams: readonly AsyncIterable<RecordedCommit>[]): AsyncIterable<RecordedCommit> {
  const readers = streams.map((stream) => stream[Symbol.asyncIterator]());
  const next = new Map<AsyncIterator<RecordedCommit>, RecordedCommit>();
  const advance = async (reader: AsyncIterator<RecordedCommit>): Promise<void> => {
    const { done, value } = await reader.next();
    if (done === true) next.delete(reader);
    else next.set(reader, value);
  };
  try {
    for (const reader of readers) await advance(reader);
    for (;;) {
      const [first] = [...next].toSorted(([, a], [, b]) => a.head.position - b.head.position);
      if (first === undefined) return;
      yield first[1];
      await advance(first[0]);
    }
  } finally {
    for (const reader of readers) await reader.return?.();
  }
}
