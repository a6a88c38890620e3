import { ALL_SHARDS } from '@sluice/contracts';
import type { HeldFreeze } from '@sluice/rollout';
import { describe, expect, it } from 'vitest';

import { groupStream } from '../actors/group-actor.js';
import { ExecutorEngine } from '../engine.js';
import { GROUP, HOSTS, planFor, wait, World } from '../fixtures/world.suite.js';
import type { FreezesPort } from '../freezes/ports.js';

const hosts = HOSTS(2);

/** A world whose groups' appends wait until they are let go; all others land at once. */
function slowGroups(): { readonly world: World; readonly letGo: () => void; readonly waiting: () => number } {
  const world = new World(hosts);
  const append = world.log.append.bind(world.log);
  const held: (() => void)[] = [];
  let isHeld = true;
  world.log.append = async (...args) => {
    if (isHeld && args[0].writer === 'group') await new Promise<void>((resolve) => held.push(resolve));
    return append(...args);
  };
  const letGo = (): void => {
    isHeld = false;
    for (const resolve of held.splice(0)) resolve();
  };
  return { world, letGo, waiting: () => held.length };
}

/** Freezes that hold when the test says so. */
class Held implements FreezesPort {
  private held: readonly HeldFreeze[] = [];
  private tell: () => void = () => undefined;

  heldFor = (): readonly HeldFreeze[] => this.held;

  listen(onChanged: () => void): () => void {
    this.tell = onChanged;
    return () => undefined;
  }

  say(names: readonly string[]): void {
    this.held = names.map((freeze) => ({ freeze, until: Number.MAX_SAFE_INTEGER, words: `${freeze} holds` }));
    this.tell();
  }
}

const engineOf = ({ log, clock, newId, fleet: agents }: World, freezes: FreezesPort): ExecutorEngine =>
  new ExecutorEngine({ log, clock, newId, agents, freezes, shards: ALL_SHARDS });

async function groupTypes(world: World): Promise<string[]> {
  const types: string[] = [];
  for await (const { events } of world.log.read(groupStream(GROUP))) types.push(...events.map(({ type }) => type));
  return types;
}

describe('a lease that is granted and not durable yet', () => {
  it('I2 starts nothing: a crash could still undo it; it starts when the log has the lease', async () => {
    const { world, letGo, waiting } = slowGroups();
    const freezes = new Held();
    world.engine = engineOf(world, freezes);
    await world.engine.start();
    const id = await world.plan(planFor(hosts));
    await world.clock.advance(100);
    expect(waiting()).toBe(1);
    // What the rollout hears meanwhile makes its owner look at it again.
    for (const names of [[], ['f1'], ['f1', 'f2'], []]) freezes.say(names);
    await world.clock.advance(10_000);
    freezes.say(['f3']);
    await world.clock.advance(10_000);
    freezes.say([]);
    await world.clock.advance(10_000);
    expect(await world.types(id)).not.toContain('RolloutStarted');
    expect(await world.types(id)).toContain('RolloutFrozen');
    expect((await world.types(id)).at(-1)).toBe('RolloutThawed');
    letGo();
    await wait(world, id, 'RolloutSucceeded');
    await world.engine.stop();
  });

  it('goes back when its rollout was called off before it was durable', async () => {
    const { world, letGo } = slowGroups();
    await world.engine.start();
    const id = await world.plan(planFor(hosts));
    await world.clock.advance(100);
    expect(await world.say(id, { type: 'cancel' }, 'ana', 'not today')).toMatchObject({ ok: true });
    letGo();
    await world.clock.advance(1_000);
    const next = await world.plan(planFor(hosts, { version: '3.0.0' }));
    await wait(world, next, 'RolloutSucceeded');
    expect(await world.types(id)).not.toContain('RolloutStarted');
    await world.engine.stop();
  });

  it('goes back when its rollout was called off before it was even decided', async () => {
    const { world, letGo, waiting } = slowGroups();
    await world.engine.start();
    // What the group is told meanwhile waits until this is durable.
    const excluding = world.engine.groupCommand({
      v: 1,
      id: 'excluding',
      target: GROUP,
      command: { type: 'exclude', host: 'h-other' },
      actor: { id: 'ana', kind: 'user' },
      reason: 'its disk',
    });
    await world.clock.advance(100);
    expect(waiting()).toBe(1);
    const id = await world.plan(planFor(hosts));
    await world.clock.advance(100);
    expect(await world.say(id, { type: 'cancel' }, 'ana', 'not today')).toMatchObject({ ok: true });
    await world.clock.advance(1_000);
    letGo();
    expect(await excluding).toMatchObject({ ok: true });
    await world.clock.advance(1_000);
    const next = await world.plan(planFor(hosts, { version: '3.0.0' }));
    await wait(world, next, 'RolloutSucceeded');
    expect(await world.types(id)).not.toContain('RolloutStarted');
    await world.engine.stop();
  });

  it('goes back after a restart when its rollout had ended before it was durable', async () => {
    const { world, letGo } = slowGroups();
    await world.engine.start();
    const id = await world.plan(planFor(hosts));
    await world.clock.advance(100);
    expect(await world.say(id, { type: 'cancel' }, 'ana', 'not today')).toMatchObject({ ok: true });
    const stopped = world.engine.stop();
    letGo();
    await stopped;
    await world.clock.advance(1_000);
    expect(await groupTypes(world)).toEqual(['LeaseGranted']);
    world.engine = engineOf(world, new Held());
    await world.engine.start();
    const next = await world.plan(planFor(hosts, { version: '3.0.0' }));
    await wait(world, next, 'RolloutSucceeded');
    expect(await world.types(id)).not.toContain('RolloutStarted');
    await world.engine.stop();
  });
});
