import { describe, expect, it } from 'vitest';

import { steadyTime, systemClock } from './clock.js';

describe('the time of day', () => {
  it('C11 goes on at its pace when it is set back an hour, and follows it again once that is put right', () => {
    let [day, elapsed] = [10_000_000, 0];
    const now = steadyTime(
      () => day,
      () => elapsed,
    );
    const after = (ms: number, set = 0): number => {
      day += ms + set;
      elapsed += ms;
      return now();
    };
    expect(after(1_000)).toBe(10_001_000);
    expect(after(500, -3_600_000)).toBe(10_001_500);
    expect(after(30_000)).toBe(10_031_500);
    expect(after(500, 3_600_000)).toBe(10_032_000);
    expect(after(0, 3_600_000)).toBe(13_632_000);
  });

  it('stands for a moment when it is set back a little, so that it never stays ahead of the machine', () => {
    let [day, elapsed] = [10_000_000, 0];
    const now = steadyTime(
      () => day,
      () => elapsed,
    );
    day -= 20_000;
    elapsed += 1_000;
    expect(now()).toBe(10_000_000);
    day += 25_000;
    elapsed += 25_000;
    expect(now()).toBe(10_005_000);
  });

  it('is that of the machine', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
  });
});
