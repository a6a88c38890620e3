import { shardOfGroup } from '@sluice/contracts';
import { type Random, seededRandom } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { LEASE_MS, Sharing, type SharingNode } from '../fixtures/sharing.suite.js';
import { GROUP, HOSTS, planFor } from '../fixtures/world.suite.js';

const SHARD = shardOfGroup(GROUP);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const slowly = () =>
  planFor(HOSTS(12), {
    batches: [[3, 4]],
    waits: { intervalMs: 3_000, tailIntervalMs: 3_000, tailFrom: 3, bakeMs: 0 },
  });

async function midway(sharing: Sharing): Promise<string> {
  const id = await sharing.world.plan(slowly());
  for (let i = 0; i < 100; i += 1) {
    await sharing.world.clock.advance(500);
    if ((await sharing.world.types(id)).filter((type) => type === 'TargetsAdmitted').length > 1) return id;
  }
  throw new Error('it does not begin');
}

async function admissions(sharing: Sharing, id: string): Promise<number[]> {
  const commits = await sharing.world.history(id);
  return commits.flatMap(({ events, head }) =>
    events.some(({ type }) => type === 'TargetsAdmitted') ? [head.at] : [],
  );
}

async function expectEnd(sharing: Sharing, id: string): Promise<void> {
  const { world } = sharing;
  for (let i = 0; i < 30 && !(await world.types(id)).includes('RolloutSucceeded'); i += 1)
    await world.clock.advance(30 * SECOND);
  expect((await world.types(id)).at(-1)).toBe('RolloutSucceeded');
  expect(world.fleet.counters.doneTwice()).toEqual([]);
  expect(world.fleet.counters.unfenced()).toEqual([]);
}

describe('executors that share the shards', () => {
  it.each(['kill', 'pause', 'cut'] as const)(
    'XIM-10 the owner is lost (%s) in mid batch: within the lease time and 2 s the other one has its shard and goes on',
    async (how) => {
      const sharing = new Sharing(HOSTS(12));
      for (let i = 0; i < 2; i += 1) await sharing.join();
      await sharing.world.clock.advance(SECOND);
      const id = await midway(sharing);
      const owner = sharing.ownerOf(SHARD);
      const at = sharing.world.clock.now();
      if (how === 'kill') owner?.kill();
      else if (how === 'pause' && owner !== undefined) owner.clock.paused = true;
      else if (owner !== undefined) owner.cut = true;
      await sharing.world.clock.advance(LEASE_MS + 2 * SECOND);
      expect(sharing.ownerOf(SHARD)).not.toBe(owner);
      expect(sharing.ownerOf(SHARD)).toBeDefined();
      // A step of this fleet takes seconds, and the next target waits for one that ends.
      await sharing.world.clock.advance(MINUTE);
      expect((await admissions(sharing, id)).filter((time) => time > at).length).toBeGreaterThan(0);
      if (owner !== undefined && how !== 'kill') {
        owner.cut = false;
        owner.clock.wake();
      }
      await expectEnd(sharing, id);
    },
  );

  it('who leaves in peace waits for its commits, and the other one goes on at once', async () => {
    const sharing = new Sharing(HOSTS(12));
    for (let i = 0; i < 2; i += 1) await sharing.join();
    await sharing.world.clock.advance(SECOND);
    const id = await midway(sharing);
    const owner = sharing.ownerOf(SHARD);
    const stopped = owner?.leases.stop();
    await sharing.world.clock.advance(SECOND);
    await stopped;
    expect(sharing.ownerOf(SHARD)?.name).not.toBe(owner?.name);
    await expectEnd(sharing, id);
  });

  it.each(Array.from({ length: 12 }, (_, i) => i + 1))(
    'C15 no step is done twice and all ends well, whoever is killed, stopped, woken or cut off: seed %i',
    (seed) => whateverHappens(seededRandom(seed)),
  );
});

async function whateverHappens(random: Random): Promise<void> {
  const sharing = new Sharing(HOSTS(12));
  for (let i = 0; i < 3; i += 1) await sharing.join();
  sharing.world.fleet.setMessageFaults({ loseReport: 0.2, loseReply: 0.2, duplicateReport: 0.2, delayReportMs: 500 });
  const id = await sharing.world.plan(slowly());
  for (let i = 0; i < 12; i += 1) {
    await sharing.world.clock.advance(random.int(4_000));
    const node = sharing.alive[random.int(sharing.alive.length)];
    if (node !== undefined) disturb(node, random, sharing.alive.length > 1);
    if (sharing.alive.length < 3) await sharing.join();
  }
  for (const node of sharing.alive) {
    node.cut = false;
    node.clock.wake();
  }
  await expectEnd(sharing, id);
}

function disturb(node: SharingNode, random: Random, mayDie: boolean): void {
  const what = random.int(4);
  if (what === 0) node.cut = !node.cut;
  else if (what === 1) node.clock.paused = true;
  else if (what === 2) node.clock.wake();
  else if (mayDie) node.kill();
}
