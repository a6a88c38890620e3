import { describe, expect, it } from 'vitest';

import { serverWeights } from './haproxy-weights.js';

const sharesOf = (sides: readonly (readonly [number, number])[]): readonly number[] => {
  const sums = serverWeights(sides).map((weights) => weights.reduce((a, b) => a + b, 0));
  const all = sums.reduce((a, b) => a + b, 0);
  return sums.map((sum) => (100 * sum) / all);
};

describe('the weights of servers', () => {
  it.each([
    [1, 1],
    [3, 3],
    [7, 3],
    [1, 10],
    [40, 1],
    [120, 90],
  ])('come to the shares of sides with %i and %i servers', (blue, green) => {
    for (let weight = 0; weight <= 100; weight += 1) {
      const sides = [
        [100 - weight, blue],
        [weight, green],
      ] as const;
      expect(Math.abs((sharesOf(sides)[1] ?? -1) - weight), `at ${weight}`).toBeLessThan(0.5);
      const each = serverWeights(sides);
      expect(each.map(({ length }) => length)).toEqual([blue, green]);
      for (const weights of each) {
        expect(Math.max(...weights)).toBeLessThanOrEqual(256);
        expect(Math.max(...weights) - Math.min(...weights)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('are 0 for a side that has nothing', () => {
    expect(
      serverWeights([
        [0, 2],
        [100, 1],
      ]),
    ).toEqual([[0, 0], [256]]);
    expect(
      serverWeights([
        [0, 1],
        [100, 0],
      ]),
    ).toEqual([[0], []]);
  });
});
