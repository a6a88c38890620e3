import type { PlanTarget } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { batchSizes } from './batch-sizes.js';
import { compareNames, eligibleTargets, orderTargets } from './ordering.js';
import { SAMPLE_GROUP, sampleMember } from './samples.js';

describe('stable order', () => {
  it('is the order of code points, whatever order the inventory has', () => {
    const names = ['web-2', 'web-10', 'Web-1', 'web-1', 'ä', '\u{1f600}', '\uffee', 'web'];
    const expected = ['Web-1', 'web', 'web-1', 'web-10', 'web-2', 'ä', '\uffee', '\u{1f600}'];
    expect([...names].sort(compareNames)).toEqual(expected);
    expect([...names].reverse().sort(compareNames)).toEqual(expected);
  });

  it('equals the order of UTF-32 for any names', () => {
    const points = (name: string): number[] => Array.from(name, (symbol) => symbol.codePointAt(0) ?? 0);
    const slow = (a: number[], b: number[]): number => {
      const i = a.findIndex((point, at) => point !== b[at]);
      return i === -1 ? a.length - b.length : (a[i] ?? 0) - (b[i] ?? -1);
    };
    const text = fc.string({ unit: 'binary', maxLength: 6 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareNames(a, b))).toBe(Math.sign(slow(points(a), points(b))));
      }),
      { numRuns: 300 },
    );
  });
});

describe('TRS-05 hosts that are left out', () => {
  it('names each with its reason', () => {
    const members = [
      sampleMember('d', { app: 'other' }),
      sampleMember('c', { down: true }),
      sampleMember('b'),
      sampleMember('a', { site: 'fra' }),
    ];
    const { targets, leftOut } = eligibleTargets(SAMPLE_GROUP, members, new Map([['b', 'bad disk']]));
    expect(targets).toEqual([{ host: 'a', site: 'fra', from: '1.0.0' }]);
    expect(leftOut).toEqual([
      { host: 'b', reason: 'excluded: bad disk' },
      { host: 'c', reason: 'down' },
      { host: 'd', reason: 'runs other, the group is of shop' },
    ]);
  });

  it('takes a host as drained only when a version runs and does not serve', () => {
    const members = [
      sampleMember('new', { running: null, serving: false }),
      sampleMember('out', { serving: false }),
      sampleMember('in'),
    ];
    const { targets } = eligibleTargets(SAMPLE_GROUP, members, new Map());
    expect(targets.filter((target) => target.drained === true).map(({ host }) => host)).toEqual(['out']);
    expect(targets.find(({ host }) => host === 'new')?.from).toBeUndefined();
  });
});

describe('TRS-04 hosts that are already out of service', () => {
  const target = (i: number, drained: boolean): PlanTarget => ({
    host: `h${String(i).padStart(4, '0')}`,
    ...(drained ? { drained: true } : {}),
  });
  const targetsWith = (drained: ReadonlySet<number>, n: number): PlanTarget[] =>
    Array.from({ length: n }, (_, i) => target(i, drained.has(i)));

  function servingPerBatch(ordered: readonly PlanTarget[], batches: ReturnType<typeof batchSizes>): number[][] {
    let at = 0;
    return batches.map(([size, times]) =>
      Array.from({ length: times }, () => {
        at += size;
        return ordered.slice(at - size, at).filter((each) => each.drained !== true).length;
      }),
    );
  }

  it('are spread evenly: each batch holds its share', () => {
    const batches = batchSizes({ kind: 'percent', percent: 25 }, 16);
    const ordered = orderTargets(targetsWith(new Set([0, 1, 2, 3]), 16), batches, false);
    expect(servingPerBatch(ordered, batches)).toEqual([[3, 3, 3, 3]]);
    expect(ordered.slice(0, 4).map(({ host }) => host)).toEqual(['h0000', 'h0004', 'h0005', 'h0006']);
  });

  it('leave the number of serving hosts in batches of one size within one of each other, and lose nobody', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 0, max: 100 }),
        fc.uniqueArray(fc.nat({ max: 199 })),
        (n, percent, places) => {
          const batches = batchSizes({ kind: 'percent', percent }, n);
          const targets = targetsWith(new Set(places), n);
          const ordered = orderTargets(targets, batches, false);
          expect([...ordered].sort((a, b) => compareNames(a.host, b.host))).toEqual(targets);
          for (const sizes of servingPerBatch(ordered, batches)) {
            expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });

  it('go first when they use up the budget', () => {
    const batches = batchSizes({ kind: 'percent', percent: 25 }, 8);
    const ordered = orderTargets(targetsWith(new Set([5, 6, 7]), 8), batches, true);
    expect(ordered.slice(0, 4).map(({ host }) => host)).toEqual(['h0005', 'h0006', 'h0007', 'h0000']);
  });
});
