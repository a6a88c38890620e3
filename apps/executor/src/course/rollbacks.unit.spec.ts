import { ALL_SHARDS, type GroupEvent, type Plan, rollbackRequestId, rolloutIdOf } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { GROUP, HOSTS, planFor, wait, World } from '../fixtures/world.suite.js';

const hosts = HOSTS(2);

async function groupEvents(world: World): Promise<readonly GroupEvent[]> {
  const found: GroupEvent[] = [];
  const abort = new AbortController();
  for await (const seen of world.log.follow({
    shards: ALL_SHARDS,
    writers: ['group'],
    from: 1,
    signal: abort.signal,
  })) {
    if (seen.kind === 'live') break;
    found.push(...(seen.commit.events as readonly GroupEvent[]));
  }
  abort.abort();
  return found;
}

const blocks = async (world: World): Promise<readonly string[]> =>
  (await groupEvents(world)).flatMap((event) =>
    event.type === 'VersionBlocked' || event.type === 'VersionUnblocked' ? [`${event.type} ${event.version}`] : [],
  );

/** 1.5.0 and then 2.0.0 have succeeded, and somebody has ordered that 2.0.0 is rolled back. */
async function rolledBack(): Promise<{
  readonly world: World;
  readonly bad: string;
  readonly back: () => Promise<string>;
}> {
  const world = new World(hosts);
  await world.engine.start();
  const good = await world.plan(planFor(hosts, { version: '1.5.0' }));
  await wait(world, good, 'RolloutSucceeded');
  const bad = await world.plan(planFor(hosts));
  await wait(world, bad, 'RolloutSucceeded');
  expect(await world.say(bad, { type: 'rollback' })).toMatchObject({ ok: true });
  let planned = 0;
  /** What the planner makes of the order: slow enough to be met under way. */
  const back = async (): Promise<string> => {
    planned += 1;
    const change: Partial<Plan> = {
      ...{ version: '1.5.0', strategy: 'rollback', rollbackOf: bad, restores: good },
      ...{ rolloutId: rolloutIdOf(GROUP, rollbackRequestId(bad, planned)), requestId: `back ${planned}` },
      ...{ batches: [[1, 2]], mode: 'manual' },
    };
    const id = await world.plan(planFor(hosts, change));
    await wait(world, id, 'BatchAwaited');
    return id;
  };
  return { world, bad, back };
}

describe('the version that a rollback takes back', () => {
  it('may start again when somebody called the rollback off', async () => {
    const { world, back } = await rolledBack();
    await world.say(await back(), { type: 'cancel' });
    await world.clock.advance(5_000);
    expect(await blocks(world)).toEqual(['VersionBlocked 2.0.0', 'VersionUnblocked 2.0.0']);
    await world.engine.stop();
  });

  it('stays blocked when the rollback only made way for another rollout', async () => {
    const { world, back } = await rolledBack();
    const rollback = await back();
    const next = await world.plan(planFor(hosts, { version: '3.0.0' }));
    await wait(world, rollback, 'RolloutCancelled');
    await wait(world, next, 'RolloutSucceeded');
    expect(await blocks(world)).toEqual(['VersionBlocked 2.0.0']);
    const again = await world.plan(planFor(hosts, { rolloutId: rolloutIdOf(GROUP, 'again'), requestId: 'again' }));
    await wait(world, again, 'RolloutCancelled');
    expect(await world.types(again)).not.toContain('RolloutStarted');
    await world.engine.stop();
  });

  it('can be taken back once more after its rollback was called off, and is blocked again', async () => {
    const { world, bad, back } = await rolledBack();
    const first = await back();
    const early = await world.say(bad, { type: 'rollback' });
    expect(early).toMatchObject({ ok: false, code: 'NOT_OFFERED', message: expect.stringContaining(first) as unknown });
    await world.say(first, { type: 'cancel' });
    await world.clock.advance(5_000);
    expect(await world.say(bad, { type: 'rollback' }, 'bo')).toMatchObject({ ok: true });
    const second = await back();
    expect((await world.types(bad)).filter((type) => type === 'RollbackRequested')).toHaveLength(2);
    await world.say(second, { type: 'setMode', mode: 'automatic' });
    await wait(world, second, 'RolloutSucceeded');
    expect(await blocks(world)).toEqual(['VersionBlocked 2.0.0', 'VersionUnblocked 2.0.0', 'VersionBlocked 2.0.0']);
    expect(world.fleet.versions(GROUP)).toEqual({ '1.5.0': 2 });
    expect(await world.say(bad, { type: 'rollback' })).toMatchObject({ ok: false, code: 'NOT_OFFERED' });
    await world.engine.stop();
  });
});
