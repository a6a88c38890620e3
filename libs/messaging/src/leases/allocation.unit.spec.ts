import { ALL_SHARDS, type Shard } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { allocate } from './allocation.js';

const members = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e', 'f', 'g'), { minLength: 1 });
const owners = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'gone', ''), { minLength: 16, maxLength: 16 })
  .map((names) => new Map(ALL_SHARDS.flatMap((shard, i) => (names[i] === '' ? [] : [[shard, names[i] ?? '']]))));

const countOf = (of: ReadonlyMap<Shard, string>, member: string): number =>
  [...of.values()].filter((owner) => owner === member).length;

/** The fewest shards that must leave members who are there, whatever shares they get. */
function fewestMoves(names: readonly string[], now: ReadonlyMap<Shard, string>): number {
  const counts = names.map((name) => countOf(now, name)).toSorted((a, b) => b - a);
  const [floor, extra] = [Math.floor(16 / names.length), 16 % names.length];
  return counts.reduce((sum, count, i) => sum + Math.max(0, count - floor - (i < extra ? 1 : 0)), 0);
}

describe('who gets which shard', () => {
  it('gives every shard to a member, and to each the floor or the ceiling of its share', () => {
    fc.assert(
      fc.property(members, owners, (names, now) => {
        const next = allocate(names, now, ALL_SHARDS);
        expect([...next.keys()].toSorted()).toEqual(ALL_SHARDS);
        const counts = names.map((name) => countOf(next, name));
        expect(counts.reduce((a, b) => a + b)).toBe(16);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('moves as few as it can, and nothing once it is fair', () => {
    fc.assert(
      fc.property(members, owners, (names, now) => {
        const next = allocate(names, now, ALL_SHARDS);
        const moved = ALL_SHARDS.filter((shard) => {
          const owner = now.get(shard);
          return owner !== undefined && names.includes(owner) && next.get(shard) !== owner;
        });
        expect(moved.length).toBe(fewestMoves(names, now));
        expect(allocate(names, next, ALL_SHARDS)).toEqual(next);
      }),
    );
  });

  it('depends on what is seen, and not on the order in which it was', () => {
    fc.assert(
      fc.property(members, owners, (names, now) => {
        expect(allocate(names.toReversed(), new Map([...now].toReversed()), ALL_SHARDS)).toEqual(
          allocate(names, now, ALL_SHARDS),
        );
      }),
    );
  });

  it('comes to rest when shards are handed over one by one', () => {
    fc.assert(
      fc.property(members, owners, fc.array(fc.nat(15), { minLength: 64, maxLength: 64 }), (names, now, picks) => {
        const seen = new Map(now);
        let steps = 0;
        for (; steps < 64; steps += 1) {
          const next = allocate(names, seen, ALL_SHARDS);
          const misplaced = ALL_SHARDS.filter((shard) => seen.get(shard) !== next.get(shard));
          const shard = misplaced[(picks[steps] ?? 0) % Math.max(1, misplaced.length)];
          if (shard === undefined) break;
          // First it is let go of, in a later step it is taken.
          if (seen.has(shard)) seen.delete(shard);
          else seen.set(shard, next.get(shard) ?? '');
        }
        expect(steps).toBeLessThan(64);
      }),
    );
  });

  it('is nothing without members', () => {
    expect(allocate([], new Map([['00', 'gone']]), ALL_SHARDS)).toEqual(new Map());
  });
});
