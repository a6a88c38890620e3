import { describe, expect, it } from 'vitest';

import { refusal } from '../fixtures/refusal.js';
import { Machine } from '../fixtures/machine.js';
import { MINUTE, NEW, OLD, Shift, shiftShape } from '../fixtures/shift.js';
import { summarizeRollout } from '../summary.js';
import { trafficWork } from './work.js';

describe('the course of a shift of traffic', () => {
  it('SWB-09 SWB-02 one order takes it through pre-scale, its weights and the end of the old side', () => {
    const shift = Shift.from().run();
    expect(shift.state.status).toBe('succeeded');
    expect(shift.weights('WeightSet')).toEqual([5, 25, 100]);
    expect(shift.weights('WeightPublished')).toEqual([5, 25, 100]);
    for (const { weights } of shift.of('WeightSet')) expect((weights[NEW] ?? 0) + (weights[OLD] ?? 0)).toBe(100);
    expect(shift.types().slice(2)).toEqual([
      ...['RolloutStarted', 'StageEntered', 'WaitStarted', 'SideSeen', 'SideSeen', 'SideScaleOrdered', 'WaitStarted'],
      ...['SideSeen', 'StagePassed'],
      ...['StageEntered', 'WeightSet', 'WeightPublished', 'WaitStarted', 'StagePassed'],
      ...['StageEntered', 'WeightSet', 'WeightPublished', 'WaitStarted', 'StagePassed'],
      ...['StageEntered', 'WeightSet', 'WeightPublished', 'WaitStarted', 'StagePassed'],
      ...['StageEntered', 'WaitStarted', 'SideRetireOrdered', 'SideRetired', 'StagePassed', 'RolloutSucceeded'],
    ]);
    // Three dwells, and the rest of the drain window that began with the last of them.
    expect(shift.now - 1_000).toBe(3 * 5 * MINUTE + 5 * MINUTE);
  });

  it('SWB-01 at rest one side is live and the other dark, and the summary names the live one', () => {
    const shift = Shift.from();
    expect(summarizeRollout(shift.state).traffic).toMatchObject({ live: OLD, weights: { [OLD]: 100, [NEW]: 0 } });
    shift.runTo(2);
    const under = summarizeRollout(shift.state).traffic;
    expect(under).toMatchObject({ weights: { [OLD]: 75, [NEW]: 25 }, version: 2 });
    expect(under?.live).toBeUndefined();
    shift.run();
    expect(summarizeRollout(shift.state).traffic).toMatchObject({
      live: NEW,
      weights: { [OLD]: 0, [NEW]: 100 },
      old: { weight: 0, retired: true },
      new: { weight: 100 },
    });
  });

  it('SWB-03 the stages are those of the plan, and no command changes them', () => {
    const shift = Shift.from();
    const started = shift.state.plan?.traffic?.weights;
    shift.runTo(2);
    shift.say({ type: 'setWeight', weight: 40 });
    shift.say({ type: 'setMode', mode: 'manual' });
    expect(shift.state.plan?.traffic?.weights).toEqual(started);
    const { code } = refusal(() => shift.say({ type: 'setInterval', intervalMs: 1 }));
    expect(code).toBe('NOT_OFFERED');
  });

  it('STR-01 STR-03 SWB-07 blue/green: all at once, and the old side serves on for its whole drain window', () => {
    const shift = Shift.from({ weights: [{ weight: 100 }], dwellMs: 0, preScalePercent: 100 }).work();
    expect(shift.published).toEqual([{ [NEW]: 100, [OLD]: 0 }]);
    shift.tick(10 * MINUTE - 1);
    shift.work();
    expect(shift.of('SideRetireOrdered')).toEqual([]);
    expect(trafficWork(shift.state).retire).toBeUndefined();
    expect(shift.world[OLD]?.[0]).toMatchObject({ desired: 100, ready: 100 });
    shift.tick(1);
    expect(trafficWork(shift.state).retire).toBe(OLD);
    shift.work();
    expect(shift.state.status).toBe('succeeded');
  });

  it('MOM-02 the end of the old side is a step of its own, and the last one', () => {
    const shift = Shift.from().runTo(4);
    expect(summarizeRollout(shift.state).stage).toEqual({ index: 4, name: 'retire', of: 5 });
    expect(shift.of('RolloutSucceeded')).toEqual([]);
    shift.run();
    expect(shift.types().slice(-4)).toEqual(['SideRetireOrdered', 'SideRetired', 'StagePassed', 'RolloutSucceeded']);
  });

  it('MOM-04 both versions stand side by side until then, and what stands where can be read', () => {
    const shift = Shift.from().runTo(2);
    const { old, new: fresh } = summarizeRollout(shift.state).traffic ?? {};
    expect(old?.services.map(({ ready }) => ready)).toEqual([100, 10]);
    expect(fresh?.services.map(({ ready }) => ready)).toEqual([25, 3]);
  });

  it('SWB-17 the first weight is small, and one command leads back from it', () => {
    const shift = Shift.from().runTo(1);
    expect(shift.published.at(-1)?.[NEW]).toBe(5);
    shift.say({ type: 'rollback' });
    shift.work();
    expect(shift.published.at(-1)).toEqual({ [NEW]: 0, [OLD]: 100 });
    expect(shift.state.status).toBe('cancelled');
  });

  it('SWB-14 says how long its stages took, and how often and how long it was paused', () => {
    const shift = Shift.from().runTo(2);
    shift.say({ type: 'pause' });
    shift.tick(7 * MINUTE);
    shift.say({ type: 'resume' });
    shift.run();
    const { traffic } = summarizeRollout(shift.state);
    expect(traffic?.pauses).toEqual({ count: 1, ms: 7 * MINUTE });
    expect(traffic?.stages.map(({ enteredAt, passedAt }) => (passedAt - enteredAt) / MINUTE)).toEqual([0, 5, 7, 5, 5]);
    expect(summarizeRollout(shift.state)).toMatchObject({ startedAt: 1_000, endedAt: 1_000 + 22 * MINUTE });
  });

  it('SWB-20 counts the capacity-hours of each side while it is under way', () => {
    const shift = Shift.from({ weights: [{ weight: 100 }], dwellMs: 60 * MINUTE, drainWindowMs: 60 * MINUTE }).run();
    const { old, new: fresh } = summarizeRollout(shift.state).traffic ?? {};
    // 100 web and 10 search for an hour beside 25 and 3 of them.
    expect([old?.capacityHours, fresh?.capacityHours]).toEqual([110, 28]);
    shift.now += 60 * MINUTE;
    expect(summarizeRollout(shift.state).traffic?.old.capacityHours).toBe(110);
  });

  it('waits for a person before each weight in manual mode', () => {
    const shift = Shift.from({}, { mode: 'manual' }).run();
    expect(summarizeRollout(shift.state)).toMatchObject({ awaitsProceed: true, stage: { index: 1 } });
    expect(shift.published).toEqual([]);
    shift.say({ type: 'proceed' });
    shift.run();
    expect(shift.weights('WeightPublished')).toEqual([5]);
  });

  it('hosts of its group that nobody planned are no members that it leaves behind', () => {
    const shift = Shift.from();
    expect(shift.input({ type: 'seen', members: [{ host: 'h9', running: '1.0.0' }] })).toEqual([]);
  });

  it('nothing of a shift is heard by a rollout of hosts', () => {
    const machine = Machine.started({ batches: [2] });
    const services = [{ service: 'web', desired: 1, created: 1, ready: 1 }];
    expect(machine.input({ type: 'sideSeen', side: OLD, services })).toEqual([]);
    expect(machine.input({ type: 'trafficTrouble', dependency: 'lb', words: 'down' })).toEqual([]);
    expect(trafficWork(machine.state)).toEqual({ look: [] });
    expect(new Machine(shiftShape()).state.traffic?.weights).toBeUndefined();
  });
});
