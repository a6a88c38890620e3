import { describe, expect, it } from 'vitest';

import { Machine } from './fixtures/machine.js';
import { refusal } from './fixtures/refusal.js';
import { frozen, MINUTE, NEW, Shift } from './fixtures/shift.js';
import { isFrozen } from './state.js';
import { summarizeRollout } from './summary.js';
import { trafficWork } from './traffic/work.js';

const freeze = (machine: Machine, ...names: readonly string[]): string[] =>
  machine.input({ type: 'freezes', freezes: names.map((name) => frozen(name)) }).map(({ type }) => type);

describe('a freeze holds a rollout of hosts', () => {
  it('I6 nothing is admitted and no stage entered until it is thawed, and what is in its steps ends', () => {
    const machine = Machine.started({ batches: [2, 2], percent: 25 });
    expect(freeze(machine, 'fz')).toEqual(['RolloutFrozen']);
    expect(summarizeRollout(machine.state).frozen).toEqual([frozen('fz')]);
    machine.settle(0);
    expect(machine.open).toEqual([]);
    machine.tick(60 * MINUTE);
    expect(machine.open).toEqual([]);
    expect(freeze(machine)).toEqual(['RolloutThawed', 'TargetsAdmitted']);
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
  });

  it('two freezes hold until both are over, and what is known is not said again', () => {
    const machine = Machine.started({ batches: [1] });
    expect(freeze(machine, 'a', 'b')).toEqual(['RolloutFrozen', 'RolloutFrozen']);
    expect(freeze(machine, 'a', 'b')).toEqual([]);
    expect(freeze(machine, 'b')).toEqual(['RolloutThawed']);
    expect(isFrozen(machine.state)).toBe(true);
    machine.input({ type: 'freezes', freezes: [frozen('b', 1)] });
    expect(machine.state.freezes.get('b')?.until).toBe(1);
  });

  it('only what is known to be over is thawed: who says so may not have heard of all', () => {
    const machine = Machine.started({ batches: [1] });
    freeze(machine, 'a', 'b');
    expect(machine.input({ type: 'freezes', freezes: [], over: ['a', 'c'] })).toEqual([
      { type: 'RolloutThawed', freeze: 'a' },
    ]);
    expect(isFrozen(machine.state)).toBe(true);
  });

  it('one that begins frozen waits before its first host', () => {
    const machine = new Machine({ batches: [1] });
    freeze(machine, 'fz');
    machine.input({ type: 'start', token: 7 });
    expect([machine.state.status, machine.open]).toEqual(['running', []]);
  });

  it('a brake still falls, and pause, cancel and rollback stay possible', () => {
    const machine = Machine.started({ batches: [2, 2], percent: 50 });
    freeze(machine, 'fz');
    machine.settle(0, 'verify');
    machine.settle(1, 'verify');
    expect(machine.state.status).toBe('braked');
    machine.say({ type: 'rollback' });
    expect(machine.types()).toContain('RollbackRequested');
  });

  it('a retry waits for its end, and a canary that was approved is not put back into service', () => {
    const machine = Machine.started({ canaries: 1, batches: [1], percent: 50 });
    machine.settle(0);
    freeze(machine, 'fz');
    machine.approve('canary');
    expect(machine.open).toEqual([]);
    freeze(machine);
    machine.settle(0, 'enable');
    freeze(machine, 'fz');
    machine.say({ type: 'retry' });
    expect(machine.open).toEqual([]);
    freeze(machine);
    expect(machine.open).toEqual([0]);
  });

  it('a rollback is the way out: no freeze holds it', () => {
    const machine = Machine.started({ batches: [1], strategy: 'rollback', budget: { advisory: true } });
    expect(freeze(machine, 'fz')).toEqual([]);
  });

  it('a hotfix goes on in spite of the freezes that hold now, named and with a reason; the next one holds it again', () => {
    const machine = Machine.started({ batches: [1, 1] });
    expect(refusal(() => machine.say({ type: 'hotfix' })).code).toBe('NOT_OFFERED');
    freeze(machine, 'fz');
    expect(refusal(() => machine.say({ type: 'hotfix' }, 'anonymous')).code).toBe('NOT_ALLOWED');
    expect(refusal(() => machine.say({ type: 'hotfix' }, 'ana', ' ')).code).toBe('REASON_NEEDED');
    machine.say({ type: 'hotfix' }, 'ana', 'the outage');
    expect(machine.of('FreezeOverridden')).toEqual([{ type: 'FreezeOverridden', by: 'ana', reason: 'the outage' }]);
    expect(summarizeRollout(machine.state).frozen).toBeUndefined();
    machine.settle(0);
    expect(machine.open).toEqual([1]);
    freeze(machine, 'fz', 'another');
    expect(isFrozen(machine.state)).toBe(true);
    expect(summarizeRollout(machine.state).frozen).toEqual([frozen('another')]);
  });
});

describe('a freeze holds a shift of traffic', () => {
  it('no weight grows by itself or by hand, what is not out stays in, and less is possible', () => {
    const shift = Shift.from().runTo(2);
    shift.say({ type: 'setWeight', weight: 40 });
    freeze(shift, 'fz');
    expect(trafficWork(shift.state).publish).toBeUndefined();
    expect(refusal(() => shift.say({ type: 'setWeight', weight: 41 })).code).toBe('CONFLICT');
    shift.say({ type: 'pause' });
    expect(refusal(() => shift.say({ type: 'setWeight', weight: 41 })).code).toBe('CONFLICT');
    shift.say({ type: 'setWeight', weight: 10 });
    shift.say({ type: 'resume' });
    shift.work();
    shift.tick(60 * MINUTE);
    shift.work();
    expect(shift.published.at(-1)?.[NEW]).toBe(10);
    freeze(shift);
    shift.run();
    expect(shift.state.status).toBe('succeeded');
  });

  it('the old side is not retired under it, and a rollback is possible', () => {
    const shift = Shift.from().runTo(4);
    freeze(shift, 'fz');
    shift.tick(60 * MINUTE);
    expect(shift.of('SideRetireOrdered')).toEqual([]);
    shift.say({ type: 'rollback' });
    shift.work();
    expect([shift.state.status, shift.published.at(-1)?.[NEW]]).toEqual(['cancelled', 0]);
  });

  it('a hotfix takes it on', () => {
    const shift = Shift.from();
    freeze(shift, 'fz');
    shift.run();
    expect(shift.weights('WeightSet')).toEqual([]);
    shift.say({ type: 'hotfix' });
    shift.run();
    expect(shift.state.status).toBe('succeeded');
  });
});
