import type { RolloutCommand, RolloutEvent } from '@sluice/contracts';
import { isSluiceError, SluiceError } from '@sluice/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { unavailable } from './budget.js';
import { evolveRollout } from './evolve/evolve.js';
import { Machine, type PlanShape } from './fixtures/machine.js';
import { initialRollout, phaseAt, type RolloutStatus } from './state.js';
import { summarizeRollout, targetsOf } from './summary.js';
import { nextActions } from './transitions.js';

const refusal = (act: () => unknown): SluiceError => {
  try {
    act();
  } catch (error) {
    if (isSluiceError(error)) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

describe('the course of a rollout', () => {
  it('TAR-19 rolls a batch in parallel, and the next one only after all of it has settled', () => {
    const machine = Machine.started({ batches: [3, 3], percent: 50 });
    expect(machine.open).toEqual([0, 1, 2]);
    machine.settle(0);
    machine.settle(1);
    expect(machine.open).toEqual([2]);
    machine.settle(2);
    expect(machine.open).toEqual([3, 4, 5]);
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
  });

  it('TAR-31 quick and dirty: one failure in batch 1 of 100 targets at 25% stops no batch; the end is a partial failure with retry', () => {
    const machine = Machine.started({ batches: [25, 25, 25, 25], percent: 25 });
    machine.drive((target) => target === 3);
    expect(machine.of('StageEntered')).toHaveLength(4);
    expect(machine.state.status).toBe('failed');
    expect(summarizeRollout(machine.state).counts).toMatchObject({ done: 99, failed: 1 });
    expect(nextActions(machine.state)).toContain('retry');
  });

  it.each([
    { members: 100, percent: 10, lost: 10 },
    { members: 100, percent: 1, lost: 1 },
    { members: 100, percent: 25, lost: 25 },
    { members: 10, percent: 10, lost: 1 },
    { members: 20, percent: 15, lost: 3 },
  ])('TAR-32 brakes when all fail: $members members at $percent% lose $lost', ({ members, percent, lost }) => {
    const size = Math.max(1, Math.floor((members * percent) / 100));
    const machine = Machine.started({
      batches: Array.from({ length: Math.ceil(members / size) }, (_, i) => Math.min(size, members - i * size)),
      percent,
    });
    machine.drive(() => true);
    expect(machine.state.status).toBe('braked');
    expect(machine.state.lostCount).toBe(lost);
    expect(machine.of('RolloutBraked')[0]?.cause).toMatchObject({
      kind: 'budget',
      numbers: { lost, limit: lost, members },
    });
    expect(machine.of('RolloutBraked')[0]?.cause.words).toContain(
      `lost ${lost} - written off 0 = ${lost} >= limit ${lost}`,
    );
  });

  it('TAR-32 is checked at each failure and not only between batches, and nothing is admitted after the brake', () => {
    const machine = Machine.started({ batches: [4, 4], percent: 50, budget: { failureLimit: 2 } });
    machine.settle(0, 'verify');
    expect(machine.state.status).toBe('running');
    const events = machine.settle(1, 'verify');
    expect(events.map(({ type }) => type)).toContain('RolloutBraked');
    const admitted = machine.of('TargetsAdmitted').length;
    machine.settle(2);
    machine.settle(3);
    expect(machine.of('TargetsAdmitted')).toHaveLength(admitted);
  });

  it('a failure shrinks the concurrency of the batch instead of stopping it', () => {
    const machine = Machine.started({ batches: [4, 4], percent: 50, budget: { failureLimit: 4 } });
    expect(machine.open).toHaveLength(4);
    machine.settle(0, 'install');
    machine.drive();
    expect(machine.of('TargetsAdmitted').map(({ targets }) => targets.length)).toEqual([4, 3, 1]);
    expect(machine.state.status).toBe('failed');
  });

  it('TAR-29 waits nothing before batch 1, the interval before batch 2, the tail interval from batch 3 on', () => {
    const machine = Machine.started({
      batches: [1, 1, 1, 1],
      percent: 50,
      waits: { intervalMs: 60_000, tailIntervalMs: 10_000, tailFrom: 3, bakeMs: 0 },
    });
    for (const gap of [60_000, 10_000, 10_000]) {
      machine.drive();
      expect(machine.open).toEqual([]);
      machine.tick(gap - 1);
      expect(machine.open).toEqual([]);
      machine.tick(1);
      expect(machine.open).toHaveLength(1);
    }
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
  });

  it('TAR-28 between batches waits for a person in manual mode, and the mode can be switched in mid-rollout', () => {
    const machine = Machine.started({ batches: [1, 1, 1, 1], percent: 50, mode: 'manual' });
    machine.drive();
    machine.tick(86_400_000);
    expect(machine.open).toEqual([]);
    expect(nextActions(machine.state)).toContain('proceed');
    machine.say({ type: 'proceed' });
    expect(machine.open).toEqual([1]);
    machine.drive();
    expect(machine.open).toEqual([]);
    machine.say({ type: 'setMode', mode: 'automatic' });
    expect(machine.open).toEqual([2]);
    machine.say({ type: 'setMode', mode: 'manual' });
    machine.drive();
    expect(machine.open).toEqual([]);
    expect(machine.state.status).toBe('running');
  });

  it('an interval that is changed holds for the stages to come', () => {
    const machine = Machine.started({
      batches: [1, 1, 1],
      percent: 50,
      waits: { intervalMs: 60_000, tailIntervalMs: 60_000, tailFrom: 3, bakeMs: 0 },
    });
    machine.say({ type: 'setInterval', intervalMs: 1_000, tailIntervalMs: 0 });
    machine.drive();
    machine.tick(1_000);
    machine.drive();
    expect(machine.open).toEqual([]);
    expect(machine.state.status).toBe('succeeded');
  });
});

describe('the canary', () => {
  const shape: PlanShape = {
    canaries: 1,
    batches: [2, 2],
    percent: 50,
    waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 300_000 },
  };

  it('TAR-17 goes first and alone; nothing else moves before it is verified, enabled and approved', () => {
    const machine = Machine.started(shape);
    expect(machine.open).toEqual([0]);
    machine.settle(0);
    machine.approve('canary');
    machine.settle(0);
    machine.tick(300_000);
    expect(machine.of('TargetsAdmitted').flatMap(({ targets }) => targets)).toEqual([0, 0]);
    machine.approve('batches');
    expect(machine.open).toEqual([1, 2]);
  });

  it('TAR-25 ends its chain with verify: no enable before the approval', () => {
    const machine = Machine.started(shape);
    expect(machine.attempt(0).steps).toEqual(['drain', 'download', 'install', 'verify']);
    machine.settle(0);
    expect(phaseAt(machine.state, 0)).toBe('verified');
    expect(machine.state.status).toBe('awaiting-approval');
    expect(machine.events.some((event) => event.type === 'StepSucceeded' && event.step === 'enable')).toBe(false);
    machine.approve('canary');
    expect(machine.attempt(0).steps).toEqual(['enable']);
  });

  it('TAR-26 is never enabled by itself: thirty days without an approval change nothing', () => {
    const machine = Machine.started(shape);
    machine.settle(0);
    const before = machine.events.length;
    for (let day = 0; day < 30; day += 1) machine.tick(86_400_000);
    expect(machine.events).toHaveLength(before);
    expect(nextActions(machine.state)).toContain('approve');
  });

  it('I13 the approver is not the requester, and names the plan that was read', () => {
    const machine = Machine.started(shape);
    machine.settle(0);
    expect(refusal(() => machine.say({ type: 'approve', approval: 'canary', planHash: 'hash' }, 'rita')).code).toBe(
      'NOT_ALLOWED',
    );
    expect(refusal(() => machine.say({ type: 'approve', approval: 'canary', planHash: 'old' })).code).toBe(
      'PLAN_CHANGED',
    );
    expect(refusal(() => machine.approve('batches')).code).toBe('CONFLICT');
    expect(machine.state.status).toBe('awaiting-approval');
  });

  it('a policy may approve the batches in advance: after the bake, and only then', () => {
    const machine = Machine.started({ ...shape, approvals: { batches: 'policy' } });
    machine.settle(0);
    machine.approve('canary');
    machine.settle(0);
    machine.tick(299_999);
    expect(machine.open).toEqual([]);
    machine.tick(1);
    expect(machine.open).toEqual([1, 2]);
    expect(machine.of('ApprovalGranted').map(({ approval }) => approval)).toEqual(['canary', 'batches']);
  });

  it('brakes at once when it fails, whatever the budget allows', () => {
    const machine = Machine.started({ ...shape, batches: [100], budget: { failureLimit: 50, maxUnavailable: 50 } });
    machine.settle(0, 'verify');
    expect(machine.of('RolloutBraked')[0]?.cause).toMatchObject({ kind: 'canary', targets: [0] });
    expect(machine.of('RolloutBraked')[0]?.cause.words).toContain('verify failed with PLANTED');
    expect(nextActions(machine.state)).not.toContain('resume');
  });

  it('asks for a new approval when it is done anew', () => {
    const machine = Machine.started(shape);
    machine.settle(0);
    machine.approve('canary');
    machine.settle(0, 'enable');
    expect(machine.state.status).toBe('braked');
    machine.say({ type: 'retry' });
    machine.settle(0);
    expect(machine.state.status).toBe('awaiting-approval');
    expect(machine.state.wanted).toBe('canary');
  });

  it('STR-11 a gate that fails while it bakes brakes, and a resumed gate is asked again', () => {
    const machine = Machine.started({ ...shape, gates: ['ready'] });
    machine.settle(0);
    machine.approve('canary');
    machine.settle(0);
    expect(machine.of('GatesRequested')).toHaveLength(1);
    const judged = {
      type: 'GateJudged',
      stage: 0,
      round: 1,
      gate: 'ready',
      verdict: 'fail',
      words: '0 of 1 ready',
      inputs: {},
      policyHash: 'p',
    } as const;
    machine.input({ type: 'verdict', judged });
    expect(machine.state.status).toBe('braked');
    machine.say({ type: 'resume' });
    expect(machine.of('GatesRequested').map(({ round }) => round)).toEqual([1, 2]);
    machine.input({ type: 'verdict', judged: { ...judged, verdict: 'pass' } });
    expect(machine.state.stage.passed.size).toBe(0);
    machine.input({ type: 'verdict', judged: { ...judged, round: 2, verdict: 'pass' } });
    machine.tick(300_000);
    expect(machine.state.wanted).toBe('batches');
  });

  it('stays where it is while a gate is inconclusive or in error', () => {
    const machine = Machine.started({
      ...shape,
      gates: ['ready'],
      waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
    });
    machine.settle(0);
    machine.approve('canary');
    machine.settle(0);
    for (const verdict of ['inconclusive', 'error'] as const) {
      machine.input({
        type: 'verdict',
        judged: {
          type: 'GateJudged',
          stage: 0,
          round: 1,
          gate: 'ready',
          verdict,
          words: 'no data',
          inputs: {},
          policyHash: 'p',
        },
      });
      machine.tick(3_600_000);
      expect(machine.types()).not.toContain('StagePassed');
    }
  });
});

describe('steps and reports', () => {
  it('TAR-20 TAR-21 whatever agents report, a target does drain, download, install, verify, enable in this order and no other', () => {
    const step = fc.constantFrom('probe', 'drain', 'download', 'install', 'verify', 'enable' as const);
    const lie = fc.record({
      target: fc.integer({ min: 0, max: 4 }),
      n: fc.integer({ min: 0, max: 3 }),
      final: fc.boolean(),
      steps: fc.array(fc.record({ step, ok: fc.boolean() }), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(lie, fc.constantFrom('honest' as const)), { maxLength: 60 }), (inputs) => {
        const machine = Machine.started({ batches: [2, 2], percent: 100 });
        for (const input of inputs) {
          if (machine.open.length === 0) break;
          const report =
            input === 'honest'
              ? honest(machine)
              : {
                  ...machine.report(machine.open[0] ?? -1),
                  ...input,
                  host: `h${input.target}`,
                  steps: input.steps.map((s) => ({ ...s, ms: 1 })),
                };
          try {
            machine.input({ type: 'report', report: report as never });
          } catch (error) {
            if (!isSluiceError(error)) throw error;
          }
        }
        for (let target = 0; target < 4; target += 1) {
          const done = machine
            .of('StepSucceeded')
            .filter((event) => event.target === target)
            .map((event) => event.step);
          expect(['drain', 'download', 'install', 'verify', 'enable'].slice(0, done.length)).toEqual(done);
        }
      }),
    );
  });

  const honest = (machine: Machine): ReturnType<Machine['report']> | undefined =>
    machine.open[0] === undefined ? undefined : machine.report(machine.open[0]);

  it('a report that does not fit the attempt changes nothing: another host, a step out of order, an attempt never given, a false end, another token', () => {
    const machine = Machine.started({ batches: [2], percent: 100 });
    const good = machine.report(0);
    const before = machine.events.length;
    for (const [change, code] of [
      [{ host: 'h1' }, 'BAD_REPORT'],
      [{ steps: good.steps.toReversed() }, 'BAD_REPORT'],
      [{ n: 2 }, 'BAD_REPORT'],
      [{ steps: good.steps.slice(0, 2) }, 'BAD_REPORT'],
      [{ token: 6 }, 'FENCED'],
      [{ target: 99 }, 'BAD_REPORT'],
    ] as const) {
      expect(refusal(() => machine.input({ type: 'report', report: { ...good, ...change } })).code).toBe(code);
    }
    expect(machine.events).toHaveLength(before);
  });

  it('a report that was recorded already is quiet, and one of an older attempt is stale', () => {
    const machine = Machine.started({ batches: [2], percent: 100, budget: { failureLimit: 5 } });
    const first = machine.report(0, 'install');
    machine.input({ type: 'report', report: first });
    expect(machine.input({ type: 'report', report: first })).toEqual([]);
    machine.settle(1);
    machine.say({ type: 'retry' });
    machine.settle(1);
    expect(refusal(() => machine.input({ type: 'report', report: first })).code).toBe('STALE_ATTEMPT');
  });

  it('progress is recorded as it comes, and the final report adds what is new', () => {
    const machine = Machine.started({ batches: [1] });
    const all = machine.report(0);
    machine.input({ type: 'report', report: { ...all, final: false, steps: all.steps.slice(0, 2) } });
    expect(phaseAt(machine.state, 0)).toBe('installing');
    machine.input({ type: 'report', report: all });
    expect(machine.of('StepSucceeded')).toHaveLength(5);
    expect(machine.state.status).toBe('succeeded');
  });

  it('no answer by the deadline makes a target unknown: it counts as unavailable, and is known again when the agent reports', () => {
    const machine = Machine.started({ batches: [2, 2], percent: 50, budget: { failureLimit: 2 } });
    const late = machine.report(0);
    machine.settle(1);
    machine.tick(60_000);
    expect(phaseAt(machine.state, 0)).toBe('unknown');
    expect(unavailable(machine.state)).toBe(2);
    machine.input({ type: 'report', report: late });
    expect(phaseAt(machine.state, 0)).toBe('done');
    expect(machine.state.lostCount).toBe(0);
  });

  it('TAR-22 the state of every target is derived from events alone: a prefix and then the rest is the whole', () => {
    const machine = Machine.started({ canaries: 1, batches: [3, 3, 3], percent: 40 });
    machine.settle(0);
    machine.approve('canary');
    machine.settle(0);
    machine.approve('batches');
    machine.drive((target) => target === 5);
    for (let cut = 0; cut <= machine.events.length; cut += 1) {
      const state = initialRollout();
      for (const event of machine.events.slice(0, cut)) evolveRollout(state, event, machine.now);
      for (const event of machine.events.slice(cut)) evolveRollout(state, event, machine.now);
      expect(targetsOf(state)).toEqual(targetsOf(machine.state));
      expect(summarizeRollout(state)).toMatchObject({
        state: machine.state.status,
        counts: summarizeRollout(machine.state).counts,
      });
    }
  });
});

describe('commands', () => {
  it('TAR-23 offers retry exactly when a target is failed or unknown', () => {
    const machine = Machine.started({ batches: [2, 2], percent: 50, budget: { failureLimit: 1 } });
    expect(nextActions(machine.state)).not.toContain('retry');
    machine.settle(0, 'verify');
    machine.settle(1);
    expect(machine.state.status).toBe('braked');
    expect(nextActions(machine.state)).toContain('retry');
    machine.say({ type: 'retry' });
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
    expect(nextActions(machine.state)).not.toContain('retry');
  });

  it('TAR-24 a retried batch of ten with one failure does one full chain and nine probes; a probe that fails is done again', () => {
    const machine = Machine.started({ batches: [10], percent: 100, budget: { failureLimit: 5 } });
    machine.drive((target) => target === 4);
    expect(machine.state.status).toBe('failed');
    machine.say({ type: 'retry' });
    const probes = machine
      .of('TargetsAdmitted')
      .filter(({ run }) => run === 'probe')
      .flatMap(({ targets }) => targets);
    expect(probes.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
    for (const target of machine.open.filter((open) => open !== 7 && open !== 4)) machine.settle(target);
    machine.settle(7, 'probe', true);
    machine.drive();
    const redone = machine
      .of('TargetsAdmitted')
      .filter(({ run }) => run === 'roll')
      .slice(1)
      .flatMap(({ targets }) => targets);
    expect(redone.toSorted((a, b) => a - b)).toEqual([4, 7]);
    expect(machine.state.status).toBe('succeeded');
    expect(summarizeRollout(machine.state).counts).toMatchObject({ skipped: 8, done: 2, failed: 0 });
  });

  it('a retry of an unknown target looks first', () => {
    const machine = Machine.started({ batches: [2], percent: 100, budget: { failureLimit: 5 } });
    machine.settle(1);
    machine.tick(60_000);
    expect(machine.state.status).toBe('failed');
    machine.say({ type: 'retry' });
    expect(machine.attempt(0)).toMatchObject({ run: 'probe', n: 2 });
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
  });

  it('skip looks at a failed target, and leaves it failed when the look fails', () => {
    const machine = Machine.started({ batches: [2], percent: 100, budget: { failureLimit: 5 } });
    machine.drive((target) => target === 0);
    machine.say({ type: 'skip', host: 'h0' });
    machine.settle(0, 'probe');
    expect(machine.state.status).toBe('failed');
    expect(phaseAt(machine.state, 0)).toBe('failed');
    machine.say({ type: 'skip', host: 'h0' });
    machine.settle(0);
    expect(machine.state.status).toBe('succeeded');
    expect(phaseAt(machine.state, 0)).toBe('skipped');
    expect(refusal(() => Machine.started({ batches: [1] }).say({ type: 'skip', host: 'h0' })).code).toBe('NOT_OFFERED');
  });

  it('TAR-33 after a brake a host that is excluded leaves G: A is computed anew, resume is offered, and it gets no command', () => {
    const machine = Machine.started({ batches: [1, 1, 1, 1], percent: 25 });
    machine.settle(0, 'verify');
    expect(machine.state.status).toBe('braked');
    expect(nextActions(machine.state)).not.toContain('resume');
    machine.input({ type: 'exclude', host: 'h0', reason: 'bad disk' });
    expect(machine.of('BudgetChanged')[0]).toMatchObject({ members: 3, maxUnavailable: 1, failureLimit: 1 });
    expect(nextActions(machine.state)).toContain('resume');
    machine.input({ type: 'exclude', host: 'h2', reason: 'bad disk too' });
    machine.say({ type: 'resume' });
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
    expect(machine.of('TargetsAdmitted').flatMap(({ targets }) => targets)).toEqual([0, 1, 3]);
  });

  it('an override needs a reason, raises the failures that are taken on, and leaves minServing alone', () => {
    const machine = Machine.started({ batches: [1, 1, 1, 1], percent: 25, budget: { minServing: 3 } });
    machine.settle(0, 'verify');
    expect(refusal(() => machine.say({ type: 'override', extraFailures: 1 }, 'ana', '')).code).toBe('REASON_NEEDED');
    machine.say({ type: 'override', extraFailures: 1 });
    expect(machine.of('BrakeReleased')).toHaveLength(1);
    expect(machine.open).toEqual([]);
    expect(machine.of('RolloutBraked').at(-1)?.cause).toMatchObject({
      kind: 'capacity',
      numbers: { serving: 3, minServing: 3 },
    });
  });

  it('cancel admits no more, lets what is in a step settle, and lists every host that does not serve', () => {
    const machine = Machine.started({ canaries: 1, batches: [2, 2], percent: 50 });
    machine.settle(0);
    machine.say({ type: 'cancel' });
    expect(machine.state.status).toBe('cancelled');
    expect(machine.of('RolloutCancelled')[0]).toMatchObject({
      cause: 'cancelled',
      notServing: [0],
      counts: { untouched: 4 },
    });
    const busy = Machine.started({ batches: [2, 2], percent: 50 });
    busy.say({ type: 'cancel' });
    expect(busy.state.status).toBe('settling');
    busy.drive();
    expect(busy.state.status).toBe('cancelled');
    expect(busy.of('RolloutCancelled')[0]).toMatchObject({ notServing: [], counts: { done: 2, untouched: 2 } });
  });

  it('a superseded rollout settles and ends as cancelled; a failed one is closed', () => {
    const machine = Machine.started({ batches: [1, 1], percent: 50 });
    machine.input({ type: 'supersede', by: 'r00-next' });
    machine.drive();
    expect(machine.of('RolloutCancelled')[0]).toMatchObject({ cause: 'superseded' });
    const failed = Machine.started({ batches: [2], percent: 100, budget: { failureLimit: 9 } });
    failed.drive(() => true);
    failed.input({ type: 'supersede', by: 'r00-next' });
    expect(failed.state.status).toBe('closed');
  });

  it('in a rollback the brake never blocks the way out', () => {
    const machine = Machine.started({
      batches: [2, 2],
      percent: 50,
      budget: { advisory: true, maxUnavailable: 2, failureLimit: 1 },
      strategy: 'rollback',
    });
    machine.drive(() => true);
    expect(machine.types()).not.toContain('RolloutBraked');
    expect(machine.state.status).toBe('failed');
    expect(summarizeRollout(machine.state).counts.failed).toBe(4);
  });

  it('what is out of service already costs nothing to admit and goes first', () => {
    const machine = Machine.started({ batches: [4], percent: 25, drained: [2, 3] });
    expect(machine.of('TargetsAdmitted')[0]?.targets).toEqual([2, 3]);
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
  });
});

/** One rollout in every state, and every command in it: each has a defined result. */
describe('TAR-30 TRS-10 every (state, command) pair', () => {
  const commands: Readonly<Record<RolloutCommand['type'], RolloutCommand>> = {
    approve: { type: 'approve', approval: 'canary', planHash: 'hash' },
    reject: { type: 'reject', approval: 'canary' },
    pause: { type: 'pause' },
    resume: { type: 'resume' },
    cancel: { type: 'cancel' },
    rollback: { type: 'rollback' },
    retry: { type: 'retry' },
    skip: { type: 'skip', host: 'h0' },
    override: { type: 'override', extraFailures: 1 },
    proceed: { type: 'proceed' },
    setMode: { type: 'setMode', mode: 'manual' },
    setInterval: { type: 'setInterval', intervalMs: 5 },
    close: { type: 'close' },
  };
  const shape: PlanShape = { canaries: 1, batches: [2, 2], percent: 40 };
  const states: Readonly<Record<Exclude<RolloutStatus, 'unplanned'>, () => Machine>> = {
    planned: () => new Machine(shape),
    running: () => Machine.started(shape),
    'awaiting-approval': () => verified(),
    paused: () => after(verified(), { type: 'pause' }),
    braked: () => failedCanary(),
    settling: () => after(Machine.started(shape), { type: 'cancel' }),
    succeeded: () => driven(Machine.started({ batches: [2], percent: 100 })),
    failed: () => driven(Machine.started({ batches: [2], percent: 100, budget: { failureLimit: 9 } }), 0),
    cancelled: () => after(verified(), { type: 'cancel' }),
    closed: () =>
      after(driven(Machine.started({ batches: [2], percent: 100, budget: { failureLimit: 9 } }), 0), { type: 'close' }),
  };
  const verified = (): Machine => {
    const machine = Machine.started(shape);
    machine.settle(0);
    return machine;
  };
  const failedCanary = (): Machine => {
    const machine = Machine.started(shape);
    machine.settle(0, 'verify');
    return machine;
  };
  const driven = (machine: Machine, failing = -1): Machine => {
    machine.drive((target) => target === failing);
    return machine;
  };
  const after = (machine: Machine, command: RolloutCommand): Machine => {
    machine.say(command);
    return machine;
  };

  const expected: Readonly<Record<keyof typeof states, readonly RolloutCommand['type'][]>> = {
    planned: ['cancel'],
    running: ['pause', 'cancel', 'rollback', 'setMode', 'setInterval'],
    'awaiting-approval': ['approve', 'reject', 'pause', 'cancel', 'rollback', 'setMode', 'setInterval'],
    paused: ['resume', 'cancel', 'rollback', 'setMode', 'setInterval'],
    braked: ['retry', 'skip', 'override', 'cancel', 'rollback', 'setMode', 'setInterval'],
    settling: [],
    succeeded: ['rollback'],
    failed: ['retry', 'skip', 'rollback', 'close'],
    cancelled: ['rollback'],
    closed: ['rollback'],
  };

  const pairs = (Object.keys(states) as (keyof typeof states)[]).flatMap((state) =>
    (Object.keys(commands) as RolloutCommand['type'][]).map((command) => ({ state, command })),
  );

  it.each(pairs)('$state + $command', ({ state, command }) => {
    const machine = states[state]();
    expect(machine.state.status).toBe(state);
    expect([...nextActions(machine.state)].sort()).toEqual([...expected[state]].sort());
    if (expected[state].includes(command)) {
      const events: RolloutEvent[] = machine.say(commands[command]);
      expect(events.length).toBeGreaterThan(0);
    } else {
      const error = refusal(() => machine.say(commands[command]));
      expect(error.code).toBe('NOT_OFFERED');
      expect(error.details['actions']).toEqual(nextActions(machine.state));
      for (const action of nextActions(machine.state)) expect(error.message).toContain(action);
    }
  });
});
