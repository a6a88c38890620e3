import { describe, expect, it } from 'vitest';

import { Machine, type PlanShape } from './fixtures/machine.js';
import { phaseAt } from './state.js';
import { nextActions } from './transitions.js';

const WAITS = { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 } as const;

/** Two canaries, the first of which failed and was taken on; the second one is enabled, and the batches may go. */
function oneCanaryLost(shape: Partial<PlanShape> = {}): Machine {
  const machine = Machine.started({ canaries: 2, batches: [2, 2], percent: 50, ...shape });
  machine.settle(0, 'verify');
  machine.settle(1);
  machine.say({ type: 'override', extraFailures: 1 });
  machine.approve('canary');
  machine.settle(1);
  return machine;
}

describe('every rollout comes to an end', () => {
  it('I4 a canary that is done anew after its stage has passed waits for its approval, and is enabled', () => {
    const machine = oneCanaryLost();
    machine.approve('batches');
    machine.drive();
    expect(machine.state.status).toBe('failed');
    machine.say({ type: 'retry' });
    machine.drive();
    expect(machine.state).toMatchObject({ status: 'awaiting-approval', wanted: 'canary' });
    machine.approve('canary');
    machine.drive();
    expect([phaseAt(machine.state, 0), machine.state.status]).toEqual(['done', 'succeeded']);
  });

  it('a canary whose verify is waived once its stage has passed is enabled after its approval', () => {
    const machine = oneCanaryLost();
    machine.approve('batches');
    machine.drive();
    machine.say({ type: 'waive', host: 'h0' });
    expect(machine.state).toMatchObject({ status: 'awaiting-approval', wanted: 'canary' });
    machine.approve('canary');
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
  });

  it('I4 an approval does not reach a canary that is verified only after it', () => {
    const machine = Machine.started({ canaries: 2, batches: [2], percent: 50, budget: { extraFailures: 0 } });
    const late = machine.report(0);
    machine.settle(1);
    machine.tick(60_000);
    machine.say({ type: 'override', extraFailures: 1 });
    machine.approve('canary');
    machine.input({ type: 'report', report: late });
    machine.settle(1);
    expect([phaseAt(machine.state, 0), machine.state.wanted]).toEqual(['verified', 'canary']);
  });

  it('gates are asked anew when the first target of a stage comes through after they were asked', () => {
    const machine = Machine.started({
      canaries: 1,
      batches: [2],
      percent: 50,
      gates: ['ready'],
      waits: { ...WAITS, bakeMs: 300_000 },
    });
    const late = machine.report(0);
    machine.tick(60_000);
    machine.say({ type: 'override', extraFailures: 1 });
    expect(machine.of('GatesRequested').map(({ gates }) => gates)).toEqual([[]]);
    machine.input({ type: 'report', report: late });
    machine.approve('canary');
    machine.settle(0);
    expect(machine.of('GatesRequested').map(({ gates }) => gates)).toEqual([[], ['ready']]);
  });

  it('TAR-32 brakes in a retry too: nothing that serves is taken out once the limit is reached again', () => {
    const machine = Machine.started({ batches: [8], percent: 50, budget: { maxUnavailable: 3, failureLimit: 2 } });
    for (let target = 0; target < 6; target += 1) machine.settle(target, 'verify', true);
    machine.settle(6, 'verify');
    machine.settle(7, 'verify');
    machine.say({ type: 'retry' });
    expect(machine.open).toEqual([6, 7, 0]);
    machine.drive((target) => target > 5);
    expect([machine.state.status, machine.state.brake?.kind]).toEqual(['braked', 'budget']);
    expect(machine.of('TargetsAdmitted').at(-1)?.targets).toEqual([0]);
    machine.say({ type: 'retry' });
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
  });

  it('a failed rollout of which nothing is failed any more has succeeded', () => {
    const machine = Machine.started({ batches: [2], percent: 100, budget: { failureLimit: 5 } });
    const late = machine.report(0);
    machine.settle(1);
    machine.tick(60_000);
    expect(machine.state.status).toBe('failed');
    machine.input({ type: 'report', report: late });
    expect(machine.state.status).toBe('succeeded');
  });

  it('proceed also ends the wait of a batch that was awaited before the mode became automatic', () => {
    const machine = Machine.started({
      batches: [1, 1],
      percent: 50,
      mode: 'manual',
      waits: { ...WAITS, intervalMs: 3_600_000 },
    });
    machine.drive();
    machine.say({ type: 'setMode', mode: 'automatic' });
    expect(nextActions(machine.state)).toContain('proceed');
    machine.say({ type: 'proceed' });
    expect(machine.open).toEqual([1]);
  });

  it('a retry names its targets in the order of the plan, so that the log keeps them in few bytes', () => {
    const machine = Machine.started({ batches: [4], percent: 100, budget: { failureLimit: 9 } });
    for (const target of [0, 1, 3]) machine.settle(target, target === 3 ? 'verify' : undefined);
    machine.tick(60_000);
    machine.say({ type: 'retry' });
    expect(machine.of('RetryOrdered')).toMatchObject([{ redo: [3], probe: [0, 1, 2] }]);
  });
});
