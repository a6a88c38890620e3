import { ALL_SHARDS, type PlannableMember, type RolloutEvent, shardOfId } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { ExecutorEngine } from '../engine.js';
import { GROUP, HOSTS, planFor, wait, World } from '../fixtures/world.suite.js';

type Synced = Extract<RolloutEvent, { readonly type: 'MembersSynced' }>;

/** Hosts that fail their first verify, and an inventory that answers with what is in `members`. */
async function stood(members: () => Promise<readonly PlannableMember[]>) {
  const world = new World(HOSTS(4), ({ host, n, step }) =>
    host === 'h001' && n === 1 && step === 'verify' ? { kind: 'fail' } : undefined,
  );
  const { log, clock, newId, fleet: agents } = world;
  world.engine = new ExecutorEngine({ log, clock, newId, agents, shards: ALL_SHARDS, members: { membersOf: members } });
  await world.engine.start();
  const id = await world.plan(planFor(HOSTS(4)));
  await wait(world, id, 'RolloutFailed');
  return { world, id };
}

async function syncs(world: World, id: string): Promise<Synced[]> {
  const found: Synced[] = [];
  for await (const { events } of world.log.read({ shard: shardOfId(id) ?? '', writer: 'exec', id }))
    found.push(...events.filter((event) => event.type === 'MembersSynced'));
  return found;
}

const retry = (world: World, id: string, expectedRev?: number) =>
  world.engine.command({
    ...{ v: 1, id: world.newId(), target: id, command: { type: 'retry' }, actor: { id: 'olga', kind: 'user' } },
    ...(expectedRev === undefined ? {} : { expectedRev }),
  });

describe('a retry and the members of its group', () => {
  it('TRS-13 the fresh members are in the log before they are decided on', async () => {
    const fresh = HOSTS(6).map((host) => ({ host }));
    const { world, id } = await stood(async () => fresh.slice(0, 6).filter(({ host }) => host !== 'h004'));
    for (const host of ['h005', 'h006']) world.fleet.add({ host, app: 'hello', group: GROUP, running: '1.0.0' });
    expect(await retry(world, id)).toMatchObject({ ok: true });
    await wait(world, id, 'RolloutSucceeded');
    expect(await syncs(world, id)).toEqual([{ type: 'MembersSynced', gone: [3], back: [], batches: [[2, 1]] }]);
    expect(world.fleet.versions(GROUP)).toMatchObject({ '2.0.0': 6 });
    await world.engine.stop();
  });

  it('goes on with the members that it has when nobody answers, or the inventory is empty', async () => {
    const answers = [() => Promise.reject(new Error('no planner')), () => new Promise<never>(() => {}), async () => []];
    for (const answer of answers) {
      const { world, id } = await stood(answer);
      const retried = retry(world, id);
      await world.clock.advance(6_000);
      expect(await retried).toMatchObject({ ok: true });
      await wait(world, id, 'RolloutSucceeded');
      expect(await syncs(world, id)).toMatchObject([{ gone: [], batches: [], problem: expect.any(String) }]);
      await world.engine.stop();
    }
  });

  it('refuses a retry of another rev without asking anybody', async () => {
    let asked = 0;
    const { world, id } = await stood(async () => {
      asked += 1;
      return HOSTS(4).map((host) => ({ host }));
    });
    expect(await retry(world, id, 1)).toMatchObject({ ok: false, code: 'VERSION_CONFLICT' });
    expect(asked).toBe(0);
    await world.engine.stop();
  });
});
