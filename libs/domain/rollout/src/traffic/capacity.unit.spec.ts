import { describe, expect, it } from 'vitest';

import { full, MINUTE, NEW, OLD, Shift } from '../fixtures/shift.js';
import { summarizeRollout } from '../summary.js';
import { trafficWork } from './work.js';

const braked = (shift: Shift): string => (shift.state.status === 'braked' ? (shift.state.brake?.words ?? '') : '');

/** Each side has what its share of the traffic needs, and never less than a quarter while it is new. */
function autoscale(shift: Shift, sizes: Readonly<Record<string, number>>): void {
  const weight = shift.published.at(-1)?.[NEW] ?? 0;
  if (weight === 0 || shift.state.traffic?.retired === true) return;
  const shareOf = (size: number, percent: number): number => Math.ceil((size * percent) / 100);
  for (const [service, size] of Object.entries(sizes)) {
    shift.set(NEW, service, { desired: shareOf(size, Math.max(25, weight)) });
    shift.set(OLD, service, { desired: shareOf(size, 100 - weight) });
  }
}

describe('the capacity of the new side', () => {
  it('SWB-11 is a quarter of what the old side is asked for, rounded up, and ready before its first request', () => {
    const shift = Shift.from();
    shift.instant = false;
    shift.set(OLD, 'search', full('search', 9));
    shift.work();
    const ordered = [
      { service: 'web', desired: 25 },
      { service: 'search', desired: 3 },
    ];
    expect(shift.of('SideScaleOrdered')).toMatchObject([{ stage: 0, side: NEW, services: ordered }]);
    shift.set(NEW, 'web', { created: 25, ready: 25 }).set(NEW, 'search', { created: 3, ready: 2 }).work();
    expect(shift.of('WeightSet')).toEqual([]);
    shift.set(NEW, 'search', { ready: 3 }).work();
    expect(shift.weights('WeightPublished')).toEqual([5]);
  });

  it('SWB-11 is never ordered to be less than it is, and at least one of each service', () => {
    const shift = Shift.from();
    shift.set(NEW, 'web', { desired: 60 }).set(OLD, 'search', { desired: 0 }).work();
    expect(shift.of('SideScaleOrdered')[0]?.services.map(({ desired }) => desired)).toEqual([60, 1]);
  });

  it('SWB-11 is not ordered before both sides have been seen', () => {
    const shift = Shift.from();
    shift.see(OLD);
    expect(shift.of('SideScaleOrdered')).toEqual([]);
    shift.tick(10 * MINUTE);
    expect(braked(shift)).toBe(
      `side ${NEW} is not ready after 600 s: web: nothing is known of it; search: nothing is known of it`,
    );
  });

  it('SWB-11 a side that is not asked for what was ordered is short, and the order stands', () => {
    const shift = Shift.from().look();
    expect(trafficWork(shift.state).scale).toEqual(shift.state.traffic?.ordered);
    shift.set(NEW, 'web', { desired: 24 }).set(NEW, 'search', { desired: 3 });
    shift.see(NEW);
    expect(trafficWork(shift.state).scale).toBeDefined();
    expect(summarizeRollout(shift.state).stage.index).toBe(0);
    shift.tick(10 * MINUTE);
    expect(braked(shift)).toContain('web: asked for 24 of the 25 that were ordered');
  });

  it('SWB-04 SWB-16 one service of the side that is not ready holds it, until its deadline brakes with the numbers', () => {
    const shift = Shift.from();
    shift.instant = false;
    shift.work();
    shift.set(NEW, 'web', { created: 25, ready: 18 }).set(NEW, 'search', { created: 3, ready: 3 }).work();
    shift.tick(10 * MINUTE - 1);
    expect(shift.state.status).toBe('running');
    shift.tick(1);
    expect(shift.state.brake).toEqual({
      kind: 'capacity',
      words: `side ${NEW} is not ready after 600 s: web: ready 18 of 25`,
      numbers: { 'web desired': 25, 'web created': 25, 'web ready': 18 },
    });
    // Resumed it has its time again.
    shift.say({ type: 'resume' });
    shift.tick(9 * MINUTE);
    shift.set(NEW, 'web', { ready: 25 }).work();
    expect(shift.weights('WeightPublished')).toEqual([5]);
  });

  it('SWB-04 created and ready must both be what is asked for, at every weight', () => {
    const shift = Shift.from().runTo(2);
    shift.instant = false;
    shift.set(NEW, 'web', { desired: 40, created: 41, ready: 40 }).work();
    shift.tick(5 * MINUTE);
    expect(summarizeRollout(shift.state)).toMatchObject({
      stage: { index: 2 },
      wait: { kind: 'capacity' },
      traffic: { short: ['web: created 41 of 40'] },
    });
    shift.set(NEW, 'web', { created: 40 }).work();
    expect(summarizeRollout(shift.state).stage.index).toBe(3);
  });

  it('SWB-04 a side that never gets ready at a weight brakes there, and its weight stays', () => {
    const shift = Shift.from().runTo(2);
    shift.set(NEW, 'search', { ready: 1 }).run();
    expect(braked(shift)).toContain('search: ready 1 of 3');
    expect(shift.published.at(-1)?.[NEW]).toBe(25);
  });

  it('SWB-12 nobody scales after the pre-scaling but the autoscaler', () => {
    const shift = Shift.from().runTo(1);
    shift.set(NEW, 'web', { desired: 2 }).work();
    expect(trafficWork(shift.state).scale).toBeUndefined();
    shift.run();
    expect(shift.of('SideScaleOrdered')).toHaveLength(1);
    expect(shift.scaled).toEqual([NEW]);
  });

  it.each([
    ['many', 100, 37],
    ['few', 7, 3],
    ['one', 1, 1],
  ])(
    'SWB-13 with an ideal autoscaler %s instances are at most 125 %% and one a service at all stages',
    (_, web, search) => {
      const shift = Shift.from({ weights: [1, 5, 10, 25, 50, 75, 100].map((weight) => ({ weight })) });
      const sizes: Readonly<Record<string, number>> = { web, search };
      shift.world[OLD] = [full('web', web), full('search', search)];
      const seen: boolean[] = [];
      for (let i = 0; i < 40 && shift.state.status === 'running'; i += 1) {
        shift.workOnce();
        autoscale(shift, sizes);
        shift.work();
        for (const [service, size] of Object.entries(sizes))
          seen.push(shift.total(service) <= Math.ceil(size * 1.25) + 1);
        shift.tick(MINUTE);
      }
      shift.work();
      expect(shift.state.status).toBe('succeeded');
      expect(seen.every(Boolean)).toBe(true);
      expect(shift.world[OLD]?.map(({ created }) => created)).toEqual([0, 0]);
    },
  );

  it('what was seen is recorded once, and of services of the plan only', () => {
    const shift = Shift.from().work();
    const before = shift.of('SideSeen').length;
    shift.see(OLD);
    shift.input({ type: 'sideSeen', side: 'purple', services: [full('web', 1)] });
    shift.input({ type: 'sideSeen', side: OLD, services: [...(shift.world[OLD] ?? []), full('stranger', 1)] });
    expect(shift.of('SideSeen')).toHaveLength(before);
  });
});
