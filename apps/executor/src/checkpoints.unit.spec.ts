import { groupStreamId, shardOfGroup } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { GROUP, HOSTS, planFor, wait, World } from './fixtures/world.suite.js';

const stream = { shard: shardOfGroup(GROUP), writer: 'group', id: groupStreamId(GROUP) } as const;

/** Excludes and includes a host until the group's stream has a checkpoint; the position of its commit. */
async function checkpointed(world: World): Promise<number> {
  for (let i = 0; i < 200; i += 1) {
    const command = { type: i % 2 === 0 ? 'exclude' : 'include', host: 'h009' } as const;
    const actor = { id: 'ana', kind: 'user' } as const;
    await world.engine.groupCommand({ v: 1, id: `g${i}`, target: GROUP, command, actor, reason: 'looking' });
    const last = await world.log.last(stream);
    if (last?.events.some(({ type }) => type === 'GroupCheckpointed') === true && i % 2 === 1)
      return last.head.position;
  }
  throw new Error('no checkpoint came');
}

describe('an executor whose groups have a past in the archive', () => {
  it('starts from the checkpoint: an open rollout keeps its lease and ends, the next one gets a higher token', async () => {
    const world = new World(HOSTS(4));
    await world.engine.start();
    const first = await world.plan(planFor(HOSTS(2)));
    await wait(world, first, 'RolloutSucceeded');
    const second = await world.plan(planFor(HOSTS(2), { version: '3.0.0', mode: 'manual', batches: [[1, 2]] }));
    await wait(world, second, 'BatchAwaited');
    const position = await checkpointed(world);
    await world.engine.stop();

    await world.log.purge(stream, position - 1);
    world.engine = world.newEngine();
    await world.engine.start();
    while (!(await world.types(second)).includes('RolloutSucceeded')) {
      await world.say(second, { type: 'proceed' });
      await world.clock.advance(1_000);
    }
    await world.clock.advance(1_000);
    const events = [];
    for await (const commit of world.log.read(stream, 1)) events.push(...commit.events.map(({ type }) => type));
    expect(events).toContain('LeaseReleased');

    const third = await world.plan(planFor(HOSTS(2), { version: '4.0.0' }));
    await wait(world, third, 'RolloutSucceeded');
    const started = (await world.history(third))
      .flatMap((commit) => commit.events)
      .find(({ type }) => type === 'RolloutStarted');
    expect(started).toMatchObject({ token: 3, rollbackTo: { rolloutId: second, version: '3.0.0' } });
    await world.engine.stop();
  });
});
