import { describe, expect, it } from 'vitest';

import { MINUTE, NEW, Shift, slo, smoke } from '../fixtures/shift.js';
import { nextActions } from '../transitions.js';
import { trafficWork } from './work.js';

const asked = (shift: Shift): unknown[] =>
  shift.of('GatesRequested').map(({ stage, gates, phase, round }) => [stage, gates.join(), phase ?? 'exit', round]);

describe('the gates of a shift of traffic', () => {
  it('SWB-08 smoke tests are asked at the marked stages, at weight 0 too, and hold them', () => {
    const weights = [{ weight: 5 }, { weight: 25, smoke: true as const }, { weight: 100 }];
    const shift = Shift.from({ weights, smokeDark: true }, { gateSpecs: [smoke()] }).run();
    expect(asked(shift)).toEqual([[0, 'smoke', 'exit', 1]]);
    expect(shift.of('WeightSet')).toEqual([]);
    shift.judge('smoke', 'pass');
    shift.run();
    expect(asked(shift).at(-1)).toEqual([2, 'smoke', 'exit', 1]);
    expect(shift.weights('WeightPublished')).toEqual([5, 25]);
    shift.judge('smoke', 'pass');
    shift.run();
    expect(asked(shift)).toHaveLength(2);
    expect(shift.of('GateRecorded').map(({ stage, verdict }) => [stage, verdict])).toEqual([
      [0, 'pass'],
      [2, 'pass'],
    ]);
    expect(shift.state.status).toBe('succeeded');
  });

  it('SWB-08 a smoke test that fails brakes, the weight stays, and released it is asked again', () => {
    const weights = [{ weight: 5, smoke: true as const }, { weight: 100 }];
    const shift = Shift.from({ weights }, { gateSpecs: [smoke()] }).run();
    shift.judge('smoke', 'fail');
    expect(shift.state.brake).toEqual({
      kind: 'gate',
      words: 'gate smoke failed at stage 1: w',
      numbers: { stage: 1, round: 1 },
    });
    shift.tick(60 * MINUTE);
    shift.work();
    expect(shift.weights('WeightPublished')).toEqual([5]);
    expect(nextActions(shift.state)).toContain('rollback');
    shift.say({ type: 'resume' });
    expect(asked(shift).at(-1)).toEqual([1, 'smoke', 'exit', 2]);
    shift.judge('smoke', 'pass');
    expect(shift.state.stage.index).toBe(2);
  });

  it('SWB-18 early smoke tests run while the side is brought up, and both must be done', () => {
    const shift = Shift.from({ smokeDark: true, smokeEarly: true }, { gateSpecs: [smoke()] });
    shift.instant = false;
    shift.work();
    expect(asked(shift)).toEqual([[0, 'smoke', 'exit', 1]]);
    expect(shift.world[NEW]?.[0]?.ready).toBe(0);
    shift.judge('smoke', 'pass');
    expect(shift.state.stage.index).toBe(0);
    shift.set(NEW, 'web', { created: 25, ready: 25 }).set(NEW, 'search', { created: 3, ready: 3 }).work();
    expect(shift.weights('WeightPublished')).toEqual([5]);
    // What it took is in the log: both began with the rollout.
    expect(shift.state.traffic?.stages[0]).toEqual({ stage: 0, enteredAt: 1_000, passedAt: 1_000 });
  });

  it('a gate of the exit may not pass before the end of the dwell', () => {
    const shift = Shift.from({}, { gateSpecs: [slo()] }).runTo(1);
    const [request] = shift.of('GatesRequested');
    expect(request).toMatchObject({ stage: 1, gates: ['slo'], passNotBefore: 1_000 + 5 * MINUTE });
  });

  it('a gate of the entry is asked before the weight is set, and one that only records is not', () => {
    const shadow = slo({ name: 'shadow', at: ['entry', 'during', 'exit'], onFail: 'record' });
    const shift = Shift.from({}, { gateSpecs: [slo({ at: ['entry'] }), shadow] }).run();
    expect(asked(shift)).toEqual([[1, 'slo', 'entry', 1]]);
    expect(shift.of('WeightSet')).toEqual([]);
    shift.judge('slo', 'pass', 'entry');
    shift.work();
    expect(shift.weights('WeightPublished')).toEqual([5]);
    expect(shift.judge('shadow', 'fail', 'during', true)).toEqual([]);
    expect(shift.judge('shadow', 'fail', 'during')).toEqual([]);
  });

  it('a gate of the entry that fails brakes before the weight', () => {
    const shift = Shift.from({}, { gateSpecs: [slo({ at: ['entry'] })] }).run();
    shift.judge('slo', 'fail', 'entry');
    expect(shift.state.brake?.words).toBe('gate slo failed before stage 1: w');
    shift.say({ type: 'resume' });
    expect(asked(shift).at(-1)).toEqual([1, 'slo', 'entry', 2]);
    expect(shift.of('WeightSet')).toEqual([]);
  });

  it('a gate that watches the stage brakes within it, and what was not out yet does not get out', () => {
    const shift = Shift.from({}, { gateSpecs: [slo({ at: ['during'] })] }).runTo(1);
    shift.say({ type: 'setWeight', weight: 50 });
    shift.judge('slo', 'pass', 'during');
    shift.judge('slo', 'fail', 'during');
    expect(shift.state.brake).toMatchObject({ words: 'gate slo failed during stage 1: w', numbers: { round: 1 } });
    expect(trafficWork(shift.state).publish).toBeUndefined();
    shift.say({ type: 'resume' });
    // The next brake of it is another round: an old verdict says nothing any more.
    expect(shift.state.stage.releases).toBe(1);
    shift.judge('slo', 'fail', 'during');
    expect(shift.state.brake).toMatchObject({ numbers: { round: 2 } });
  });

  it('a side that has traffic is watched while its next weight waits for an approval', () => {
    const shift = Shift.from({ approveBefore: 25 }, { gateSpecs: [slo({ at: ['during'] })] }).run();
    expect(shift.state.status).toBe('awaiting-approval');
    shift.judge('slo', 'fail', 'during');
    expect(shift.state.brake).toMatchObject({ kind: 'gate' });
    expect(shift.state.status).toBe('braked');
  });

  it('what a watching gate says is recorded when it says something else, and inconclusive holds nothing up', () => {
    const shift = Shift.from({}, { gateSpecs: [slo({ at: ['during'] })] }).runTo(1);
    for (const verdict of ['pass', 'pass', 'inconclusive', 'inconclusive', 'pass'] as const)
      shift.judge('slo', verdict, 'during');
    expect(shift.of('GateRecorded').map(({ verdict }) => verdict)).toEqual(['pass', 'inconclusive', 'pass']);
    shift.run();
    expect(shift.state.status).toBe('succeeded');
  });
});
