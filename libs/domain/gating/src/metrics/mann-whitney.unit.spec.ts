import { seededRandom } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { compareRanks, normalCdf } from './mann-whitney.js';

/** Every way to choose which of the ranks belong to the first sample. */
function* choices(n: number, of: number, from = 1): Generator<number[]> {
  if (n === 0) yield [];
  else
    for (let rank = from; rank <= of - n + 1; rank += 1)
      for (const rest of choices(n - 1, of, rank + 1)) yield [rank, ...rest];
}

const uOf = (first: readonly number[], second: readonly number[]): number =>
  first.reduce((sum, a) => sum + second.reduce((won, b) => won + (a > b ? 1 : a === b ? 0.5 : 0), 0), 0);

describe('compareRanks', () => {
  it('counts the pairs that the first wins, ties a half', () => {
    expect(compareRanks([4, 5, 6], [1, 2, 3])).toMatchObject({ u: 9, superiority: 1 });
    expect(compareRanks([1, 2, 3], [1, 2, 3])).toMatchObject({ u: 4.5, superiority: 0.5 });
    const random = seededRandom(3);
    for (let i = 0; i < 200; i += 1) {
      const draw = (): number[] =>
        Array.from({ length: 1 + Math.floor(random.next() * 12) }, () => Math.floor(random.next() * 6));
      const [a, b] = [draw(), draw()];
      expect(compareRanks(a, b).u).toBe(uOf(a, b));
    }
  });

  it.each([
    [3, 3],
    [4, 5],
    [6, 4],
  ])('has the probabilities of all orders counted out, for %i against %i', (n, m) => {
    const all = [...choices(n, n + m)].map((first) => {
      const second = Array.from({ length: n + m }, (_, i) => i + 1).filter((rank) => !first.includes(rank));
      return { first, second, u: uOf(first, second) };
    });
    for (const { first, second, u } of all) {
      const { pLarger, pSmaller } = compareRanks(first, second);
      expect(pLarger).toBeCloseTo(all.filter((other) => other.u >= u).length / all.length, 12);
      expect(pSmaller).toBeCloseTo(all.filter((other) => other.u <= u).length / all.length, 12);
    }
  });

  it('is near the counted probability where it approximates', () => {
    // 21 values on one side are beyond what is counted out; 20 are not: both see nearly the same.
    const first = Array.from({ length: 20 }, (_, i) => i * 2 + 7);
    const second = Array.from({ length: 20 }, (_, i) => i * 2);
    const exact = compareRanks(first, second).pLarger;
    const approximate = compareRanks([...first, 27.5], [...second, 20.5]).pLarger;
    expect(exact).toBeGreaterThan(0.01);
    expect(Math.abs(exact - approximate)).toBeLessThan(0.01);
  });

  it('says nothing of equal constants, and all of different ones', () => {
    const constant = (value: number): number[] => Array.from({ length: 30 }, () => value);
    expect(compareRanks(constant(1), constant(1))).toEqual({ u: 450, superiority: 0.5, pLarger: 1, pSmaller: 1 });
    expect(compareRanks(constant(2), constant(1)).pLarger).toBeLessThan(1e-9);
  });
});

it('normalCdf has the values of the tables', () => {
  for (const [z, p] of [
    [0, 0.5],
    [1, 0.841345],
    [1.959964, 0.975],
    [-2.326348, 0.01],
    [3, 0.99865],
  ] as const)
    expect(Math.abs(normalCdf(z) - p)).toBeLessThan(1e-6);
});
