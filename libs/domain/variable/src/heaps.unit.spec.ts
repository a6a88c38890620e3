import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { dueUpTo, emptyDue, firstKey, isDue, setDue } from './due-heap.js';
import { emptyHeap, pop, push } from './slot-heap.js';

const ascending = (all: readonly number[]): number[] => all.toSorted((a, b) => a - b);

describe('heaps', () => {
  it('slots come out in their order, whatever order they went in', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000)), (slots) => {
        const heap = emptyHeap(4);
        const before = (a: number, b: number): boolean => a < b;
        for (const slot of slots) push(heap, slot, before);
        const out = slots.map(() => pop(heap, before) ?? -1);
        expect(out).toEqual(ascending(slots));
        expect(pop(heap, before)).toBeUndefined();
      }),
    );
  });

  it('roles are due at the last key that they were given', () => {
    const moves = fc.array(fc.tuple(fc.nat(20), fc.option(fc.nat(100), { nil: undefined })));
    fc.assert(
      fc.property(moves, fc.nat(100), (all, limit) => {
        const due = emptyDue();
        const keys = new Map<number, number>();
        for (const [role, key] of all) {
          setDue(due, role, key);
          if (key === undefined) keys.delete(role);
          else keys.set(role, key);
        }
        const expected = [...keys].filter(([, key]) => key <= limit).map(([role]) => role);
        expect(ascending(dueUpTo(due, limit))).toEqual(ascending(expected));
        expect(firstKey(due) ?? Infinity).toBe(Math.min(...keys.values()));
        expect(all.every(([role]) => isDue(due, role) === keys.has(role))).toBe(true);
      }),
    );
  });
});
