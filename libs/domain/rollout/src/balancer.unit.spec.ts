import type { StepName } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { Machine, type PlanShape } from './fixtures/machine.js';
import type { BalancerOutcome } from './inputs.js';
import { legsOf } from './legs.js';
import { phaseAt } from './state.js';
import { nextActions } from './transitions.js';

const LB = { balancer: 'main', backend: 'hello' } as const;
const DOWN: BalancerOutcome = { kind: 'down', words: '5 of 5 calls failed, the last with connect ECONNREFUSED' };
const DONE: BalancerOutcome = { kind: 'done' };

const started = (mode: 'required' | 'degrade', shape: Partial<PlanShape> = {}): Machine =>
  Machine.started({ batches: [2], percent: 100, lb: { ...LB, mode }, ...shape });

const balanced = (machine: Machine, target: number, step: 'drain' | 'enable', outcome: BalancerOutcome) =>
  machine.input({ type: 'balanced', target, n: machine.state.attempts[target] ?? 0, step, ms: 20, outcome });

/** The whole chain of a target, each step where it belongs. */
function roll(machine: Machine, target: number): void {
  balanced(machine, target, 'drain', DONE);
  machine.settle(target);
  balanced(machine, target, 'enable', DONE);
}

const steps = (machine: Machine, target: number): StepName[] =>
  machine.of('StepSucceeded').flatMap((event) => (event.target === target ? [event.step] : []));

describe('a plan with a balancer', () => {
  it('drains and enables there, and the agent does what lies between in one run', () => {
    const machine = started('required');
    expect(legsOf({ lb: { ...LB, mode: 'required' } }, machine.attempt(0)).map(({ steps: own }) => own)).toEqual([
      ['drain'],
      ['download', 'install', 'verify'],
      ['enable'],
    ]);
    roll(machine, 0);
    roll(machine, 1);
    expect(steps(machine, 0)).toEqual(['drain', 'download', 'install', 'verify', 'enable']);
    expect(machine.state.status).toBe('succeeded');
  });

  it('pre-fetches before the drain, in a run of its own', () => {
    const machine = started('required', { prefetch: true, batches: [1] });
    machine.settle(0);
    roll(machine, 0);
    expect(steps(machine, 0)).toEqual(['download', 'drain', 'install', 'verify', 'enable']);
    expect(machine.state.status).toBe('succeeded');
  });

  it('takes a report of the run before once more, and none of a run that was not given yet', () => {
    const machine = started('required', { prefetch: true, batches: [1] });
    const first = machine.report(0);
    machine.input({ type: 'report', report: first });
    expect(machine.input({ type: 'report', report: first })).toEqual([]);
    const early = { ...first, attempt: first.attempt.replace('download', 'install') };
    expect(() => machine.input({ type: 'report', report: early })).toThrow(
      expect.objectContaining({ code: 'BAD_REPORT' }),
    );
  });

  it('counts a host that the balancer has taken out as not serving, whatever its agent sees', () => {
    const machine = started('required');
    balanced(machine, 0, 'drain', DONE);
    machine.settle(0, 'download', true);
    expect(machine.of('StepFailed')[0]).toMatchObject({ step: 'download', serving: false });
  });

  it('stays quiet on a step that nobody waits for', () => {
    const machine = started('required');
    expect(balanced(machine, 0, 'enable', DONE)).toEqual([]);
    balanced(machine, 0, 'drain', DONE);
    expect(balanced(machine, 0, 'drain', DONE)).toEqual([]);
  });

  it('fails a step that the balancer refuses; a host that nobody has touched serves on', () => {
    const machine = started('required');
    balanced(machine, 0, 'drain', { kind: 'refused', code: 'BALANCER_REFUSED', message: 'No such server.' });
    expect(machine.of('StepFailed')[0]).toMatchObject({ code: 'BALANCER_REFUSED', serving: true });
  });

  it('a canary is held behind it until it is approved, and then enabled there', () => {
    const machine = started('required', { canaries: 1, batches: [1] });
    balanced(machine, 0, 'drain', DONE);
    machine.settle(0);
    expect([phaseAt(machine.state, 0), machine.state.status]).toEqual(['verified', 'awaiting-approval']);
    machine.approve('canary');
    expect(phaseAt(machine.state, 0)).toBe('enabling');
    balanced(machine, 0, 'enable', DONE);
    expect(phaseAt(machine.state, 0)).toBe('done');
  });
});

describe('a balancer that is down', () => {
  it('TAR-41 required: brakes with that cause, loses no host, and goes on when it is back', () => {
    const machine = started('required');
    balanced(machine, 0, 'drain', DOWN);
    balanced(machine, 1, 'drain', DOWN);
    expect(machine.of('RolloutBraked').map(({ cause }) => [cause.kind, cause.words])).toEqual([
      ['dependency', `main is required and down: ${DOWN.words}`],
    ]);
    expect([machine.state.lostCount, machine.state.outCount, machine.open]).toEqual([0, 0, []]);
    expect(nextActions(machine.state)).toContain('resume');
    machine.say({ type: 'resume' });
    roll(machine, 0);
    roll(machine, 1);
    expect(machine.state.status).toBe('succeeded');
  });

  it('TAR-41 required: a host that it has taken out waits to be put back, and brakes meanwhile', () => {
    const machine = started('required', { batches: [1] });
    balanced(machine, 0, 'drain', DONE);
    machine.settle(0);
    balanced(machine, 0, 'enable', DOWN);
    expect([machine.state.status, phaseAt(machine.state, 0)]).toEqual(['braked', 'enabling']);
    balanced(machine, 0, 'enable', DONE);
    machine.say({ type: 'resume' });
    expect(machine.state.status).toBe('succeeded');
  });

  it('TAR-41 degrade: goes on, and the log says so for each target', () => {
    const machine = started('degrade');
    for (const target of [0, 1]) {
      balanced(machine, target, 'drain', DOWN);
      machine.settle(target);
      balanced(machine, target, 'enable', DOWN);
    }
    expect(machine.of('DrainSkipped').map(({ target, step, dependency }) => [target, step, dependency])).toEqual([
      [0, 'drain', 'main'],
      [0, 'enable', 'main'],
      [1, 'drain', 'main'],
      [1, 'enable', 'main'],
    ]);
    expect(machine.state.status).toBe('succeeded');
  });

  it('TAR-41 degrade: never calls a host enabled that it took out itself', () => {
    const machine = started('degrade', { batches: [1] });
    balanced(machine, 0, 'drain', DONE);
    machine.settle(0);
    expect(balanced(machine, 0, 'enable', DOWN)).toEqual([]);
    machine.tick(60_000);
    expect([phaseAt(machine.state, 0), machine.state.lostCount]).toEqual(['unknown', 1]);
    balanced(machine, 0, 'enable', DONE);
    expect(machine.state.status).toBe('succeeded');
  });

  it('TAR-41 degrade: remembers over a retry what it took out', () => {
    const machine = started('degrade', { batches: [1] });
    balanced(machine, 0, 'drain', DONE);
    machine.settle(0, 'install');
    machine.say({ type: 'retry' });
    balanced(machine, 0, 'drain', DOWN);
    machine.settle(0);
    expect(balanced(machine, 0, 'enable', DOWN)).toEqual([]);
    balanced(machine, 0, 'enable', DONE);
    expect(machine.state.status).toBe('succeeded');
  });

  it('a look at a host that the balancer has taken out does not call it serving', () => {
    const machine = started('required', { batches: [2] });
    balanced(machine, 0, 'drain', DONE);
    machine.settle(0, 'install');
    balanced(machine, 1, 'drain', { kind: 'refused', code: 'DEPENDENCY_REFUSED', message: 'No such server.' });
    machine.say({ type: 'skip', host: 'h0' });
    machine.settle(0, 'probe', true);
    expect(machine.of('StepFailed').at(-1)).toMatchObject({ target: 0, step: 'probe', serving: false });
  });

  it('does not hold up an end that was ordered', () => {
    const machine = started('required', { batches: [1] });
    balanced(machine, 0, 'drain', DONE);
    machine.settle(0);
    machine.say({ type: 'cancel' });
    balanced(machine, 0, 'enable', DOWN);
    expect(machine.of('RolloutCancelled')[0]).toMatchObject({ notServing: [0] });
  });
});

describe('a retry behind a balancer', () => {
  it('puts a host back that was only looked at', () => {
    const machine = started('required', { canaries: 0, batches: [2] });
    machine.tick(60_000);
    machine.say({ type: 'retry' });
    expect(machine.attempt(0).steps).toEqual(['probe', 'enable']);
    for (const target of [0, 1]) {
      machine.settle(target);
      balanced(machine, target, 'enable', DONE);
    }
    expect(machine.state.status).toBe('succeeded');
  });

  it('that waits for the balancer when the rollout is cancelled leaves what is out lost', () => {
    const machine = started('required', { batches: [1] });
    balanced(machine, 0, 'drain', DONE);
    machine.settle(0, 'install');
    machine.say({ type: 'retry' });
    balanced(machine, 0, 'drain', DOWN);
    expect(machine.state.lostCount).toBe(0);
    machine.say({ type: 'cancel' });
    expect(machine.of('RolloutCancelled')[0]).toMatchObject({ notServing: [0] });
    expect(machine.state.lostCount).toBe(1);
  });

  it('does a canary anew, so that it is held until approved, and does not skip it', () => {
    const machine = started('required', { canaries: 1, batches: [1] });
    machine.tick(60_000);
    expect(() => machine.say({ type: 'skip', host: 'h0' })).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
    machine.say({ type: 'retry' });
    expect(machine.attempt(0).steps).toEqual(['drain', 'download', 'install', 'verify']);
  });
});
