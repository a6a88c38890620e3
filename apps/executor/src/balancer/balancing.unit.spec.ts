import { ALL_SHARDS, type LbMode, type RolloutEvent } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import type { Called } from '../dependency/called.js';
import { ExecutorEngine } from '../engine.js';
import { HOSTS, planFor, wait, World } from '../fixtures/world.suite.js';
import type { BalancerPlace, BalancerPort } from './ports.js';

const DOWN: Called<never> = { kind: 'down', words: '5 of 5 calls failed' };

/** A balancer that does what it is told, or does not answer. */
class FakeBalancer implements BalancerPort {
  readonly said: string[] = [];
  readonly drained = new Set<string>();
  sessionsLeft = 0;
  answer: Called<never> | undefined;

  /** The next drain reaches it only when this resolves. */
  late: Promise<void> | undefined;

  async drain({ host }: BalancerPlace): Promise<Called<void>> {
    if (this.answer !== undefined) return this.answer;
    const { late } = this;
    this.late = undefined;
    await late;
    this.said.push(`drain ${host}`);
    this.drained.add(host);
    return { kind: 'done', value: undefined };
  }

  enable({ host }: BalancerPlace): Promise<Called<void>> {
    if (this.answer !== undefined) return Promise.resolve(this.answer);
    this.said.push(`enable ${host}`);
    this.drained.delete(host);
    return Promise.resolve({ kind: 'done', value: undefined });
  }

  sessions(): Promise<Called<number>> {
    return Promise.resolve(this.answer ?? { kind: 'done', value: this.sessionsLeft });
  }
}

class BalancedWorld extends World {
  readonly balancer = new FakeBalancer();

  override newEngine(clock = this.clock): ExecutorEngine {
    const { log, newId, fleet } = this;
    // The engine of the constructor is made before the balancer: it asks for it when it is needed.
    const balancers: BalancerPort = {
      drain: (place) => this.balancer.drain(place),
      enable: (place) => this.balancer.enable(place),
      sessions: () => this.balancer.sessions(),
    };
    return new ExecutorEngine({ log, clock, newId, agents: fleet, shards: ALL_SHARDS, balancers });
  }

  async started(count: number, mode: LbMode, change: Parameters<typeof planFor>[1] = {}): Promise<string> {
    await this.engine.start();
    return this.plan(planFor(HOSTS(count), { lb: { balancer: 'main', backend: 'hello', mode }, ...change }));
  }

  again(count: number, mode: LbMode, version: string): Promise<string> {
    return this.plan(planFor(HOSTS(count), { version, lb: { balancer: 'main', backend: 'hello', mode } }));
  }

  async of<T extends RolloutEvent['type']>(id: string, type: T) {
    const events = (await this.history(id)).flatMap((commit) => commit.events);
    return events.filter((event): event is Extract<RolloutEvent, { readonly type: T }> => event.type === type);
  }
}

describe('a rollout behind a load balancer', () => {
  it('drains each host there, has its agent do the rest, and enables it there', async () => {
    const world = new BalancedWorld(HOSTS(3));
    const id = await world.started(3, 'required');
    await wait(world, id, 'RolloutSucceeded');
    expect(world.balancer.said.toSorted()).toEqual(
      HOSTS(3)
        .flatMap((host) => [`drain ${host}`, `enable ${host}`])
        .toSorted(),
    );
    expect(world.fleet.versions('hello-prod')).toEqual({ '2.0.0': 3 });
    const steps = (await world.of(id, 'StepSucceeded')).filter(({ target }) => target === 0).map(({ step }) => step);
    expect(steps).toEqual(['drain', 'download', 'install', 'verify', 'enable']);
    expect(world.fleet.counters.runs).toBe(3);
    await world.engine.stop();
  });

  it('touches no host before its requests have ended or its drain window is over', async () => {
    const world = new BalancedWorld(HOSTS(1));
    world.balancer.sessionsLeft = 3;
    const { spec } = planFor(HOSTS(1)).plan;
    const id = await world.started(1, 'required', { spec: { ...spec, drainWindowMs: 60_000 } });
    await world.clock.advance(30_000);
    expect([world.fleet.counters.runs, await world.of(id, 'StepSucceeded')]).toEqual([0, []]);
    world.balancer.sessionsLeft = 0;
    await wait(world, id, 'RolloutSucceeded');
    await world.engine.stop();
  });

  it.each([1, 2, 3, 4, 5, 6])('says a step again after a crash, and does none twice (crash after %i s)', async (s) => {
    const world = new BalancedWorld(HOSTS(2));
    world.balancer.sessionsLeft = 1;
    const id = await world.started(2, 'required');
    await world.clock.advance(s * 1_000);
    await world.engine.stop();
    world.engine = world.newEngine();
    await world.engine.start();
    await wait(world, id, 'RolloutSucceeded');
    const done = (await world.of(id, 'StepSucceeded')).map(({ target, step, n }) => `${target} ${step} ${n}`);
    expect([done.length, new Set(done).size]).toEqual([10, 10]);
    expect(world.balancer.drained.size).toBe(0);
    await world.engine.stop();
  });

  it('puts a host back that a late drain of a former owner took out', async () => {
    const world = new BalancedWorld(HOSTS(1));
    let arrive: () => void = () => undefined;
    world.balancer.late = new Promise((resolve) => (arrive = resolve));
    const id = await world.started(1, 'required');
    await world.clock.advance(2_000);
    const former = world.engine;
    world.engine = world.newEngine();
    await world.engine.start();
    await wait(world, id, 'RolloutSucceeded');
    arrive();
    await world.clock.advance(5_000);
    expect([world.balancer.said, world.balancer.drained.size]).toEqual([
      ['drain h001', 'enable h001', 'drain h001', 'enable h001'],
      0,
    ]);
    await former.stop();
    await world.engine.stop();
  });
});

describe('a load balancer that does not answer', () => {
  it('TAR-41 required: brakes the rollout with that cause; resumed when it is back, it goes on to its end', async () => {
    const world = new BalancedWorld(HOSTS(4));
    world.balancer.answer = DOWN;
    const id = await world.started(4, 'required');
    await wait(world, id, 'RolloutBraked');
    expect((await world.of(id, 'RolloutBraked')).map(({ cause }) => [cause.kind, cause.words])).toEqual([
      ['dependency', 'main is required and down: 5 of 5 calls failed'],
    ]);
    expect(world.fleet.counters.runs).toBe(0);
    expect(await world.say(id, { type: 'resume' })).toMatchObject({ ok: true });
    await world.clock.advance(20_000);
    expect(await world.of(id, 'RolloutBraked'), 'still down: it brakes again').toHaveLength(2);
    world.balancer.answer = undefined;
    await world.say(id, { type: 'resume' });
    await wait(world, id, 'RolloutSucceeded');
    await world.engine.stop();
  });

  it('TAR-41 degrade: goes on without it, and records DrainSkipped for each target', async () => {
    const world = new BalancedWorld(HOSTS(4));
    world.balancer.answer = DOWN;
    const id = await world.started(4, 'degrade');
    await wait(world, id, 'RolloutSucceeded');
    const skipped = (await world.of(id, 'DrainSkipped')).filter(({ step }) => step === 'drain');
    expect(skipped.map(({ target }) => target).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    expect(world.fleet.versions('hello-prod')).toEqual({ '2.0.0': 4 });
    await world.engine.stop();
  });

  it('TAR-41 degrade: tells it of its hosts when it is back, unless another rollout has had them since', async () => {
    const world = new BalancedWorld(HOSTS(2));
    for (const host of HOSTS(2)) world.balancer.drained.add(host);
    world.balancer.answer = DOWN;
    const first = await world.started(2, 'degrade');
    await wait(world, first, 'RolloutSucceeded');
    await world.clock.advance(60_000);
    expect([...world.balancer.drained]).toEqual(HOSTS(2));
    world.balancer.answer = undefined;
    await world.clock.advance(60_000);
    expect([...world.balancer.drained]).toEqual([]);

    world.balancer.answer = DOWN;
    const second = await world.again(1, 'degrade', '3.0.0');
    await wait(world, second, 'RolloutSucceeded');
    const third = await world.again(2, 'degrade', '4.0.0');
    await wait(world, third, 'RolloutSucceeded');
    world.balancer.said.length = 0;
    world.balancer.answer = undefined;
    await world.clock.advance(120_000);
    expect(world.balancer.said.toSorted(), 'those of the last one, once each').toEqual(
      HOSTS(2).map((host) => `enable ${host}`),
    );
    await world.engine.stop();
  });

  it('gives up a drain that fails for half a minute, and puts back what it took out whenever that works', async () => {
    const world = new BalancedWorld(HOSTS(1));
    world.balancer.answer = { kind: 'failing', words: 'it answers nonsense' };
    const id = await world.started(1, 'required');
    await wait(world, id, 'RolloutBraked');
    world.balancer.answer = undefined;
    await world.say(id, { type: 'resume' });
    await wait(world, id, 'StepSucceeded');
    world.balancer.answer = { kind: 'failing', words: 'it answers nonsense' };
    await world.clock.advance(45_000);
    expect([...world.balancer.drained]).toEqual(HOSTS(1));
    world.balancer.answer = undefined;
    await wait(world, id, 'RolloutSucceeded');
    expect(world.balancer.drained.size).toBe(0);
    await world.engine.stop();
  });
});
