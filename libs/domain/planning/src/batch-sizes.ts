import type { BatchSizes } from '@sluice/contracts';
import { invariant, unreachable } from '@sluice/kernel';

import type { BatchRule } from './batch-rule.js';

/** The sizes of the batches for `n` targets (canaries apart), as runs of equal sizes; empty when n is 0. */
export function batchSizes(rule: BatchRule, n: number): BatchSizes {
  invariant(Number.isSafeInteger(n) && n >= 0, 'the number of targets must be a whole number', { n });
  if (n === 0) return [];
  switch (rule.kind) {
    case 'percent':
      return byPercent(rule.percent, n);
    case 'pattern':
      return byPattern(rule.terms, n);
    case 'count':
      return byCount(rule.count, n);
    default:
      return unreachable(rule, 'batch rule');
  }
}

/** Equal batches of max(1, floor(n*p/100)), the last takes what is left. p = 0 is one at a time. */
function byPercent(percent: number, n: number): BatchSizes {
  const size = Math.max(1, Math.floor((n * percent) / 100));
  const rest = n % size;
  return runs([
    [size, Math.floor(n / size)],
    [rest, 1],
  ]);
}

/** Batch i ends at ceil(n * (share so far) / 100): early terms never round down to nothing while targets are left. */
function byPattern(terms: readonly number[], n: number): BatchSizes {
  let share = 0;
  let before = 0;
  const sizes = terms.map((term): readonly [number, number] => {
    share += term;
    const boundary = Math.ceil((n * share) / 100);
    const size = boundary - before;
    before = boundary;
    return [size, 1];
  });
  return runs(sizes);
}

/** `count` batches whose sizes differ by at most one, bigger first; fewer when there are fewer targets. */
function byCount(count: number, n: number): BatchSizes {
  const small = Math.floor(n / count);
  const bigger = n % count;
  return runs([
    [small + 1, bigger],
    [small, count - bigger],
  ]);
}

/** Drops empty batches and joins neighbours of one size. */
function runs(sizes: readonly (readonly [size: number, times: number])[]): BatchSizes {
  const joined: [number, number][] = [];
  for (const [size, times] of sizes) {
    if (size === 0 || times === 0) continue;
    const last = joined.at(-1);
    if (last?.[0] === size) last[1] += times;
    else joined.push([size, times]);
  }
  return joined;
}
