import type { GroupEvent } from '@sluice/contracts';
import { groupStreamId, shardOfGroup } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { GROUP, HOSTS, planFor, wait, World } from './fixtures/world.suite.js';

const SLOWLY = {
  batches: [[1, 3]],
  waits: { intervalMs: 30_000, tailIntervalMs: 30_000, tailFrom: 3, bakeMs: 0 },
} as const;

async function groupEvents(world: World): Promise<GroupEvent[]> {
  const events: GroupEvent[] = [];
  const stream = { shard: shardOfGroup(GROUP), writer: 'group', id: groupStreamId(GROUP) } as const;
  for await (const commit of world.log.read(stream)) events.push(...commit.events);
  return events;
}

describe('owners of a rollout', () => {
  it('I7 a plan that is older than an exclusion starts without that host (C15, seed 1796)', async () => {
    const world = new World(HOSTS(4));
    await world.engine.start();
    const command = { type: 'exclude', host: 'h002' } as const;
    const actor = { id: 'ana', kind: 'user' } as const;
    await world.engine.groupCommand({ v: 1, id: 'c-out', target: GROUP, command, actor, reason: 'disk' });
    const id = await world.plan(planFor(HOSTS(4)));
    await wait(world, id, 'RolloutSucceeded');
    const admitted = (await world.history(id)).flatMap(({ events }) =>
      events.flatMap((event) => (event.type === 'TargetsAdmitted' ? event.targets : [])),
    );
    expect(admitted.toSorted((a, b) => a - b)).toEqual([0, 2, 3]);
    await world.engine.stop();
  });

  it.each([0, 1])(
    'C15 two of them: the other one goes on when number %i dies, with its waits and its attempts',
    async (dies) => {
      const world = new World(HOSTS(3), ({ host, step }) =>
        host === 'h002' && step === 'install' ? { kind: 'hang' } : undefined,
      );
      const engines = [world.engine, world.newEngine()];
      for (const engine of engines) await engine.start();
      const id = await world.plan(planFor(HOSTS(3), SLOWLY));
      await wait(world, id, 'WaitStarted');
      await engines[dies]?.stop();
      world.engine = engines[1 - dies] ?? world.engine;
      await wait(world, id, 'TargetUnknown');
      await world.engine.stop();
    },
  );

  it.each([0, 1])(
    'C15 two of them: the attempt of number %i, which dies, is asked for by the other one',
    async (dies) => {
      const world = new World(HOSTS(1));
      const engines = [world.engine, world.newEngine()];
      for (const engine of engines) await engine.start();
      const id = await world.plan(planFor(HOSTS(1)));
      await wait(world, id, 'TargetsAdmitted');
      world.fleet.setMessageFaults({ loseReport: 1 });
      await engines[dies]?.stop();
      world.engine = engines[1 - dies] ?? world.engine;
      await wait(world, id, 'RolloutSucceeded');
      await world.engine.stop();
    },
  );

  it('tries again what a failed turn has lost: a wait still ends', async () => {
    const world = new World(HOSTS(3));
    await world.engine.start();
    const id = await world.plan(planFor(HOSTS(3), SLOWLY));
    await wait(world, id, 'WaitStarted');
    const append = world.log.append.bind(world.log);
    let failed = 0;
    world.log.append = (...args) => {
      failed += 1;
      if (failed === 1) return Promise.reject(new SluiceError('INVARIANT_BROKEN', 'planted'));
      return append(...args);
    };
    await wait(world, id, 'RolloutSucceeded');
    await world.engine.stop();
  });

  it('tries again what a group was told in vain: a rollout still gets its lease', async () => {
    const world = new World(HOSTS(3));
    await world.engine.start();
    const append = world.log.append.bind(world.log);
    let failed = 0;
    world.log.append = (stream, ...args) => {
      if (stream.writer === 'group' && (failed += 1) === 1)
        return Promise.reject(new SluiceError('INVARIANT_BROKEN', 'planted'));
      return append(stream, ...args);
    };
    const id = await world.plan(planFor(HOSTS(3)));
    await wait(world, id, 'RolloutSucceeded');
    await world.engine.stop();
  });

  it('TRS-06 a crash between the order to roll back and the block of the bad version forgets neither', async () => {
    const world = new World(HOSTS(2));
    await world.engine.start();
    const good = await world.plan(planFor(HOSTS(2)));
    await wait(world, good, 'RolloutSucceeded');
    const bad = await world.plan(planFor(HOSTS(2), { version: '3.0.0' }));
    await wait(world, bad, 'RolloutSucceeded');
    await world.clock.advance(1_000);
    const append = world.log.append.bind(world.log);
    world.log.append = (stream, ...args) =>
      stream.writer === 'group' ? new Promise(() => undefined) : append(stream, ...args);
    expect(await world.say(bad, { type: 'rollback' })).toMatchObject({ ok: true });
    await world.engine.stop();
    world.log.append = append;
    world.engine = world.newEngine();
    await world.engine.start();
    await world.clock.advance(1_000);
    expect(await groupEvents(world)).toContainEqual(
      expect.objectContaining({ type: 'VersionBlocked', version: '3.0.0', rolloutId: bad }),
    );
    await world.engine.stop();
  });

  it('TRS-10 two commands at once to a rollout that has ended are both answered from what it is', async () => {
    const world = new World(HOSTS(2));
    await world.engine.start();
    await wait(world, await world.plan(planFor(HOSTS(2))), 'RolloutSucceeded');
    const id = await world.plan(planFor(HOSTS(2), { version: '3.0.0' }));
    await wait(world, id, 'RolloutSucceeded');
    await world.clock.advance(1_000);
    const answers = await Promise.all([world.say(id, { type: 'pause' }), world.say(id, { type: 'rollback' })]);
    expect(answers).toMatchObject([
      { ok: false, code: 'NOT_OFFERED', details: { state: 'succeeded', actions: ['rollback'] } },
      { ok: true, state: 'succeeded' },
    ]);
    await world.engine.stop();
  });
});
