import { ALL_SHARDS } from '@sluice/contracts';
import type { LogPlace } from '@sluice/event-log';
import type { SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { HOSTS, planFor, wait, World } from '../fixtures/world.suite.js';
import { silentLogger } from '../ports.js';
import { LogMemory, type PlaceStore } from './log-memory.js';
import { type SteadyDeps, SteadyEngine } from './steady-engine.js';

const WAITS = { intervalMs: 60_000, tailIntervalMs: 60_000, tailFrom: 3, bakeMs: 0 };

class Kept implements PlaceStore {
  place: LogPlace | undefined;

  async load(): Promise<LogPlace | undefined> {
    return this.place;
  }

  async save(place: LogPlace): Promise<void> {
    this.place = place;
  }
}

function steady(world: World, more: Partial<SteadyDeps> = {}): SteadyEngine {
  const { log, clock, newId, fleet } = world;
  const engine = new SteadyEngine({ log, clock, newId, agents: fleet, shards: ALL_SHARDS, ...more });
  world.engine = engine;
  return engine;
}

/** Four hosts in two batches; it stands in the wait between them. */
async function halfWay(world: World): Promise<string> {
  const id = await world.plan(planFor(HOSTS(4), { batches: [[2, 2]], waits: WAITS }));
  await wait(world, id, 'WaitStarted');
  return id;
}

const brakesOf = async (world: World, id: string): Promise<object[]> =>
  (await world.history(id)).flatMap(({ events }) =>
    events.flatMap((event) => (event.type === 'RolloutBraked' ? [event.cause] : [])),
  );

describe('C16 an executor whose log lost its tail', () => {
  it('brakes what is open with that cause, admits nothing, and goes on when a person says so', async () => {
    const world = new World(HOSTS(4));
    const engine = steady(world);
    await engine.start();
    const id = await halfWay(world);
    const end = await world.log.position();
    world.log.truncateTail(2);
    await world.clock.advance(600_000);
    expect(await brakesOf(world, id)).toMatchObject([{ kind: 'log', numbers: { seen: end, position: end - 2 } }]);
    expect((await world.types(id)).filter((type) => type === 'TargetsAdmitted')).toHaveLength(1);
    expect(await world.say(id, { type: 'resume' })).toMatchObject({ ok: true });
    await wait(world, id, 'RolloutSucceeded');
    expect(world.fleet.counters.doneTwice()).toEqual([]);
    await engine.stop();
  });

  it('starts what has become planned again braked', async () => {
    const world = new World(HOSTS(4));
    const engine = steady(world);
    await engine.start();
    const id = await halfWay(world);
    world.log.truncateTail((await world.log.position()) - 1);
    await world.clock.advance(60_000);
    expect((await world.types(id)).slice(0, 2)).toEqual(['RolloutStarted', 'RolloutBraked']);
    expect(await world.types(id)).not.toContain('TargetsAdmitted');
    await engine.stop();
  });

  it('is noticed by the process after, and told once', async () => {
    const world = new World(HOSTS(4));
    const kept = new Kept();
    const memory = (): Promise<LogMemory> => LogMemory.open(kept, world.clock, silentLogger);
    const first = await memory();
    const engine = steady(world, { memory: first });
    await engine.start();
    const id = await halfWay(world);
    await engine.stop();
    await first.stop();
    expect(kept.place?.position).toBe(await world.log.position());

    world.log.truncateTail(2);
    const second = await memory();
    const next = steady(world, { memory: second });
    await next.start();
    await world.clock.advance(5_000);
    expect(await brakesOf(world, id)).toMatchObject([{ kind: 'log' }]);
    await world.say(id, { type: 'resume' });
    await next.stop();
    await second.stop();
    expect(kept.place?.position).toBe(await world.log.position());

    const last = steady(world, { memory: await memory() });
    await last.start();
    await wait(world, id, 'RolloutSucceeded');
    expect(await brakesOf(world, id)).toHaveLength(1);
    await last.stop();
  });

  it('leaves a loss to the next process when it dies before the brakes are durable', async () => {
    const world = new World(HOSTS(4));
    const kept = new Kept();
    const engine = steady(world, { memory: await LogMemory.open(kept, world.clock, silentLogger) });
    await engine.start();
    await halfWay(world);
    await world.clock.advance(2_000);
    const before = kept.place;
    const dying = await LogMemory.open(kept, world.clock, silentLogger);
    dying.lost(engine);
    dying.saw({ position: 1, hash: 'a'.repeat(64) });
    await dying.stop();
    expect(kept.place).toEqual(before);
    await engine.stop();
  });

  it('takes an empty log in the place of one that it knows for a missing one', async () => {
    const world = new World(HOSTS(4));
    const kept = new Kept();
    kept.place = { position: 7, hash: 'a'.repeat(64) };
    const memory = await LogMemory.open(kept, world.clock, silentLogger);
    const fatal: string[] = [];
    const engine = steady(world, { memory, onFatal: ({ code }) => fatal.push(code) });
    await expect(engine.start()).rejects.toMatchObject({ code: 'LOG_MISSING' });
    expect(fatal).toEqual(['LOG_MISSING']);
    await engine.stop();
    await memory.stop();
    expect(kept.place.position).toBe(7);
  });

  it('stops for good when the log is gone, and says so', async () => {
    const world = new World(HOSTS(4));
    const fatal: string[] = [];
    const engine = steady(world, { onFatal: ({ code }: SluiceError) => fatal.push(code) });
    await engine.start();
    await halfWay(world);
    world.log.faults.setMissing(true);
    await world.clock.advance(60_000);
    expect(fatal).toEqual(['LOG_MISSING']);
    expect(engine.isLive).toBe(false);
    world.log.faults.setMissing(false);
    await world.clock.advance(60_000);
    expect(engine.isLive).toBe(false);
    await engine.stop();
  });
});
