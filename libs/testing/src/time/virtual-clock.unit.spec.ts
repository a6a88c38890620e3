import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MinHeap } from './min-heap.js';
import { seededIds, seededRandom } from './random.js';
import { VIRTUAL_EPOCH, VirtualClock } from './virtual-clock.js';

describe('virtual clock', () => {
  it('fires in the order of time, then of asking', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    for (const [name, ms] of [
      ['b', 20],
      ['a', 10],
      ['c', 20],
      ['now', 0],
      ['past', -5],
    ] as const)
      clock.schedule(ms, () => fired.push(`${name}@${clock.now() - VIRTUAL_EPOCH}`));
    await clock.advance(100);
    expect(fired).toEqual(['now@0', 'past@0', 'a@10', 'b@20', 'c@20']);
    expect(clock.now()).toBe(VIRTUAL_EPOCH + 100);
  });

  it('lets promises go on between two instants', async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    clock.schedule(10, () => {
      void (async () => {
        for (let i = 0; i < 50; i += 1) await Promise.resolve();
        clock.schedule(5, () => seen.push(clock.now() - VIRTUAL_EPOCH));
      })();
    });
    clock.schedule(1_000, () => seen.push(clock.now() - VIRTUAL_EPOCH));
    await clock.advance(1_000);
    expect(seen).toEqual([15, 1_000]);
  });

  it('fires nothing that was cancelled, before or in the same instant', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    const second = clock.schedule(10, () => fired.push('second'));
    clock.schedule(5, () => second());
    const cancel = clock.schedule(1, () => fired.push('first'));
    cancel();
    cancel();
    expect(clock.pending).toBe(2);
    await clock.advance(20);
    expect([fired, clock.pending]).toEqual([[], 0]);
  });

  it('stops when the predicate holds, when time is up, and when nothing is left', async () => {
    const clock = new VirtualClock();
    let hits = 0;
    const again = (): void => {
      hits += 1;
      clock.schedule(60_000, again);
    };
    clock.schedule(0, again);
    expect(await clock.runUntil(() => hits === 3)).toBe(true);
    expect(clock.now()).toBe(VIRTUAL_EPOCH + 120_000);
    expect(await clock.runUntil(() => false, { withinMs: 30 * 86_400_000 })).toBe(false);
    expect(hits).toBe(30 * 24 * 60 + 3);
    expect(await new VirtualClock().runUntil(() => false)).toBe(false);
  });

  it('calls an endless turn at one instant by its name', async () => {
    const clock = new VirtualClock();
    const spin = (): void => void clock.schedule(0, spin);
    spin();
    await expect(clock.advance(1)).rejects.toThrow(/keep falling due/);
  }, 20_000);

  it('keeps the distance of timers when the time of day jumps', async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    const cancel = clock.schedule(50, () => fired.push(-1));
    clock.schedule(10, () => fired.push(clock.now() - VIRTUAL_EPOCH));
    clock.jump(3_600_000);
    cancel();
    await clock.advance(100);
    expect(fired).toEqual([3_600_010]);
  });
});

describe('heap', () => {
  it('gives back what it was given, sorted', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new MinHeap<number>((a, b) => a - b);
        for (const number of numbers) heap.push(number);
        const out = numbers.map(() => heap.pop());
        expect(out).toEqual(numbers.toSorted((a, b) => a - b));
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });
});

describe('seeded chance', () => {
  it('repeats with its seed and differs from its neighbour', () => {
    const draw = (seed: number): number[] =>
      Array.from(
        { length: 20 },
        (
          (random) => () =>
            random.next()
        )(seededRandom(seed)),
      );
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(seededRandom(7).fork('a').next()).not.toBe(seededRandom(7).fork('b').next());
  });

  it('is even', () => {
    const random = seededRandom(1);
    const bins = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 100_000; i += 1) bins[random.int(10)] = (bins[random.int(10)] ?? 0) + 1;
    const heads = Array.from({ length: 10_000 }, () => random.chance(0.3)).filter(Boolean).length;
    expect(heads).toBeGreaterThan(2_800);
    expect(heads).toBeLessThan(3_200);
  });

  it('makes different ids that repeat', () => {
    const ids = (): string[] => Array.from({ length: 100 }, seededIds(new VirtualClock(), seededRandom(3)));
    expect(ids()).toEqual(ids());
    expect(new Set(ids()).size).toBe(100);
  });
});
