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
const HOSTS = (count: number): string[] => Array.from({ length: count }, (_, i) => `h${String(i + 1).padStart(3, '0')}`);

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

function planFor(hosts: readonly string[], change: Partial<Plan> = {}): { readonly plan: Plan; readonly targets: readonly PlanTarget[] } {
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
      budget: { members: targets.length, percent: 50, maxUnavailable: Math.max(1, Math.floor(targets.length / 2)), failureLimit: 50, failureThresholdPercent: 50, extraFailures: 0, minServing: 0, advisory: false },
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
    return new ExecutorEngine({ log: this.log, clock: this.clock, newId: this.newId, agents: this.fleet, shards: ALL_SHARDS });
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

  async say(rollout: string, command: RolloutCommand, actor = 'ana', reason?: string): Promise<Awaited<ReturnType<ExecutorEngine['command']>>> {
    this.commands += 1;
    const envelope: CommandEnvelope<RolloutCommand> = { v: 1, id: `c${this.commands}`, target: rollout, command, actor: { id: actor, kind: 'user' }, ...(reason === undefined ? {} : { reason }) };
    return this.engine.command(envelope);
  }

  async history(rollout: string): Promise<RecordedCommit<'exec'>[]> {
    const commits: RecordedCommit<'exec'>[] = [];
    for await (const commit of this.log.read({ shard: shardOfGroup(GROUP), writer: 'exec', id: rollout })) commits.push(commit);
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
    const made = planFor(HOSTS(5), { canaries: 1, batches: [[2, 2]], strategy: 'canary', waits: { intervalMs: 1_000, tailIntervalMs: 0, tailFrom: 3, bakeMs: 2_000 } });
    const id = await world.plan(made);
    await wait(world, id, 'ApprovalRequested');
    const planHash = hashOf(made.plan);
    expect(await world.say(id, { type: 'approve', approval: 'canary', planHash }, 'rita')).toMatchObject({ ok: false, code: 'NOT_ALLOWED' });
    expect(await world.say(id, { type: 'approve', approval: 'canary', planHash: 'other' })).toMatchObject({ ok: false, code: 'PLAN_CHANGED' });
    expect(await world.say(id, { type: 'approve', approval: 'canary', planHash })).toMatchObject({ ok: true });
    await wait(world, id, 'StagePassed');
    await world.clock.advance(10_000);
    expect(await world.say(id, { type: 'approve', approval: 'batches', planHash })).toMatchObject({ ok: true });
    await wait(world, id, 'RolloutSucceeded');
    await world.engine.stop();
  });

  it('brakes at the budget, and a rollback is requested for what was touched', async () => {
    const world = new World(HOSTS(10), ({ step, version }) => (step === 'verify' && version === '3.0.0' ? { kind: 'fail' } : undefined));
    await world.engine.start();
    const good = await world.plan(planFor(HOSTS(10)));
    await wait(world, good, 'RolloutSucceeded');
    const bad = await world.plan(planFor(HOSTS(10), { version: '3.0.0', budget: { ...planFor(HOSTS(10)).plan.budget, percent: 20, maxUnavailable: 2, failureLimit: 2 } }));
    await wait(world, bad, 'RolloutBraked');
    expect(await world.say(bad, { type: 'resume' })).toMatchObject({ ok: false, code: 'NOT_OFFERED' });
    expect(await world.say(bad, { type: 'rollback' }, 'ana', 'it fails')).toMatchObject({ ok: true, state: 'cancelled' });
    const last = (await world.history(bad)).flatMap(({ events }) => events).at(-1);
    expect(last).toMatchObject({ type: 'RollbackRequested', to: { rolloutId: good, version: '2.0.0' }, targets: [0, 1], down: [0, 1] });
    await world.engine.stop();
  });
});
