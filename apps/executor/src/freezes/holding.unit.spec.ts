import { ALL_SHARDS, type CommandEnvelope, type FreezeCommand, type FreezeScope, NEW_FREEZE } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { ExecutorEngine } from '../engine.js';
import { HOSTS, planFor, wait, World } from '../fixtures/world.suite.js';
import { silentLogger } from '../ports.js';
import { Freezes } from './freezes.js';

const HOUR = 3_600_000;

class Frozen extends World {
  readonly freezes = new Freezes({ log: this.log, clock: this.clock, newId: this.newId, logger: silentLogger });
  private said = 0;

  async begin(): Promise<void> {
    await this.freezes.start();
    this.engine = this.restarted();
    await this.engine.start();
  }

  /** An engine that was started anew over the same log. */
  restarted(): ExecutorEngine {
    const { log, clock, newId, fleet: agents, freezes } = this;
    return new ExecutorEngine({ log, clock, newId, agents, freezes, shards: ALL_SHARDS });
  }

  freeze(scope: FreezeScope): Promise<unknown> {
    return this.order({ type: 'freeze', scope, until: this.clock.now() + HOUR }, NEW_FREEZE);
  }

  order(command: FreezeCommand, target: string): Promise<unknown> {
    this.said += 1;
    const envelope: CommandEnvelope<FreezeCommand> = {
      ...{ v: 1, id: `freeze-${this.said}`, target, command, actor: { id: 'ana', kind: 'user' } },
      reason: 'stop the line',
    };
    return this.freezes.command(envelope);
  }

  async count(rollout: string, type: string): Promise<number> {
    return (await this.types(rollout)).filter((each) => each === type).length;
  }
}

const worlds: Frozen[] = [];
async function newWorld(): Promise<Frozen> {
  const world = new Frozen(HOSTS(4));
  worlds.push(world);
  await world.begin();
  return world;
}

afterEach(async () => {
  for (const world of worlds.splice(0)) {
    await world.engine.stop();
    await world.freezes.stop();
  }
});

const rolling = planFor(HOSTS(4), { batches: [[2, 2]] });

describe('I6 a freeze', () => {
  it.each([
    { kind: 'all' },
    { kind: 'environment', name: 'production' },
    { kind: 'app', name: 'hello' },
    { kind: 'group', name: 'hello-prod' },
  ] satisfies FreezeScope[])('of %j holds a rollout that comes while it holds, until it is over', async (scope) => {
    const world = await newWorld();
    await world.freeze(scope);
    const rollout = await world.plan(rolling);
    await wait(world, rollout, 'RolloutFrozen');
    await world.clock.advance(HOUR / 2);
    expect(await world.count(rollout, 'TargetsAdmitted')).toBe(0);
    await world.clock.advance(HOUR / 2);
    await wait(world, rollout, 'RolloutSucceeded');
    expect(await world.count(rollout, 'RolloutThawed')).toBe(1);
  });

  it('of something else holds nothing up', async () => {
    const world = await newWorld();
    await world.freeze({ kind: 'environment', name: 'test' });
    const rollout = await world.plan(rolling);
    await wait(world, rollout, 'RolloutSucceeded');
    expect(await world.count(rollout, 'RolloutFrozen')).toBe(0);
  });

  it('that comes in mid-rollout lets what is in a step end and admits nothing more, after a restart either', async () => {
    const world = await newWorld();
    const rollout = await world.plan(rolling);
    await wait(world, rollout, 'TargetsAdmitted');
    await world.freeze({ kind: 'all' });
    await wait(world, rollout, 'RolloutFrozen');
    const admitted = await world.count(rollout, 'TargetsAdmitted');
    await world.engine.stop();
    world.engine = world.restarted();
    await world.engine.start();
    await world.clock.advance(HOUR / 2);
    expect(await world.count(rollout, 'TargetsAdmitted')).toBe(admitted);
    await world.order({ type: 'lift' }, 'f-freeze-1');
    await wait(world, rollout, 'RolloutSucceeded');
  });

  it('is overridden for one rollout by a hotfix, in the name of who says so and with a reason', async () => {
    const world = await newWorld();
    await world.freeze({ kind: 'all' });
    const rollout = await world.plan(rolling);
    await wait(world, rollout, 'RolloutFrozen');
    expect(await world.say(rollout, { type: 'hotfix' }, 'bo')).toMatchObject({ ok: false, code: 'REASON_NEEDED' });
    expect(await world.say(rollout, { type: 'hotfix' }, 'bo', 'repairs the outage')).toMatchObject({ ok: true });
    await wait(world, rollout, 'RolloutSucceeded');
    const events = (await world.history(rollout)).flatMap((commit) => commit.events);
    expect(events).toContainEqual({ type: 'FreezeOverridden', by: 'bo', reason: 'repairs the outage' });
  });

  it('never holds up the way out: what is frozen can be cancelled', async () => {
    const world = await newWorld();
    await world.freeze({ kind: 'all' });
    const rollout = await world.plan(rolling);
    await wait(world, rollout, 'RolloutFrozen');
    expect(await world.say(rollout, { type: 'cancel' }, 'bo')).toMatchObject({ ok: true });
    await wait(world, rollout, 'RolloutCancelled');
  });
});
