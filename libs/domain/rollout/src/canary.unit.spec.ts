import { describe, expect, it } from 'vitest';

import { Machine, type PlanShape } from './fixtures/machine.js';
import { refusal } from './fixtures/refusal.js';
import { phaseAt } from './state.js';
import { nextActions } from './transitions.js';

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

  it.each(['anonymous', 'local'])('I13 %s is nobody, and approves nothing', (nobody) => {
    const machine = Machine.started(shape);
    machine.settle(0);
    const command = { type: 'approve', approval: 'canary', planHash: 'hash' } as const;
    expect(refusal(() => machine.say(command, nobody))).toMatchObject({ code: 'NOT_ALLOWED' });
    expect(machine.state.status).toBe('awaiting-approval');
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

  it('bakes again when it is done anew while it bakes, and its gates are asked again', () => {
    const machine = Machine.started({ ...shape, gates: ['ready'] });
    machine.settle(0);
    machine.approve('canary');
    machine.settle(0);
    const pass = (round: number) =>
      machine.input({
        type: 'verdict',
        judged: {
          type: 'GateJudged',
          stage: 0,
          round,
          gate: 'ready',
          verdict: 'pass',
          words: '1 of 1',
          inputs: {},
          policyHash: 'p',
        },
      });
    pass(1);
    machine.tick(200_000);
    machine.input({ type: 'silent', targets: [0] });
    machine.tick(60_000);
    expect(machine.state.status).toBe('braked');
    machine.say({ type: 'retry' });
    // The look shows that it does not run the version.
    machine.settle(0, 'probe');
    machine.settle(0);
    machine.approve('canary');
    machine.settle(0);
    expect(machine.of('GatesRequested').map(({ round }) => round)).toEqual([1, 2]);
    expect(machine.of('WaitStarted').map(({ until }) => until)).toEqual([301_000, machine.now + 300_000]);
    pass(2);
    machine.tick(299_999);
    expect(machine.state.wanted).toBeUndefined();
    machine.tick(1);
    expect(machine.state.wanted).toBe('batches');
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

  it('a gate that fails while the rollout is paused brakes when it is resumed, and not before', () => {
    const machine = Machine.started({ ...shape, gates: ['ready'] });
    machine.settle(0);
    machine.approve('canary');
    machine.settle(0);
    machine.say({ type: 'pause' });
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
    expect(machine.input({ type: 'verdict', judged })).toEqual([]);
    expect(machine.state.status).toBe('paused');
    machine.say({ type: 'resume' });
    expect(machine.state.status).toBe('braked');
    expect(machine.of('RolloutBraked')[0]?.cause).toMatchObject({ kind: 'gate', numbers: { stage: 0, round: 1 } });
    expect(nextActions(machine.state)).toContain('resume');
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
