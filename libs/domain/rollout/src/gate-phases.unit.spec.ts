import type { GateJudged } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { Machine, type PlanShape } from './fixtures/machine.js';
import { slo } from './fixtures/shift.js';

const shape = (gateSpecs: PlanShape['gateSpecs']): PlanShape => ({
  batches: [2, 2],
  ...(gateSpecs === undefined ? {} : { gateSpecs }),
});

function judge(machine: Machine, change: Partial<GateJudged>): string[] {
  const { index: stage, round } = machine.state.stage;
  const judged: GateJudged = {
    type: 'GateJudged',
    ...{ stage, round, gate: 'slo', verdict: 'pass', words: 'w', inputs: {}, policyHash: 'p' },
    ...change,
  };
  return machine.input({ type: 'verdict', judged }).map(({ type }) => type);
}

describe('gates of a rollout of hosts by phase', () => {
  it('nothing is admitted before the gates of the entry have passed', () => {
    const machine = Machine.started(shape([slo({ at: ['entry'] })]));
    expect(machine.open).toEqual([]);
    expect(machine.of('GatesRequested')).toMatchObject([{ stage: 0, phase: 'entry', gates: ['slo'], round: 1 }]);
    expect(judge(machine, { phase: 'entry' })).toEqual(['GateRecorded', 'StageEntered', 'TargetsAdmitted']);
    machine.drive();
    expect(machine.of('GatesRequested').at(-1)).toMatchObject({ stage: 1, phase: 'entry' });
    expect(machine.of('StageEntered')).toHaveLength(1);
  });

  it('a verdict of the exit is none of the entry, and one of an older round is none at all', () => {
    const machine = Machine.started(shape([slo({ at: ['entry', 'exit'] })]));
    expect(judge(machine, {})).toEqual([]);
    expect(judge(machine, { phase: 'entry', round: 2 })).toEqual([]);
    judge(machine, { phase: 'entry' });
    machine.drive();
    expect(machine.of('GatesRequested').map(({ phase, round }) => [phase, round])).toEqual([
      ['entry', 1],
      [undefined, 2],
    ]);
    expect(judge(machine, { phase: 'entry', round: 1 })).toEqual([]);
    expect(judge(machine, {})).toContain('StagePassed');
  });

  it('a gate of the entry that is inconclusive holds, one that fails brakes', () => {
    const machine = Machine.started(shape([slo({ at: ['entry'] })]));
    expect(judge(machine, { phase: 'entry', verdict: 'inconclusive' })).toEqual(['GateRecorded']);
    expect(judge(machine, { phase: 'entry', verdict: 'fail' })).toEqual(['GateRecorded', 'RolloutBraked']);
    expect(machine.state.brake?.words).toBe('gate slo failed before stage 0: w');
    machine.say({ type: 'resume' });
    expect(machine.of('GatesRequested').at(-1)).toMatchObject({ phase: 'entry', round: 2 });
  });

  it('a gate that watches brakes while hosts are in their steps, and nothing more is admitted', () => {
    const machine = Machine.started({ ...shape([slo({ at: ['during'] })]), percent: 25 });
    expect(machine.open).toEqual([0]);
    expect(judge(machine, { phase: 'during', round: 1, verdict: 'fail' })).toEqual(['GateRecorded', 'RolloutBraked']);
    machine.settle(0);
    expect(machine.open).toEqual([]);
    machine.say({ type: 'resume' });
    expect(machine.open).toEqual([1]);
    expect(judge(machine, { phase: 'during', round: 1, verdict: 'fail' })).toEqual([]);
    expect(judge(machine, { phase: 'during', round: 2, verdict: 'fail' })).toContain('RolloutBraked');
  });

  it('a gate that watches brakes a retry too', () => {
    const machine = Machine.started({ ...shape([slo({ at: ['during'] })]), percent: 25 });
    machine.settle(0, 'verify');
    machine.say({ type: 'retry' });
    expect(machine.state.retry.active).toBe(true);
    expect(judge(machine, { phase: 'during', round: 1, verdict: 'fail' })).toContain('RolloutBraked');
  });

  it('a gate that watches brakes what is paused, and a canary that waits for its approval', () => {
    const machine = Machine.started({ ...shape([slo({ at: ['during'] })]), canaries: 1 });
    machine.say({ type: 'pause' });
    const failed = { phase: 'during', verdict: 'fail' } as const;
    expect(judge(machine, { ...failed, round: 1 })).toEqual(['GateRecorded', 'RolloutBraked']);
    machine.say({ type: 'resume' });
    machine.settle(0);
    expect(machine.state.status).toBe('awaiting-approval');
    expect(judge(machine, { ...failed, round: 2 })).toEqual(['GateRecorded', 'RolloutBraked']);
    machine.say({ type: 'resume' });
    expect([machine.state.status, machine.state.wanted]).toEqual(['awaiting-approval', 'canary']);
  });

  it('what only records neither holds nor brakes, whoever says so', () => {
    const machine = Machine.started(shape([slo({ at: ['entry', 'during', 'exit'], onFail: 'record' })]));
    expect(machine.open).toHaveLength(2);
    expect(judge(machine, { phase: 'during', round: 1, verdict: 'fail', shadow: true })).toEqual([]);
    expect(judge(machine, { phase: 'during', round: 1, verdict: 'fail' })).toEqual([]);
  });

  it('before the first stage is entered a watching gate says nothing, and of a stage before the last nothing any more', () => {
    const machine = Machine.started({ ...shape([slo({ at: ['entry', 'during'] })]) });
    expect(judge(machine, { phase: 'during', round: 1, verdict: 'fail' })).toEqual([]);
    judge(machine, { phase: 'entry' });
    machine.drive();
    judge(machine, { phase: 'entry' });
    expect(machine.state.stage).toMatchObject({ index: 1, entered: true });
    expect(judge(machine, { phase: 'during', stage: 0, round: 1, verdict: 'fail' })).toEqual([]);
  });

  it('between two stages what the last one brought serves on, and its gates watch on', () => {
    const machine = Machine.started({ ...shape([slo({ at: ['entry', 'during'] })]) });
    judge(machine, { phase: 'entry' });
    machine.drive();
    expect(machine.state.stage).toMatchObject({ index: 1, entered: false });
    expect(judge(machine, { phase: 'during', stage: 0, round: 1, verdict: 'fail' })).toEqual([
      'GateRecorded',
      'RolloutBraked',
    ]);
    expect(machine.state.brake?.kind).toBe('gate');
    machine.say({ type: 'resume' });
    expect(judge(machine, { phase: 'during', stage: 0, round: 1, verdict: 'fail' })).toEqual([]);
    expect(judge(machine, { phase: 'during', stage: 0, round: 2, verdict: 'fail' })).toContain('RolloutBraked');
  });
});
