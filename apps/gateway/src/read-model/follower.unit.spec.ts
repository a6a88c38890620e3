import { EMPTY_HEAD, groupStreamId, shardOfGroup } from '@sluice/contracts';
import { InMemoryEventLog } from '@sluice/event-log';
import { createLogger } from '@sluice/observability';
import { VirtualClock } from '@sluice/testing';
import { expect, it } from 'vitest';

import { LogFollower } from './follower.js';
import { GroupIndex } from './group-index.js';

it('C16 builds the read models anew when the log lost its tail', async () => {
  const [log, clock, groups] = [new InMemoryEventLog(), new VirtualClock(), new GroupIndex()];
  const stream = { shard: shardOfGroup('shop'), writer: 'group', id: groupStreamId('shop') } as const;
  const meta = { by: { id: 'ana', kind: 'user' }, cause: 'c', corr: 'c' } as const;
  let ids = 0;
  const exclude = async (...hosts: readonly string[]): Promise<void> => {
    for (const host of hosts) {
      const head = (await log.last(stream))?.head ?? EMPTY_HEAD;
      ids += 1;
      const event = { type: 'HostExcluded', host, reason: 'disk' } as const;
      await log.append(stream, head, { id: String(ids).padStart(26, '0'), at: 1, events: [{ event, meta }] });
    }
  };
  const follower = new LogFollower({
    ...{ log, clock, logger: createLogger('test', 'silent') },
    apply: async (commit) => groups.apply(commit),
    forgetAll: () => groups.forgetAll(),
  });
  follower.start();
  await exclude('a', 'b', 'c', 'd');
  await clock.advance(1_000);
  log.truncateTail(3);
  await exclude('x');
  await clock.advance(60_000);
  expect(Object.keys(groups.get('shop')?.state.excluded ?? {})).toEqual(['a', 'x']);
  expect(follower.status).toEqual({ live: true, position: 2 });
  await follower.stop();
});
