import { describe, expect, it } from 'vitest';

import { refusal } from '../fixtures/refusal.js';
import { frozen, MINUTE, NEW, OLD, Shift } from '../fixtures/shift.js';
import { summarizeRollout } from '../summary.js';
import { nextActions } from '../transitions.js';
import { trafficWork } from './work.js';

const set = (shift: Shift, weight: number): readonly string[] =>
  shift.say({ type: 'setWeight', weight }).map(({ type }) => type);
const refused = (shift: Shift, weight: number): string => refusal(() => set(shift, weight)).code;

describe('a shift of traffic under its hand', () => {
  it('SWB-10 a pause stops all progress and leaves the weights as they are', () => {
    const shift = Shift.from().runTo(2);
    shift.say({ type: 'pause' });
    shift.tick(60 * MINUTE);
    shift.work();
    expect(shift.weights('WeightPublished')).toEqual([5, 25]);
    shift.say({ type: 'resume' });
    shift.run();
    expect(shift.state.status).toBe('succeeded');
  });

  it('SWB-10 a weight that was decided and is not out yet is not published under a pause', () => {
    const shift = Shift.from({ dwellMs: 0 }).look();
    shift.set(NEW, 'web', { desired: 25 }).set(NEW, 'search', { desired: 3 }).see(NEW);
    expect(trafficWork(shift.state).publish).toEqual({ [NEW]: 5, [OLD]: 95 });
    shift.say({ type: 'pause' });
    expect(trafficWork(shift.state).publish).toBeUndefined();
    shift.say({ type: 'resume' });
    expect(trafficWork(shift.state).publish).toEqual({ [NEW]: 5, [OLD]: 95 });
  });

  it('STR-12 a weight by hand is published at once, while it runs and while it is paused', () => {
    const shift = Shift.from().runTo(1);
    expect(shift.say({ type: 'setWeight', weight: 12 })).toEqual([
      { type: 'WeightSet', stage: 1, weights: { [NEW]: 12, [OLD]: 88 }, why: 'manual', reason: 'because' },
    ]);
    shift.work();
    shift.say({ type: 'pause' });
    set(shift, 20);
    shift.work();
    expect(shift.published.map((weights) => weights[NEW])).toEqual([5, 12, 20]);
    expect(set(shift, 20)).toEqual([]);
  });

  it('STR-12 SWB-02 stages below a weight by hand pass their dwell without publishing, those above raise it', () => {
    const shift = Shift.from().runTo(1);
    set(shift, 60);
    const before = shift.now;
    shift.runTo(3);
    expect(shift.now - before).toBe(10 * MINUTE);
    shift.run();
    expect(shift.weights('WeightPublished')).toEqual([5, 60, 100]);
    expect(shift.state.status).toBe('succeeded');
  });

  it('STR-12 what was taken back by hand grows again with the next stage, from the last one on only by hand', () => {
    const shift = Shift.from().runTo(1);
    set(shift, 0);
    shift.runTo(3);
    expect(shift.weights('WeightPublished')).toEqual([5, 0, 25, 100]);
    set(shift, 50);
    shift.run();
    expect(summarizeRollout(shift.state)).toMatchObject({ state: 'running', traffic: { awaitsWeight: true } });
    set(shift, 100);
    shift.work();
    const back = shift.now;
    shift.run();
    expect(shift.state.status).toBe('succeeded');
    // The drain window begins anew: requests went to the old side until now.
    expect(shift.now - back).toBe(10 * MINUTE);
  });

  it('STR-12 a weight that was lowered in the drain window keeps the old side', () => {
    const shift = Shift.from().runTo(4);
    set(shift, 90);
    shift.work();
    shift.tick(60 * MINUTE);
    expect(trafficWork(shift.state).retire).toBeUndefined();
    expect(nextActions(shift.state)).toContain('rollback');
  });

  it.each([-1, 101, 2.5, Number.NaN])('STR-12 %s is no weight', (weight) => {
    expect(refused(Shift.from().runTo(1), weight)).toBe('BAD_COMMAND');
  });

  it('STR-12 SWB-11 no weight by hand before the new side is ready', () => {
    const shift = Shift.from();
    expect(nextActions(shift.state)).not.toContain('setWeight');
    expect(refused(shift, 5)).toBe('NOT_OFFERED');
  });

  it('STR-12 a braked shift takes less by hand, never more, and not more than is out there', () => {
    const shift = Shift.from().runTo(2);
    set(shift, 40);
    shift.input({ type: 'trafficTrouble', dependency: 'lb', words: 'no answer' });
    expect(shift.state.brake).toMatchObject({
      kind: 'dependency',
      words: expect.stringContaining('no answer') as unknown,
    });
    expect(trafficWork(shift.state).publish).toBeUndefined();
    expect(refused(shift, 41)).toBe('CONFLICT');
    expect(refused(shift, 30)).toBe('CONFLICT');
    set(shift, 10);
    shift.work();
    expect(shift.weights('WeightPublished')).toEqual([5, 25, 10]);
    shift.say({ type: 'resume' });
    shift.run();
    expect(shift.state.status).toBe('succeeded');
  });

  it('I13 a weight that needs an approval needs it by hand too, and the requester cannot give it', () => {
    const shift = Shift.from({ approveBefore: 25 }).run();
    expect(shift.state.status).toBe('awaiting-approval');
    expect(shift.weights('WeightPublished')).toEqual([5]);
    expect(refused(shift, 30)).toBe('CONFLICT');
    shift.say({ type: 'pause' });
    expect(refused(shift, 25)).toBe('NOT_ALLOWED');
    expect(set(shift, 24)).toEqual(['WeightSet']);
    shift.work();
    shift.say({ type: 'resume' });
    expect(refusal(() => shift.say({ type: 'approve', approval: 'batches', planHash: 'hash' }, 'rita')).code).toBe(
      'NOT_ALLOWED',
    );
    shift.approve('batches');
    shift.run();
    expect(shift.weights('WeightPublished')).toEqual([5, 24, 25, 100]);
    expect(shift.state.status).toBe('succeeded');
  });

  it('a weight that was set over meanwhile is not taken for published', () => {
    const shift = Shift.from().runTo(1);
    set(shift, 10);
    set(shift, 8);
    expect(shift.input({ type: 'weightPublished', weights: { [NEW]: 10, [OLD]: 90 }, version: 2 })).toEqual([]);
    expect(trafficWork(shift.state).publish).toEqual({ [NEW]: 8, [OLD]: 92 });
  });

  it('TRS-10 offers in each state what there is for a shift, and nothing of hosts', () => {
    const shift = Shift.from();
    expect(nextActions(shift.state)).toEqual(['pause', 'cancel', 'rollback', 'setMode']);
    shift.runTo(1);
    expect(nextActions(shift.state)).toEqual(['pause', 'cancel', 'rollback', 'setMode', 'setWeight']);
    shift.input({ type: 'freezes', freezes: [frozen()] });
    expect(nextActions(shift.state)).toContain('hotfix');
    shift.input({ type: 'freezes', freezes: [] });
    shift.say({ type: 'pause' });
    expect(nextActions(shift.state)).toEqual(['resume', 'cancel', 'rollback', 'setMode', 'setWeight']);
    shift.say({ type: 'resume' });
    shift.input({ type: 'trafficTrouble', dependency: 'lb', words: 'down' });
    expect(nextActions(shift.state)).toEqual(['resume', 'cancel', 'rollback', 'setMode', 'setWeight']);
    shift.say({ type: 'resume' });
    shift.run();
    expect(nextActions(shift.state)).toEqual([]);
  });
});
