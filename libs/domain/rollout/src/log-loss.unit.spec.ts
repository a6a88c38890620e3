import { describe, expect, it } from 'vitest';

import { Machine, type PlanShape } from './fixtures/machine.js';
import { nextActions } from './transitions.js';

const SHAPE: PlanShape = { batches: [2, 2], percent: 50 };
const CANARY: PlanShape = { canaries: 1, batches: [2], percent: 50 };
const LOSS = { seen: 40, position: 33 } as const;
const lose = (machine: Machine): string[] =>
  machine.input({ type: 'logRegressed', loss: LOSS }).map(({ type }) => type);

function waiting(): Machine {
  const machine = Machine.started(CANARY);
  machine.settle(0);
  return machine;
}

function paused(machine: Machine): Machine {
  machine.say({ type: 'pause' });
  return machine;
}

function braked(): Machine {
  const machine = Machine.started(SHAPE);
  machine.settle(0, 'verify');
  machine.settle(1, 'verify');
  return machine;
}

describe('C16 a log that lost its tail', () => {
  it.each([
    ['running', () => Machine.started(SHAPE)],
    ['awaiting-approval', waiting],
    ['paused', () => paused(Machine.started(SHAPE))],
    ['paused', () => paused(waiting())],
    ['braked', braked],
  ] as const)('brakes a rollout that is %s, with that cause, and admits nothing', (status, make) => {
    const machine = make();
    expect(machine.state.status).toBe(status);
    expect(lose(machine)).toEqual(['RolloutBraked']);
    expect(machine.state).toMatchObject({ status: 'braked', brake: { kind: 'log', numbers: LOSS } });
    expect(machine.state.brake?.words).toContain('it ends at position 33, and position 40 was read');
    const admitted = machine.of('TargetsAdmitted').length;
    machine.tick(86_400_000);
    expect(machine.of('TargetsAdmitted')).toHaveLength(admitted);
  });

  it('is told once', () => {
    const machine = Machine.started(SHAPE);
    lose(machine);
    expect(lose(machine)).toEqual([]);
  });

  it('takes what the hosts still report, and goes on when a person says so', () => {
    const machine = Machine.started(SHAPE);
    lose(machine);
    machine.settle(0);
    machine.settle(1);
    expect(machine.open).toEqual([]);
    expect(nextActions(machine.state)).toEqual(expect.arrayContaining(['resume', 'cancel', 'rollback']));
    machine.say({ type: 'resume' });
    expect(machine.open).toEqual([2, 3]);
  });

  it('asks for an approval anew after the release', () => {
    const machine = waiting();
    lose(machine);
    machine.say({ type: 'resume' });
    expect(machine.state).toMatchObject({ status: 'awaiting-approval', wanted: 'canary' });
    machine.approve('canary');
    expect(machine.open).toEqual([0]);
  });

  it('cannot be resumed past a budget that is used up', () => {
    const machine = braked();
    lose(machine);
    expect(nextActions(machine.state)).not.toContain('resume');
    expect(nextActions(machine.state)).toContain('retry');
  });

  it('brakes a rollback too: its hosts are not what the log says', () => {
    const machine = Machine.started({ ...SHAPE, strategy: 'rollback', budget: { advisory: true } });
    expect(lose(machine)).toEqual(['RolloutBraked']);
    machine.say({ type: 'resume' });
    expect(machine.state.status).toBe('running');
  });

  it('starts a planned one braked, for it may have begun', () => {
    const machine = new Machine(SHAPE);
    expect(lose(machine)).toEqual([]);
    machine.input({ type: 'start', token: 3, loss: LOSS });
    expect(machine.types().slice(-2)).toEqual(['RolloutStarted', 'RolloutBraked']);
    expect(machine.open).toEqual([]);
    machine.say({ type: 'resume' });
    expect(machine.open).toEqual([0, 1]);
  });

  it.each([
    ['settling', (machine: Machine) => machine.say({ type: 'cancel' })],
    ['succeeded', (machine: Machine) => machine.drive()],
    ['failed', (machine: Machine) => machine.drive((target) => target === 3)],
  ])('leaves one alone that is %s: nothing is admitted there by itself', (status, act) => {
    const machine = Machine.started(SHAPE);
    act(machine);
    expect(machine.state.status).toBe(status);
    expect(lose(machine)).toEqual([]);
  });
});
