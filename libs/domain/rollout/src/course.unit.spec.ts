import { describe, expect, it } from 'vitest';

import { Machine } from './fixtures/machine.js';
import { summarizeRollout } from './summary.js';
import { nextActions } from './transitions.js';

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
