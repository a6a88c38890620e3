import { numbersOf } from '@sluice/audit';
import type { RolloutEvent } from '@sluice/contracts';
import type { MessageFaults } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { GROUP, hostName, Simulation, type TimedEvent } from './simulation.js';

const MINUTE = 60_000;
const DAY = 86_400_000;

const eventsOf = (sim: Simulation, id: string): readonly (TimedEvent & { readonly event: RolloutEvent })[] =>
  sim.timeline.filter((item) => item.id === id) as (TimedEvent & { readonly event: RolloutEvent })[];

const timesOf = (sim: Simulation, id: string, type: RolloutEvent['type']): number[] =>
  eventsOf(sim, id)
    .filter(({ event }) => event.type === type)
    .map(({ at }) => at);

/** Nothing was wrong on the way: invariants, steps done twice, complaints of a service. */
const sound = (sim: Simulation): void => expect(sim.faults()).toEqual([]);

const FAILS_VERIFY = { kind: 'fail' } as const;
const NO_WAITS = { strategy: 'rolling', interval: '0s', gates: ['settled'] } as const;

describe('rows: batches', () => {
  it('MOM-01 works on the targets of a batch in parallel: 10 targets x 60 s end within 70 s', async () => {
    const times = { drain: 5_000, download: 20_000, install: 15_000, verify: 15_000, enable: 5_000 };
    const sim = new Simulation({ seed: 1, hosts: 10, environment: 'test', times });
    const began = sim.clock.now();
    const id = await sim.request({ ...NO_WAITS, batches: '100%' });
    await sim.until(() => sim.ended(id));
    expect(sim.model(id).end).toBe('RolloutSucceeded');
    expect(sim.clock.now() - began).toBeGreaterThanOrEqual(60_000);
    expect(sim.clock.now() - began).toBeLessThan(70_000);
    sound(sim);
  });

  it('STR-07 rolls back the 80 that were touched: two batches take 10 minutes, 10 at a time take 40', async () => {
    const fiveMinutes = { drain: 0, download: 0, install: 5 * MINUTE, verify: 0, enable: 0, probe: 0 };
    const sim = new Simulation({ seed: 1, hosts: 100, times: fiveMinutes, helloEveryMs: 0 });
    const first = await sim.request({ ...NO_WAITS, version: '1.0.0', batches: '50%' });
    await sim.until(() => sim.ended(first));

    const bad = await sim.request({ ...NO_WAITS, interval: '1s', batches: '10%' });
    const began = sim.clock.now();
    await sim.until(() => timesOf(sim, bad, 'StagePassed').length === 8);
    expect(sim.fleet.versions(GROUP)).toEqual({ '1.0.0': 20, '2.0.0': 80 });
    expect((sim.clock.now() - began) / MINUTE).toBeCloseTo(40, 0);

    const ordered = sim.clock.now();
    expect(await sim.command(bad, { type: 'rollback' })).toMatchObject({ ok: true });
    await sim.until(
      () =>
        sim.fleet.versions(GROUP)['1.0.0'] === 100 && [...sim.invariants.rollouts.keys()].every((id) => sim.ended(id)),
    );
    expect((sim.clock.now() - ordered) / MINUTE).toBeCloseTo(10, 0);

    const rollback = [...sim.invariants.rollouts.values()].find(({ plan }) => plan.strategy === 'rollback');
    expect(rollback?.plan.batches).toEqual([[40, 2]]);
    expect(rollback?.targets.map(({ host }) => host).toSorted()).toEqual(
      sim
        .model(bad)
        .targets.slice(0, 80)
        .map(({ host }) => host)
        .toSorted(),
    );
    sound(sim);

    const slow = new Simulation({ seed: 1, hosts: 80, times: fiveMinutes, helloEveryMs: 0 });
    const tenAtATime = await slow.request({ ...NO_WAITS, batches: '13%' });
    const slowBegan = slow.clock.now();
    await slow.until(() => slow.ended(tenAtATime));
    expect(slow.model(tenAtATime).stages).toBe(8);
    expect((slow.clock.now() - slowBegan) / MINUTE).toBeCloseTo(40, 0);
  });

  it('TAR-29 waits nothing before batch 1, interval before 2, tailInterval from the third batch on', async () => {
    const sim = new Simulation({ seed: 1, hosts: 20, helloEveryMs: 0 });
    const id = await sim.request({ ...NO_WAITS, batches: '25%', interval: '5m', tailInterval: '30s' });
    await sim.until(() => sim.ended(id));
    const passed = timesOf(sim, id, 'StagePassed');
    const entered = timesOf(sim, id, 'StageEntered');
    expect(entered).toHaveLength(4);
    expect(entered[0]).toBe(timesOf(sim, id, 'RolloutStarted')[0]);
    expect(entered.slice(1).map((at, i) => at - (passed[i] ?? 0))).toEqual([5 * MINUTE, 30_000, 30_000]);
    sound(sim);
  });

  it.each(['automatic', 'manual'] as const)(
    'TAR-29 begins with the canary at once in %s mode, and waits for its batches only',
    async (mode) => {
      const sim = new Simulation({ seed: 1, hosts: 10 });
      const id = await sim.request({ interval: '5m', mode });
      expect(timesOf(sim, id, 'TargetsAdmitted')).toEqual(timesOf(sim, id, 'RolloutStarted'));
      sound(sim);
    },
  );

  it('TAR-19 sends no command of batch k+1 before all of batch k has settled', async () => {
    const sim = new Simulation({
      seed: 2,
      hosts: 30,
      faults: ({ host, step, version }) =>
        host < hostName(3) && step === 'install' && version === '2.0.0' ? FAILS_VERIFY : undefined,
      helloEveryMs: 0,
    });
    const id = await sim.request({ ...NO_WAITS, batches: '20%' });
    await sim.until(() => sim.ended(id));
    expect(admittedWhile(sim, id)).toEqual(
      [0, 1, 2, 3, 4].map((stage) => ({ stages: [stage], settled: stage, openAtItsEnd: 0 })),
    );
    expect(sim.model(id).end).toBe('RolloutFailed');
    sound(sim);
  });
});

/** Of each batch: the stages of what was admitted before it passed, and what was still open when it did. */
function admittedWhile(sim: Simulation, id: string): readonly object[] {
  const { targets } = sim.model(id);
  const open = new Set<number>();
  const batches: object[] = [];
  let stages = new Set<number | undefined>();
  for (const { event } of eventsOf(sim, id)) {
    if (event.type === 'TargetsAdmitted') for (const target of event.targets) open.add(target);
    if (event.type === 'TargetsAdmitted')
      stages = new Set([...stages, ...event.targets.map((target) => targets[target]?.stage)]);
    if (event.type === 'StepFailed' || (event.type === 'StepSucceeded' && event.step === 'enable'))
      open.delete(event.target);
    if (event.type !== 'StagePassed') continue;
    batches.push({ stages: [...stages], settled: event.stage, openAtItsEnd: open.size });
    stages = new Set();
  }
  return batches;
}

describe('rows: canary', () => {
  it('TAR-17 commands nobody but the canary before it was verified and approved', async () => {
    const sim = new Simulation({ seed: 1, hosts: 10, approveAfterMs: MINUTE });
    const id = await sim.request({ canary: { host: hostName(4) }, interval: '0s', bake: '1m' });
    await sim.until(() => sim.ended(id));
    const history = eventsOf(sim, id).map(({ event }) => event);
    const admissions = history.flatMap((event) => (event.type === 'TargetsAdmitted' ? [event] : []));
    expect(sim.model(id).targets[0]?.host).toBe(hostName(4));
    expect(admissions.slice(0, 2).map(({ run, targets }) => [run, targets])).toEqual([
      ['roll', [0]],
      ['enable', [0]],
    ]);
    const order = [
      'ApprovalRequested',
      'ApprovalGranted',
      'StageSettled',
      'StagePassed',
      'ApprovalRequested',
      'ApprovalGranted',
      'StageEntered',
    ];
    const seen = history
      .map(({ type }) => type)
      .filter((type) => order.includes(type))
      .slice(1, 8);
    expect(seen).toEqual(order);
    expect(sim.model(id).end).toBe('RolloutSucceeded');
    sound(sim);
  });

  it('TAR-17 takes the first host by stable order when none is named', async () => {
    const sim = new Simulation({ seed: 1, hosts: 5 });
    const id = await sim.request();
    expect(sim.model(id).targets[0]?.host).toBe(hostName(0));
  });

  it('TAR-26 does nothing for 30 days while nobody approves', async () => {
    const sim = new Simulation({ seed: 1, hosts: 10, helloEveryMs: 60_000 });
    const id = await sim.request();
    await sim.until(() => sim.model(id).status === 'awaiting-approval');
    await sim.clock.advance(MINUTE);
    const [events, runs] = [sim.invariants.events, sim.fleet.counters.runs];
    await sim.clock.advance(30 * DAY);
    expect([sim.invariants.events, sim.fleet.counters.runs]).toEqual([events, runs]);
    expect(sim.model(id).status).toBe('awaiting-approval');
    expect(sim.fleet.versions(GROUP)).toEqual({ '1.0.0': 9, '2.0.0': 1 });
    expect(sim.fleet.counters.notServing).toBe(1);
    sound(sim);
  });
});

describe('rows: failures', () => {
  it('TAR-31 goes on through all batches with one failure, and ends as partial failure that offers a retry', async () => {
    const sim = new Simulation({
      seed: 1,
      hosts: 100,
      faults: ({ host, step, version }) =>
        host === hostName(3) && step === 'verify' && version === '2.0.0' ? FAILS_VERIFY : undefined,
      helloEveryMs: 0,
    });
    const id = await sim.request({ ...NO_WAITS, batches: '25%' });
    await sim.until(() => sim.ended(id));
    expect(timesOf(sim, id, 'StagePassed')).toHaveLength(4);
    expect(timesOf(sim, id, 'RolloutBraked')).toEqual([]);
    expect(eventsOf(sim, id).at(-1)?.event).toMatchObject({
      type: 'RolloutFailed',
      counts: { done: 99, failed: 1 },
      notServing: [3],
    });
    const answer = await sim.command(id, { type: 'pause' });
    expect(answer).toMatchObject({
      ok: false,
      code: 'NOT_OFFERED',
      details: { actions: expect.arrayContaining(['retry']) as unknown },
    });
    sound(sim);
  });

  it.each([
    [100, 10, 10],
    [100, 1, 1],
    [100, 25, 25],
    [10, 10, 1],
    [20, 15, 3],
  ])(
    'TAR-32 brakes %d hosts at %d%% when %d are lost, at the failure and not at the next batch',
    async (members, percent, limit) => {
      const sim = new Simulation({
        seed: 1,
        hosts: members,
        faults: ({ step, version }) => (step === 'verify' && version === '2.0.0' ? FAILS_VERIFY : undefined),
        helloEveryMs: 0,
      });
      const id = await sim.request({ ...NO_WAITS, batches: `${percent}%` });
      await sim.until(() => sim.model(id).status === 'braked');
      expect(numbersOf(sim.model(id))).toMatchObject({ A: limit, lost: limit });
      const braked = eventsOf(sim, id).at(-1)?.event;
      expect(braked).toMatchObject({
        type: 'RolloutBraked',
        cause: { kind: 'budget', numbers: { lost: limit, limit } },
      });
      const commit = sim.timeline.filter(({ at }) => at === sim.timeline.at(-1)?.at).map(({ event }) => event.type);
      expect(commit).toContain('StepFailed');
      expect(sim.fleet.counters.maxNotServing).toBe(limit);
      sound(sim);
    },
  );

  it('TAR-40 has sent the first 50 commands of a rollback of 100 hosts within 2 s of the call', async () => {
    const sim = new Simulation({ seed: 1, hosts: 100, helloEveryMs: 0 });
    const first = await sim.request({ ...NO_WAITS, version: '1.0.0', batches: '50%' });
    await sim.until(() => sim.ended(first));
    const second = await sim.request({ ...NO_WAITS, batches: '50%' });
    await sim.until(() => sim.ended(second));
    const [called, runs] = [sim.clock.now(), sim.fleet.counters.runs];
    expect(await sim.command(second, { type: 'rollback' })).toMatchObject({ ok: true });
    await sim.until(() => sim.fleet.counters.runs - runs >= 50);
    expect(sim.clock.now() - called).toBeLessThan(2_000);
    await sim.until(() => sim.fleet.versions(GROUP)['1.0.0'] === 100);
    sound(sim);
  });
});

describe('rows: messages', () => {
  /** One batch of ten: its steps take 14.5 s. */
  const STEPS_MS = 14_500;
  const LONGEST_POLL_MS = 30_000;

  async function rolled(
    seed: number,
    messages: MessageFaults,
  ): Promise<{ readonly sim: Simulation; readonly ms: number }> {
    const sim = new Simulation({ seed, hosts: 10, environment: 'test', messages, helloEveryMs: 0 });
    const began = sim.clock.now();
    const id = await sim.request({ ...NO_WAITS, batches: '100%' });
    expect(await sim.until(() => sim.ended(id))).toBe(true);
    expect(sim.model(id).end).toBe('RolloutSucceeded');
    expect([...sim.fleet.counters.steps.values()].every((times) => times === 1)).toBe(true);
    sound(sim);
    return { sim, ms: sim.clock.now() - began };
  }

  it.each([1, 2, 3])('TAR-11 ends by polling when every result message is lost, seed %d', async (seed) => {
    const { sim, ms } = await rolled(seed, { loseReport: 1 });
    expect(ms).toBeGreaterThanOrEqual(STEPS_MS);
    expect(ms).toBeLessThanOrEqual(STEPS_MS + LONGEST_POLL_MS);
    expect(sim.fleet.counters.statusQueries).toBeGreaterThan(0);
  });

  it.each([1, 2, 3])('TAR-11 ends by messages when every poll is lost, seed %d', async (seed) => {
    const { ms } = await rolled(seed, { loseStatus: 1, delayReportMs: 500 });
    expect(ms).toBeLessThanOrEqual(STEPS_MS + 2_000);
  });
});

describe('rows: steps', () => {
  it.each(Array.from({ length: 20 }, (_, i) => i + 1))(
    'TAR-20 keeps the order of the five steps of every target, seed %d',
    async (seed) => {
      const sim = new Simulation({
        seed,
        hosts: 15,
        approveAfterMs: 500,
        messages: {
          loseReport: 0.2,
          duplicateReport: 0.2,
          delayReportMs: 3_000,
          loseReply: 0.1,
          duplicateCommand: 0.1,
        },
        faults: ({ host, step, n }) =>
          n === 1 && (Number(host.slice(-2)) * 7 + seed) % 11 === 0 && step === 'install' ? FAILS_VERIFY : undefined,
      });
      const id = await sim.request({ interval: '0s', bake: '5s', failureThreshold: 100 });
      await sim.until(() => sim.ended(id) || sim.model(id).status === 'braked', DAY);
      const chain = ['drain', 'download', 'install', 'verify', 'enable'];
      const steps = new Map<string, string[]>();
      for (const { event } of eventsOf(sim, id)) {
        if (event.type !== 'StepSucceeded' && event.type !== 'StepFailed') continue;
        const key = `${event.target}/${event.n}`;
        steps.set(key, [...(steps.get(key) ?? []), event.step]);
      }
      for (const done of steps.values()) expect(done).toEqual(chain.slice(0, done.length));
      sound(sim);
    },
  );
});
