import { ALL_SHARDS, LEASED, type Shard } from '@sluice/contracts';
import { PausableClock, type Random, seededRandom, VirtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { silentLog } from '../running-service.js';
import { InMemoryLeases } from './in-memory-leases.js';
import type { Lease, LeaseHolder } from './ports.js';
import { Leases } from './leases.js';

const LEASE_MS = 5_000;
const SECOND = 1_000;

/** One executor: what it drives, and whether it may. */
class Node implements LeaseHolder {
  readonly clock: PausableClock;
  readonly driven = new Map<Shard, Lease>();
  readonly leases: Leases;
  cut = false;
  dead = false;
  drops = 0;
  releases = 0;
  refuse: ((shard: Shard) => boolean) | undefined;

  constructor(
    readonly world: World,
    readonly name: string,
  ) {
    this.clock = new PausableClock(world.clock);
    this.leases = new Leases({
      work: LEASED.executor,
      store: world.store.link(this.clock, () => this.cut || this.dead),
      host: this,
      clock: this.clock,
      me: { owner: name, name },
      leaseMs: LEASE_MS,
      timeOfDay: () => world.clock.now(),
      logger: silentLog,
    });
  }

  async acquire(shard: Shard, lease: Lease): Promise<void> {
    await new Promise<void>((resolve) => this.clock.schedule(20, resolve));
    if (this.refuse?.(shard) === true) throw new Error('it cannot be driven');
    if (lease.isValid()) this.driven.set(shard, lease);
  }

  async release(shard: Shard): Promise<void> {
    this.releases += 1;
    await new Promise<void>((resolve) => this.clock.schedule(20, resolve));
    this.driven.delete(shard);
  }

  drop(shard: Shard): void {
    this.drops += 1;
    this.driven.delete(shard);
  }

  /** What it would dispatch for if it were to act in this moment: it looks at its lease first. */
  get acting(): Shard[] {
    return this.dead || this.clock.paused
      ? []
      : [...this.driven].flatMap(([shard, lease]) => (lease.isValid() ? [shard] : []));
  }

  kill(): void {
    this.dead = true;
    this.clock.paused = true;
  }
}

class World {
  readonly clock = new VirtualClock();
  readonly store = new InMemoryLeases(this.clock, LEASE_MS);
  readonly nodes: Node[] = [];

  async join(name: string): Promise<Node> {
    const node = new Node(this, name);
    this.nodes.push(node);
    const started = node.leases.start();
    await this.clock.advance(SECOND);
    await started;
    return node;
  }

  /** Lets time pass, and throws as soon as two act on one shard. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      await this.clock.advance(Math.min(50, left));
      const { covered } = this;
      if (new Set(covered).size < covered.length) throw new Error(`two act at once: ${covered.join(' ')}`);
    }
  }

  get counts(): number[] {
    return this.nodes.map(({ acting }) => acting.length);
  }

  get covered(): Shard[] {
    return this.nodes.flatMap(({ acting }) => acting).toSorted();
  }
}

describe('shards and their owners', () => {
  it('one executor drives all, a second and a third get their shares, and nothing else moves', async () => {
    const world = new World();
    const first = await world.join('a');
    expect(world.counts).toEqual([16]);
    await world.join('b');
    await world.pass(SECOND);
    expect(world.counts).toEqual([8, 8]);
    await world.join('c');
    await world.pass(SECOND);
    expect(world.counts.toSorted((a, b) => a - b)).toEqual([5, 5, 6]);
    await world.pass(60 * SECOND);
    expect(world.covered).toEqual(ALL_SHARDS);
    expect(world.nodes.map(({ releases }) => releases).reduce((a, b) => a + b)).toBe(8 + 5);
    expect(first.drops).toBe(0);
  });

  it('XIM-10 the shards of one that was killed are driven by the others within the lease time', async () => {
    const world = new World();
    for (const name of ['a', 'b', 'c']) await world.join(name);
    await world.pass(7 * SECOND);
    world.nodes[0]?.kill();
    await world.pass(LEASE_MS + 500);
    expect(world.covered).toEqual(ALL_SHARDS);
    expect(world.counts).toEqual([0, 8, 8]);
  });

  it('who leaves in peace hands its shards over at once', async () => {
    const world = new World();
    for (const name of ['a', 'b']) await world.join(name);
    await world.pass(3 * SECOND);
    const stopped = world.nodes[0]?.leases.stop();
    await world.pass(200);
    await stopped;
    expect(world.counts).toEqual([0, 16]);
  });

  it('who was stopped and wakes up acts on no shard that others have, and gets a share again', async () => {
    const world = new World();
    for (const name of ['a', 'b', 'c']) await world.join(name);
    await world.pass(3 * SECOND);
    const zombie = world.nodes[1];
    if (zombie === undefined) return;
    const had = zombie.driven.size;
    zombie.clock.paused = true;
    await world.pass(LEASE_MS + 3 * SECOND);
    expect(world.covered).toEqual(ALL_SHARDS);
    expect(zombie.driven.size).toBe(had);
    zombie.clock.wake();
    expect(zombie.acting).toEqual([]);
    await world.pass(3 * SECOND);
    expect(zombie.drops).toBe(had);
    expect(world.counts.toSorted((a, b) => a - b)).toEqual([5, 5, 6]);
  });

  it('who is cut off stops before another one begins', async () => {
    const world = new World();
    for (const name of ['a', 'b']) await world.join(name);
    await world.pass(3 * SECOND);
    const lonely = world.nodes[0];
    if (lonely === undefined) return;
    lonely.cut = true;
    await world.pass(LEASE_MS + 500);
    expect(world.counts).toEqual([0, 16]);
    await world.pass(30 * SECOND);
    lonely.cut = false;
    await world.pass(5 * SECOND);
    expect(world.counts).toEqual([8, 8]);
  });

  it('nobody acts while the store is away for long, and all is driven again when it is back', async () => {
    const world = new World();
    for (const name of ['a', 'b']) await world.join(name);
    for (const node of world.nodes) node.cut = true;
    await world.pass(LEASE_MS);
    expect(world.counts).toEqual([0, 0]);
    for (const node of world.nodes) node.cut = false;
    await world.pass(6 * SECOND);
    expect(world.covered).toEqual(ALL_SHARDS);
    expect(world.counts).toEqual([8, 8]);
  });

  it('who starts again under its old name takes its leases back at once', async () => {
    const world = new World();
    const before = await world.join('a');
    before.kill();
    await world.join('a');
    expect(world.counts).toEqual([0, 16]);
  });

  it('a shard that cannot be driven is given back and tried again', async () => {
    const world = new World();
    const node = new Node(world, 'a');
    world.nodes.push(node);
    node.refuse = (shard) => shard === '07';
    void node.leases.start();
    await world.pass(2 * SECOND);
    expect(world.covered).toEqual(ALL_SHARDS.filter((shard) => shard !== '07'));
    node.refuse = undefined;
    await world.pass(LEASE_MS + SECOND);
    expect(world.covered).toEqual(ALL_SHARDS);
  });

  it.each(Array.from({ length: 40 }, (_, i) => i + 1))(
    'no shard has two who act, whatever happens, and all are driven in the end: seed %i',
    (seed) => whateverHappens(seededRandom(seed)),
  );
});

async function whateverHappens(random: Random): Promise<void> {
  const world = new World();
  for (let i = 0; i < 12; i += 1) {
    const alive = world.nodes.filter(({ dead }) => !dead);
    if (alive.length < 4 && random.chance(0.5)) await world.join(`n${i}`);
    const node = alive[random.int(Math.max(1, alive.length))];
    if (node !== undefined) disturb(node, random);
    await world.pass(random.int(2 * LEASE_MS));
  }
  await world.join('last');
  for (const node of world.nodes) {
    node.cut = false;
    if (!node.dead) node.clock.wake();
  }
  await world.pass(3 * LEASE_MS);
  expect(world.covered).toEqual(ALL_SHARDS);
  const counts = world.nodes.filter(({ dead }) => !dead).map(({ acting }) => acting.length);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
}

function disturb(node: Node, random: Random): void {
  const what = random.int(5);
  if (what === 0) node.kill();
  else if (what === 1) node.cut = !node.cut;
  else if (what === 2) node.clock.paused = true;
  else if (what === 3) node.clock.wake();
  else {
    void node.leases.stop().then(() => (node.dead = true));
  }
}
