import {
  ALL_SHARDS,
  type CommandEnvelope,
  EMPTY_HEAD,
  hashOf,
  type Plan,
  type PlanTarget,
  type RecordedCommit,
  type RolloutCommand,
  rolloutIdOf,
  shardOfGroup,
} from '@sluice/contracts';
import { InMemoryEventLog } from '@sluice/event-log';
import { FakeFleet, type StepFaults, seededIds, seededRandom, VirtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { ExecutorEngine } from './engine.js';

const GROUP = 'hello-prod';
const HOSTS = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `h${String(i + 1).padStart(3, '0')}`);

const spec: Plan['spec'] = {
  app: 'hello',
  group: GROUP,
  version: '2.0.0',
  artifact: { url: 'file:///hello.tgz', sha256: 'a'.repeat(64) },
  profile: { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 1_000 },
  verify: { path: '/health', status: 200, successes: 1, intervalMs: 100, timeoutMs: 10_000 },
  ignoreVerify: false,
  drainWindowMs: 100,
};

function planFor(
  hosts: readonly string[],
  change: Partial<Plan> = {},
): { readonly plan: Plan; readonly targets: readonly PlanTarget[] } {
  const targets = hosts.map((host) => ({ host }));
  const version = change.version ?? '2.0.0';
  return {
    targets,
    plan: {
      v: 1,
      rolloutId: rolloutIdOf(GROUP, version),
      requestId: `request-${version}`,
      app: 'hello',
      group: GROUP,
      environment: 'production',
      strategy: 'rolling',
      version,
      spec: { ...spec, version },
      targetCount: targets.length,
      canaries: 0,
      batches: [[targets.length, 1]],
      budget: {
        members: targets.length,
        percent: 50,
        maxUnavailable: Math.max(1, Math.floor(targets.length / 2)),
        failureLimit: 50,
        failureThresholdPercent: 50,
        extraFailures: 0,
        minServing: 0,
        advisory: false,
      },
      waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
      approvals: { batches: 'required' },
      mode: 'automatic',
      gates: [],
      onCanaryFailure: 'hold',
      leftOut: [],
      targetsHash: hashOf(targets),
      requestedBy: { id: 'rita', kind: 'user' },
      pollAfterMs: 5_000,
      attemptDeadlineMs: 60_000,
      ...change,
    },
  };
}

class World {
  readonly clock = new VirtualClock();
  readonly log = new InMemoryEventLog();
  readonly newId = seededIds(this.clock, seededRandom('engine'));
  readonly fleet: FakeFleet;
  engine: ExecutorEngine;
  private commands = 0;

  constructor(hosts: readonly string[], faults?: StepFaults) {
    this.fleet = new FakeFleet({
      clock: this.clock,
      random: seededRandom('fleet'),
      members: hosts.map((host) => ({ host, app: 'hello', group: GROUP, running: '1.0.0' })),
      report: (report) => this.engine.onReport(report),
      ...(faults === undefined ? {} : { faults }),
    });
    this.engine = this.newEngine();
  }

  newEngine(): ExecutorEngine {
    return new ExecutorEngine({
      log: this.log,
      clock: this.clock,
      newId: this.newId,
      agents: this.fleet,
      shards: ALL_SHARDS,
    });
  }

  async plan(made: ReturnType<typeof planFor>): Promise<string> {
    const { plan, targets } = made;
    const meta = { by: plan.requestedBy, cause: plan.requestId, corr: plan.requestId };
    await this.log.append({ shard: shardOfGroup(GROUP), writer: 'plan', id: plan.rolloutId }, EMPTY_HEAD, {
      id: this.newId(),
      at: this.clock.now(),
      events: [
        { event: { type: 'PlanTargetsAdded', from: 0, targets }, meta },
        { event: { type: 'RolloutPlanned', plan, planHash: hashOf(plan) }, meta },
      ],
    });
    return plan.rolloutId;
  }

  async say(
    rollout: string,
    command: RolloutCommand,
    actor = 'ana',
    reason?: string,
  ): Promise<Awaited<ReturnType<ExecutorEngine['command']>>> {
    this.commands += 1;
    const envelope: CommandEnvelope<RolloutCommand> = {
      v: 1,
      id: `c${this.commands}`,
      target: rollout,
      command,
      actor: { id: actor, kind: 'user' },
      ...(reason === undefined ? {} : { reason }),
    };
    return this.engine.command(envelope);
  }

  async history(rollout: string): Promise<RecordedCommit<'exec'>[]> {
    const commits: RecordedCommit<'exec'>[] = [];
    for await (const commit of this.log.read({ shard: shardOfGroup(GROUP), writer: 'exec', id: rollout }))
      commits.push(commit);
    return commits;
  }

  async types(rollout: string): Promise<string[]> {
    return (await this.history(rollout)).flatMap((commit) => commit.events.map(({ type }) => type));
  }
}

const wait = async (world: World, rollout: string, type: string): Promise<void> => {
  let seen = false;
  for (let minute = 0; minute < 120 && !seen; minute += 1) {
    await world.clock.advance(1_000);
    seen = (await world.types(rollout)).includes(type);
  }
  expect(seen, `${type} in ${(await world.types(rollout)).join(' ')}`).toBe(true);
};

describe('the executor', () => {
  it('rolls ten hosts to the end within the budget', async () => {
    const world = new World(HOSTS(10));
    await world.engine.start();
    const id = await world.plan(planFor(HOSTS(10)));
    await wait(world, id, 'RolloutSucceeded');
    expect(world.fleet.versions(GROUP)).toEqual({ '2.0.0': 10 });
    const types = await world.types(id);
    expect(types.filter((type) => type === 'StepSucceeded')).toHaveLength(50);
    await world.engine.stop();
  });

  it('goes on after a restart in mid-rollout and does no step twice', async () => {
    const world = new World(HOSTS(10));
    await world.engine.start();
    const id = await world.plan(planFor(HOSTS(10)));
    await world.clock.advance(4_000);
    await world.engine.stop();
    world.engine = world.newEngine();
    await world.engine.start();
    await wait(world, id, 'RolloutSucceeded');
    expect((await world.types(id)).filter((type) => type === 'StepSucceeded')).toHaveLength(50);
    expect(world.fleet.counters.runs).toBeGreaterThanOrEqual(10);
    await world.engine.stop();
  });

  it('holds a canary, asks twice, and refuses the requester as approver', async () => {
    const world = new World(HOSTS(5));
    await world.engine.start();
    const made = planFor(HOSTS(5), {
      canaries: 1,
      batches: [[2, 2]],
      strategy: 'canary',
      waits: { intervalMs: 1_000, tailIntervalMs: 0, tailFrom: 3, bakeMs: 2_000 },
    });
    const id = await world.plan(made);
    await wait(world, id, 'ApprovalRequested');
    const planHash = hashOf(made.plan);
    expect(await world.say(id, { type: 'approve', approval: 'canary', planHash }, 'rita')).toMatchObject({
      ok: false,
      code: 'NOT_ALLOWED',
    });
    expect(await world.say(id, { type: 'approve', approval: 'canary', planHash: 'other' })).toMatchObject({
      ok: false,
      code: 'PLAN_CHANGED',
    });
    expect(await world.say(id, { type: 'approve', approval: 'canary', planHash })).toMatchObject({ ok: true });
    await wait(world, id, 'StagePassed');
    await world.clock.advance(10_000);
    expect(await world.say(id, { type: 'approve', approval: 'batches', planHash })).toMatchObject({ ok: true });
    await wait(world, id, 'RolloutSucceeded');
    await world.engine.stop();
  });

  it('brakes at the budget, and a rollback is requested for what was touched', async () => {
    const world = new World(HOSTS(10), ({ step, version }) =>
      step === 'verify' && version === '3.0.0' ? { kind: 'fail' } : undefined,
    );
    await world.engine.start();
    const good = await world.plan(planFor(HOSTS(10)));
    await wait(world, good, 'RolloutSucceeded');
    const bad = await world.plan(
      planFor(HOSTS(10), {
        version: '3.0.0',
        budget: { ...planFor(HOSTS(10)).plan.budget, percent: 20, maxUnavailable: 2, failureLimit: 2 },
      }),
    );
    await wait(world, bad, 'RolloutBraked');
    expect(await world.say(bad, { type: 'resume' })).toMatchObject({ ok: false, code: 'NOT_OFFERED' });
    expect(await world.say(bad, { type: 'rollback' }, 'ana', 'it fails')).toMatchObject({
      ok: true,
      state: 'cancelled',
    });
    const last = (await world.history(bad)).flatMap(({ events }) => events).at(-1);
    expect(last).toMatchObject({
      type: 'RollbackRequested',
      to: { rolloutId: good, version: '2.0.0' },
      targets: [0, 1],
      down: [0, 1],
    });
    await world.engine.stop();
  });

  it('TAR-04 never waits for a host: one that hangs holds up nobody else of its batch', async () => {
    const world = new World(HOSTS(4), ({ host, step }) =>
      host === 'h001' && step === 'install' ? { kind: 'hang' } : undefined,
    );
    await world.engine.start();
    const id = await world.plan(
      planFor(HOSTS(4), {
        budget: { ...planFor(HOSTS(4)).plan.budget, maxUnavailable: 4, failureLimit: 4 },
        attemptDeadlineMs: 600_000,
      }),
    );
    await world.clock.advance(60_000);
    const enabled = (await world.history(id))
      .flatMap(({ events }) => events)
      .filter((event) => event.type === 'StepSucceeded' && event.step === 'enable');
    expect(enabled).toHaveLength(3);
    await world.engine.stop();
  });

  it('TRS-09 a newer rollout supersedes: the old one settles first, then the new one starts with a higher token', async () => {
    const world = new World(HOSTS(4));
    await world.engine.start();
    const old = await world.plan(planFor(HOSTS(4), { batches: [[1, 4]] }));
    await world.clock.advance(3_000);
    const next = await world.plan(planFor(HOSTS(4), { version: '3.0.0' }));
    await wait(world, next, 'RolloutSucceeded');
    const [before, after] = [await world.history(old), await world.history(next)];
    expect(before.flatMap(({ events }) => events).at(-1)).toMatchObject({
      type: 'RolloutCancelled',
      cause: 'superseded',
    });
    expect(after[0]?.events[0]).toMatchObject({ type: 'RolloutStarted', token: 2 });
    expect(after[0]?.head.position).toBeGreaterThan(before.at(-1)?.head.position ?? Infinity);
    expect(world.fleet.versions(GROUP)).toEqual({ '3.0.0': 4 });
    await world.engine.stop();
  });

  it('TAR-33 TAR-34 an excluded host gets no command in this rollout, and stays excluded after it', async () => {
    const world = new World(HOSTS(4));
    await world.engine.start();
    const id = await world.plan(planFor(HOSTS(4), { batches: [[1, 4]] }));
    await world.clock.advance(3_000);
    const said = await world.engine.groupCommand({
      v: 1,
      id: 'x1',
      target: GROUP,
      command: { type: 'exclude', host: 'h003' },
      actor: { id: 'ana', kind: 'user' },
      reason: 'bad disk',
    });
    expect(said).toMatchObject({ ok: true });
    await wait(world, id, 'RolloutSucceeded');
    expect(world.fleet.versions(GROUP)).toEqual({ '1.0.0': 1, '2.0.0': 3 });
    expect(world.fleet.host('h003').slots.get(GROUP)?.running).toBe('1.0.0');
    await world.engine.stop();
  });

  it('a command that is said twice has one effect, and one for another revision none', async () => {
    const world = new World(HOSTS(2));
    await world.engine.start();
    const id = await world.plan(planFor(HOSTS(2)));
    await world.clock.advance(1_000);
    const pause: CommandEnvelope<RolloutCommand> = {
      v: 1,
      id: 'same',
      target: id,
      command: { type: 'pause' },
      actor: { id: 'ana', kind: 'user' },
    };
    expect(await world.engine.command({ ...pause, id: 'other', expectedRev: 99 })).toMatchObject({
      ok: false,
      code: 'VERSION_CONFLICT',
    });
    expect(await world.engine.command(pause)).toMatchObject({ ok: true, state: 'paused' });
    expect(await world.engine.command(pause)).toMatchObject({ ok: true, state: 'paused' });
    expect((await world.types(id)).filter((type) => type === 'RolloutPaused')).toHaveLength(1);
    await world.engine.stop();
  });

  it('two executors that both believe to own a shard do no harm: every effect once, one history', async () => {
    const world = new World(HOSTS(10));
    const other = world.newEngine();
    await Promise.all([world.engine.start(), other.start()]);
    const id = await world.plan(planFor(HOSTS(10)));
    await wait(world, id, 'RolloutSucceeded');
    const types = await world.types(id);
    expect(types.filter((type) => type === 'RolloutStarted')).toHaveLength(1);
    expect(types.filter((type) => type === 'StepSucceeded')).toHaveLength(50);
    expect(types.filter((type) => type === 'RolloutSucceeded')).toHaveLength(1);
    await Promise.all([world.engine.stop(), other.stop()]);
  });

  it('an ended rollout leaves the memory, and can still be rolled back', async () => {
    const world = new World(HOSTS(2));
    await world.engine.start();
    const first = await world.plan(planFor(HOSTS(2)));
    await wait(world, first, 'RolloutSucceeded');
    const second = await world.plan(planFor(HOSTS(2), { version: '3.0.0' }));
    await wait(world, second, 'RolloutSucceeded');
    expect(await world.say(first, { type: 'rollback' })).toMatchObject({ ok: false, code: 'NOT_OFFERED' });
    expect(await world.say(second, { type: 'rollback' })).toMatchObject({ ok: true, state: 'succeeded' });
    expect(await world.say(second, { type: 'rollback' })).toMatchObject({ ok: false, code: 'NOT_OFFERED' });
    expect((await world.history(second)).flatMap(({ events }) => events).at(-1)).toMatchObject({
      type: 'RollbackRequested',
      to: { rolloutId: first },
    });
    expect(await world.say('r00-00000000000000000000000000', { type: 'pause' })).toMatchObject({
      ok: false,
      code: 'NOT_FOUND',
    });
    await world.engine.stop();
  });
});
