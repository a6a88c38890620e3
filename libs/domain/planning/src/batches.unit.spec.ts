import fc from 'fast-check';
import type { BatchSizes } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { type BatchRule, parseBatches } from './batch-rule.js';
import { batchSizes } from './batch-sizes.js';
import { shareOfRule } from './budget.js';

const percent = (p: number): BatchRule => ({ kind: 'percent', percent: p });
const pattern = (...terms: number[]): BatchRule => ({ kind: 'pattern', terms });
const count = (c: number): BatchRule => ({ kind: 'count', count: c });
const flat = (sizes: BatchSizes): number[] => sizes.flatMap(([size, times]) => Array<number>(times).fill(size));

describe('batch sizes', () => {
  const vectors: readonly (readonly [string, BatchRule, number, readonly number[]])[] = [
    ['25%', percent(25), 10, [2, 2, 2, 2, 2]],
    ['33%', percent(33), 9, [2, 2, 2, 2, 1]],
    ['10%', percent(10), 10, Array<number>(10).fill(1)],
    ['10%', percent(10), 99, Array<number>(11).fill(9)],
    ['1%', percent(1), 199, Array<number>(199).fill(1)],
    ['1%', percent(1), 250, Array<number>(125).fill(2)],
    ['5%', percent(5), 59, [...Array<number>(29).fill(2), 1]],
    ['50%', percent(50), 5, [2, 2, 1]],
    ['2', count(2), 1, [1]],
    ['2', count(2), 2, [1, 1]],
    ['2', count(2), 3, [2, 1]],
    ['2', count(2), 5, [3, 2]],
    ['2', count(2), 9, [5, 4]],
    ['2', count(2), 80, [40, 40]],
    ['10+20+20+20+20+10', pattern(10, 20, 20, 20, 20, 10), 1, [1]],
    ['10+20+20+20+20+10', pattern(10, 20, 20, 20, 20, 10), 3, [1, 1, 1]],
    ['10+20+20+20+20+10', pattern(10, 20, 20, 20, 20, 10), 10, [1, 2, 2, 2, 2, 1]],
    ['10+20+20+20+20+10', pattern(10, 20, 20, 20, 20, 10), 33, [4, 6, 7, 7, 6, 3]],
    ['20+30+50', pattern(20, 30, 50), 33, [7, 10, 16]],
  ];
  it.each(vectors)('cuts %s as design 6.5 says (vector %#)', (_, rule, n, sizes) => {
    expect(flat(batchSizes(rule, n))).toEqual(sizes);
  });

  it('STR-05 takes out 20% at a time: ten hosts are five batches of two', () => {
    expect(batchSizes(percent(20), 10)).toEqual([[2, 5]]);
  });

  it('TRS-03 reads 0% as exactly one server per batch', () => {
    expect(batchSizes(percent(0), 250)).toEqual([[1, 250]]);
    expect(parseBatches('0%', 50)).toEqual({ ok: true, rule: percent(0) });
  });

  it('STR-10 widens step by step', () => {
    expect(flat(batchSizes(pattern(5, 10, 35, 50), 100))).toEqual([5, 10, 35, 50]);
  });

  it('makes no batch of no target, and keeps a run of equal batches as one pair', () => {
    for (const rule of [percent(25), pattern(50, 50), count(2)]) expect(batchSizes(rule, 0)).toEqual([]);
    expect(batchSizes(percent(0), 100_000)).toEqual([[1, 100_000]]);
  });

  const anyTerms = fc
    .array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 98 })
    .map((cuts) => [...new Set(cuts)].sort((a, b) => a - b))
    .map((cuts) => [...cuts, 100].map((cut, i) => cut - (cuts[i - 1] ?? 0)));
  const anyRule: fc.Arbitrary<BatchRule> = fc.oneof(
    fc.integer({ min: 0, max: 100 }).map(percent),
    anyTerms.map((terms) => pattern(...terms)),
    fc.integer({ min: 1, max: 1_000 }).map(count),
  );
  const anyN = fc.integer({ min: 0, max: 5_000 });

  it('always adds up to the number of targets, in whole batches that are not empty', () => {
    fc.assert(
      fc.property(anyRule, anyN, (rule, n) => {
        const sizes = flat(batchSizes(rule, n));
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(n);
        expect(sizes.every((size) => Number.isInteger(size) && size > 0)).toBe(true);
      }),
    );
  });

  it('never takes more than max(1, floor(N*p/100)) for a share, and only the last batch is smaller', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), anyN, (p, n) => {
        const sizes = flat(batchSizes(percent(p), n));
        const share = Math.max(1, Math.floor((n * p) / 100));
        expect(sizes.every((size) => size <= share)).toBe(true);
        expect(sizes.slice(0, -1).every((size) => size === share)).toBe(true);
      }),
    );
  });

  it('differs by at most one in a number of batches, bigger first, and never makes more batches than asked', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), anyN, (c, n) => {
        const sizes = flat(batchSizes(count(c), n));
        expect(sizes).toHaveLength(Math.min(c, n));
        expect((sizes[0] ?? 0) - (sizes.at(-1) ?? 0)).toBeLessThanOrEqual(1);
        expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
      }),
    );
  });

  it('follows a pattern within one host of each term', () => {
    fc.assert(
      fc.property(anyTerms, anyN, (terms, n) => {
        const sizes = flat(batchSizes(pattern(...terms), n));
        expect(sizes.length).toBeLessThanOrEqual(terms.length);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(Math.ceil((n * Math.max(...terms)) / 100));
      }),
    );
  });
});

describe('TRS-02 the grammar of batches', () => {
  const accepted: readonly (readonly [string, number, BatchRule])[] = [
    ['25%', 50, percent(25)],
    ['0%', 50, percent(0)],
    ['1%', 50, percent(1)],
    ['50%', 50, percent(50)],
    ['51%', 100, percent(51)],
    ['100%', 100, percent(100)],
    [' 25% ', 50, percent(25)],
    ['10%+20%+70%', 100, pattern(10, 20, 70)],
    ['10% + 20% + 20% + 50%', 50, pattern(10, 20, 20, 50)],
    ['50%+50%', 50, pattern(50, 50)],
    [Array<string>(100).fill('1%').join('+'), 50, pattern(...Array<number>(100).fill(1))],
    ['2', 50, count(2)],
    ['1', 100, count(1)],
    ['3', 50, count(3)],
  ];
  it.each(accepted)('reads %j under a cap of %i%%', (text, cap, rule) => {
    expect(parseBatches(text, cap)).toEqual({ ok: true, rule });
  });

  const refused: readonly (readonly [string, number, string])[] = [
    ['51%', 50, 'BATCHES_SHARE'],
    ['101%', 100, 'BATCHES_SHARE'],
    ['10%+20%+70%', 50, 'BATCHES_SHARE'],
    ['0%+50%+50%', 50, 'BATCHES_SHARE'],
    ['10%+20%+69%', 100, 'BATCHES_SUM'],
    ['50%+51%', 100, 'BATCHES_SUM'],
    ['50%+50%+1%', 100, 'BATCHES_SUM'],
    [Array<string>(101).fill('1%').join('+'), 100, 'BATCHES_TERMS'],
    ['1', 50, 'BATCHES_COUNT'],
    ['0', 100, 'BATCHES_COUNT'],
    ['999999', 100, 'BATCHES_COUNT'],
    ['', 100, 'BATCHES_SYNTAX'],
    [' ', 100, 'BATCHES_SYNTAX'],
    ['%', 100, 'BATCHES_SYNTAX'],
    ['+', 100, 'BATCHES_SYNTAX'],
    ['10%+', 100, 'BATCHES_SYNTAX'],
    ['+10%+90%', 100, 'BATCHES_SYNTAX'],
    ['10+20+70', 100, 'BATCHES_SYNTAX'],
    ['1 0%', 100, 'BATCHES_SYNTAX'],
    ['10 %', 100, 'BATCHES_SYNTAX'],
    ['-10%', 100, 'BATCHES_SYNTAX'],
    ['1.5%', 100, 'BATCHES_SYNTAX'],
    ['1e1%', 100, 'BATCHES_SYNTAX'],
    ['25%%', 100, 'BATCHES_SYNTAX'],
    ['25%;50%', 100, 'BATCHES_SYNTAX'],
    ['half', 100, 'BATCHES_SYNTAX'],
    ['٢٥%', 100, 'BATCHES_SYNTAX'],
    ['9999999999999999999999%', 100, 'BATCHES_SYNTAX'],
    ['9'.repeat(100_000), 100, 'BATCHES_SYNTAX'],
    ['1%+'.repeat(100_000), 100, 'BATCHES_TERMS'],
  ];
  it.each(refused.map(([text, cap, code]) => [text.slice(0, 30), cap, code, text] as const))(
    'refuses %j under a cap of %i%% with %s',
    (_, cap, code, text) => {
      const parsed = parseBatches(text, cap);
      expect(parsed).toMatchObject({ ok: false, code });
      expect(parsed.ok || parsed.message.length < 250).toBe(true);
    },
  );

  it('never throws, and what it reads obeys the cap', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9%+ ]{0,30}$/));
    fc.assert(
      fc.property(texts, fc.constantFrom(50, 100), (text, cap) => {
        const parsed = parseBatches(text, cap);
        expect(!parsed.ok || shareOfRule(parsed.rule) <= cap).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
