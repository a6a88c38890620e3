import type { CommandEnvelope, RolloutCommand } from '@sluice/contracts';
import { hashOf, specHashOf } from '@sluice/contracts';
import { describe, expect, it, vi } from 'vitest';

import { GROUP, HOSTS, planFor, wait, World } from './fixtures/world.suite.js';

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

  it('TAR-05 sends each host the profile that the plan has for it, also when it is sent again', async () => {
    const world = new World(HOSTS(4), ({ host, step, n }) =>
      host === 'h003' && step === 'install' && n === 1 ? { kind: 'fail' } : undefined,
    );
    const run = vi.spyOn(world.fleet, 'run');
    await world.engine.start();
    const script = (name: string) => ({ kind: 'exec', steps: { install: [name] }, stepTimeoutMs: 1_000 }) as const;
    const profiles = [script('/opt/arm'), script('/opt/gpu')];
    const { plan } = planFor(HOSTS(4), { profiles });
    const targets = HOSTS(4).map((host, i) => (i === 1 ? { host } : { host, profile: i === 2 ? 1 : 0 }));
    const id = await world.plan({ plan: { ...plan, targetsHash: hashOf(targets) }, targets });
    await wait(world, id, 'RolloutFailed');
    expect(await world.say(id, { type: 'retry' })).toMatchObject({ ok: true });
    await wait(world, id, 'RolloutSucceeded');
    const sent = run.mock.calls.map(([command]) => command);
    const [arm, gpu] = profiles;
    const expected = new Map<string, unknown>([
      ['h001', arm],
      ['h002', plan.spec.profile],
      ['h003', gpu],
      ['h004', arm],
    ]);
    const rolls = sent.filter(({ kind }) => kind === 'roll').map(({ host, n }) => `${host}/${n}`);
    expect(rolls.toSorted()).toEqual(['h001/1', 'h002/1', 'h003/1', 'h003/2', 'h004/1']);
    for (const { host, spec, steps, specHash } of sent) {
      expect(spec, host).toEqual({ ...plan.spec, profile: expected.get(host) });
      expect(specHash, host).toBe(specHashOf(spec, steps));
    }
    expect(sent.find(({ host }) => host === 'h001')?.spec).toBe(sent.find(({ host }) => host === 'h004')?.spec);
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
    // Nothing came of that order: nobody planned it.
    expect(await world.say(second, { type: 'rollback' })).toMatchObject({ ok: true, state: 'succeeded' });
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

  it('a timer that fires a little early does not leave a wait hanging', async () => {
    const world = new World(HOSTS(2));
    const { clock } = world;
    // A platform's timer may fire a millisecond before its time by the clock, which then goes on while the input is decided.
    let asked = 0;
    world.engine = world.newEngine({
      now: () => clock.now() + Math.min(1, asked++),
      schedule: (delay, fire) =>
        clock.schedule(Math.max(1, delay - 1), () => {
          asked = 0;
          fire();
        }),
    });
    await world.engine.start();
    const id = await world.plan(
      planFor(HOSTS(2), { batches: [[1, 2]], waits: { intervalMs: 1_000, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 } }),
    );
    await wait(world, id, 'RolloutSucceeded');
    await world.engine.stop();
  });
});
