import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { DomainEvent } from '../events/index.js';
import { decodeCommit, encodeCommit, MAX_COMMIT_BYTES } from './commit.js';
import { decodeEvent, encodeEvent } from './events.js';
import { loadTargets, storedTargetsSize, storeTargets } from './target-lists.js';

const N = 100_000;
const every = (step: number, from = 0): number[] => Array.from({ length: N / step }, (_, i) => i * step + from);

function roundTrip(event: DomainEvent): DomainEvent | undefined {
  const stream = { shard: '00', writer: 'exec', id: 'r00-x' } as const;
  const meta = { by: { id: 'ana', kind: 'user' }, cause: 'command:1', corr: 'q1' } as const;
  const bytes = encodeCommit({ id: 'c', stream, rev: 1, at: 1, prev: '', events: [{ event, meta }] });
  expect(bytes.length).toBeLessThan(MAX_COMMIT_BYTES / 4);
  return decodeCommit(bytes).events[0];
}

describe('lists of targets in the log', () => {
  it('read back as they were, whatever they are', () => {
    const list = fc.uniqueArray(fc.nat(3_000), { maxLength: 1_500 });
    fc.assert(
      fc.property(list, fc.boolean(), (targets, sorted) => {
        const given = sorted ? targets.toSorted((a, b) => a - b) : targets;
        const stored = storeTargets(given);
        expect(loadTargets(JSON.parse(JSON.stringify(stored)) as typeof stored)).toEqual(given);
      }),
    );
  });

  it('fit a commit for every choice of 100,000 targets: a retry of each second one, with all others looked at', () => {
    const retry = { type: 'RetryOrdered', redo: every(2), probe: every(2, 1) } as const;
    expect(roundTrip(retry)).toEqual(retry);
    const ranges = every(10).flatMap((target) => [target, target + 2, target + 3, target + 7]);
    const back = {
      type: 'RollbackRequested',
      to: { rolloutId: 'r00-y', version: '1' },
      targets: ranges,
      down: every(5),
      ordinal: 1,
    } as const;
    expect(roundTrip(back)).toEqual(back);
  });

  it('stay readable ranges while these are short', () => {
    expect(storeTargets([3, 4, 5, 90])).toEqual({ r: [3, 5, 90, 90] });
    expect(storeTargets(Array.from({ length: N }, (_, i) => i))).toEqual({ r: [0, N - 1] });
    expect(storeTargets([5, 1])).toEqual({ l: [5, 1] });
    expect(storeTargets([])).toEqual({ r: [] });
  });

  it('are bounded before they are written, so that a commit can be filled', () => {
    for (const list of [every(2), every(3), every(1_000), every(1), [7]]) {
      expect(JSON.stringify(storeTargets(list)).length).toBeLessThanOrEqual(storedTargetsSize(list));
    }
  });

  it('refuse a symbol that stands for nothing', () => {
    const { data, ...rest } = encodeEvent({ type: 'RetryOrdered', redo: every(2), probe: [] });
    const broken = { ...rest, data: { ...(data as object), redo: { at: 0, b: 'A*' } } };
    expect(() => decodeEvent(broken)).toThrow(expect.objectContaining({ code: 'BAD_TARGETS' }));
  });
});
