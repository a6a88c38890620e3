import { type RecordedCommit, streamKey } from '@sluice/contracts';
import type { EventLog, Followed } from '@sluice/event-log';
import type { Random } from '@sluice/testing';

/**
 * The log as its reader has it when every message comes twice, and the streams come in any order; each stream keeps its
 * own, and a rollout's plan comes before what was done of it.
 */
export function shuffled(log: EventLog, random: Random): EventLog {
  return {
    append: (...args) => log.append(...args),
    read: (...args) => log.read(...args),
    last: (...args) => log.last(...args),
    position: () => log.position(),
    follow: (options) => inAnyOrder(log.follow(options), random),
  };
}

async function* inAnyOrder(followed: AsyncIterable<Followed>, random: Random): AsyncIterable<Followed> {
  const past: RecordedCommit[] = [];
  let isLive = false;
  for await (const item of followed) {
    if (item.kind === 'live') {
      for (const commit of mixed(past, random)) yield { kind: 'commit', commit };
      isLive = true;
    }
    if (item.kind === 'commit' && !isLive) past.push(item.commit);
    else {
      yield item;
      if (item.kind === 'commit') yield item;
    }
  }
}

/** Each commit at its turn within its stream, twice: a follow never goes back behind what it has yielded. */
function* mixed(past: readonly RecordedCommit[], random: Random): Iterable<RecordedCommit> {
  const streams = new Map<string, RecordedCommit[]>();
  for (const commit of past) {
    const key = streamKey(commit.stream);
    streams.set(key, [...(streams.get(key) ?? []), commit]);
  }
  while (streams.size > 0) {
    const ready = [...streams].filter(([, [first]]) => first !== undefined && !waitsForPlan(first, streams));
    const [key, queue] = ready[random.int(ready.length)] ?? [];
    const commit = queue?.shift();
    if (key === undefined || commit === undefined) return;
    if (queue?.length === 0) streams.delete(key);
    yield commit;
    yield commit;
  }
}

const waitsForPlan = ({ stream }: RecordedCommit, streams: ReadonlyMap<string, unknown>): boolean =>
  stream.writer !== 'plan' && streams.has(streamKey({ ...stream, writer: 'plan' }));
