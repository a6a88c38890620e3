import { describe, expect, it } from 'vitest';

import { RateLimit } from './rate-limit.js';

describe('rate limit', () => {
  it('lets a burst in, then so many a second, each caller for itself', () => {
    let now = 0;
    const rates = new RateLimit({ perSecond: 2, burst: 3 }, () => now);
    expect([1, 2, 3, 4].map(() => rates.take('a'))).toEqual([0, 0, 0, 1]);
    expect(rates.take('b')).toBe(0);
    now += 500;
    expect([rates.take('a'), rates.take('a')]).toEqual([0, 1]);
    now += 60_000;
    expect([1, 2, 3, 4].map(() => rates.take('a'))).toEqual([0, 0, 0, 1]);
  });

  it('neither fills nor empties when the clock is set back', () => {
    let now = 10_000;
    const rates = new RateLimit({ perSecond: 1, burst: 2 }, () => now);
    rates.take('a');
    now = 0;
    expect([rates.take('a'), rates.take('a')]).toEqual([0, 1]);
  });

  it('holds no more callers than its bound', () => {
    const rates = new RateLimit({ perSecond: 1, burst: 1 }, () => 0);
    for (let i = 0; i < 20_000; i += 1) rates.take(`address ${i}`);
    expect(rates.size).toBe(10_000);
  });
});
