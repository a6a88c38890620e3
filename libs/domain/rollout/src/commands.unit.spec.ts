import { describe, expect, it } from 'vitest';

import { Machine } from './fixtures/machine.js';
import { refusal } from './fixtures/refusal.js';
import { phaseAt } from './state.js';
import { summarizeRollout } from './summary.js';
import { nextActions } from './transitions.js';

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

  it('TRS-17 verify is tried again as often as the plan says, and counts as failed only then', () => {
    const machine = Machine.started({
      batches: [2, 2],
      percent: 50,
      budget: { failureLimit: 1 },
      stepRetries: { verify: 3 },
    });
    for (let again = 1; again <= 3; again += 1) {
      machine.settle(0, 'verify');
      expect(machine.of('StepFailed').at(-1)).toMatchObject({ target: 0, n: again, again });
      expect(machine.state.status).toBe('running');
      expect(machine.state.lostCount).toBe(0);
      expect(machine.attempt(0)).toMatchObject({ run: 'roll', n: again + 1 });
    }
    machine.settle(0, 'verify');
    expect(machine.of('StepFailed').at(-1)).not.toHaveProperty('again');
    expect(machine.state.status).toBe('braked');
  });

  it('a step that is tried again waits while the rollout is paused, and is given up when it settles', () => {
    const machine = Machine.started({ batches: [2], percent: 100, stepRetries: { install: 1 } });
    machine.say({ type: 'pause' });
    machine.settle(0, 'install');
    machine.settle(1);
    expect(machine.open).toEqual([]);
    machine.say({ type: 'cancel' });
    expect(machine.state.status).toBe('cancelled');
    expect(machine.of('RolloutCancelled')[0]).toMatchObject({ counts: { failed: 1, done: 1 }, notServing: [0] });
  });

  it('TRS-17 a person may waive a failed verify, by name and with a reason: the target is enabled all the same', () => {
    const machine = Machine.started({ batches: [2, 2], percent: 50, budget: { failureLimit: 1 } });
    machine.settle(0, 'verify');
    machine.settle(1);
    expect(nextActions(machine.state)).toContain('waive');
    expect(refusal(() => machine.say({ type: 'waive', host: 'h0' }, 'ana', '')).code).toBe('REASON_NEEDED');
    expect(refusal(() => machine.say({ type: 'waive', host: 'h1' })).code).toBe('CONFLICT');
    machine.say({ type: 'waive', host: 'h0' });
    expect(machine.of('VerifyWaived')).toEqual([{ type: 'VerifyWaived', target: 0, by: 'ana', reason: 'because' }]);
    expect(machine.attempt(0)).toMatchObject({ run: 'enable', steps: ['enable'] });
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
  });

  it('a waived canary still waits for its approval', () => {
    const machine = Machine.started({ canaries: 1, batches: [2], percent: 50 });
    machine.settle(0, 'verify');
    machine.say({ type: 'waive', host: 'h0' });
    expect(machine.state.wanted).toBe('canary');
    machine.approve('canary');
    machine.drive();
    expect(machine.state.wanted).toBe('batches');
  });

  it('TRS-17 the plan may waive in the name of a person, after its own tries', () => {
    const machine = Machine.started({
      batches: [1, 1],
      percent: 50,
      stepRetries: { verify: 1 },
      onVerifyFailure: { then: 'waive', waivedBy: 'olga' },
    });
    machine.settle(0, 'verify');
    machine.settle(0, 'verify');
    expect(machine.of('VerifyWaived')[0]).toMatchObject({ target: 0, by: 'olga' });
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
  });

  it('TRS-14 a version that is declared not to be rolled back refuses a rollback and says so', () => {
    const machine = new Machine({ batches: [2], percent: 100, rollbackable: false });
    machine.input({ type: 'start', token: 1 });
    const error = refusal(() => machine.say({ type: 'rollback' }));
    expect(error.code).toBe('NOT_OFFERED');
    expect(error.message).toContain('declared not to be rolled back');
  });

  it('XIM-13 downloads before it drains when the plan pre-fetches; a failed download leaves the host serving', () => {
    const machine = Machine.started({ batches: [2], percent: 100, prefetch: true });
    expect(machine.attempt(0).steps).toEqual(['download', 'drain', 'install', 'verify', 'enable']);
    machine.settle(0, 'download', true);
    expect(machine.state.lostCount).toBe(0);
    machine.settle(1);
    expect(machine.state.status).toBe('failed');
    expect(machine.of('RolloutFailed')[0]).toMatchObject({ notServing: [] });
  });
});
