import { describe, expect, it } from 'vitest';

import { MINUTE, NEW, OLD, Shift } from '../fixtures/shift.js';

describe('the course of a shift of traffic', () => {
  it('SWB-09 SWB-02 one order takes it through pre-scale, its weights and the end of the old side', () => {
    const shift = Shift.from().run();
    expect(shift.state.status).toBe('succeeded');
    const { weights } = shift.of('WeightSet').at(-1) ?? {};
    expect(weights).toEqual({ [NEW]: 100, [OLD]: 0 });
    expect(shift.weights('WeightSet')).toEqual([5, 25, 100]);
    expect(shift.weights('WeightPublished')).toEqual([5, 25, 100]);
    for (const { weights: each } of shift.of('WeightSet')) expect((each[NEW] ?? 0) + (each[OLD] ?? 0)).toBe(100);
    expect(shift.types().slice(2)).toEqual([
      ...['RolloutStarted', 'StageEntered', 'WaitStarted', 'SideSeen', 'SideSeen', 'SideScaleOrdered', 'WaitStarted'],
      ...['SideSeen', 'StagePassed'],
      ...['StageEntered', 'WeightSet', 'WeightPublished', 'WaitStarted', 'StagePassed'],
      ...['StageEntered', 'WeightSet', 'WeightPublished', 'WaitStarted', 'StagePassed'],
      ...['StageEntered', 'WeightSet', 'WeightPublished', 'WaitStarted', 'StagePassed'],
      ...['StageEntered', 'WaitStarted', 'SideRetireOrdered', 'SideRetired', 'StagePassed', 'RolloutSucceeded'],
    ]);
    expect(shift.now - 1_000).toBe(3 * 5 * MINUTE + 5 * MINUTE);
  });
});
