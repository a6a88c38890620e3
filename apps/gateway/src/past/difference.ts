import type { Clock } from '@sluice/kernel';

import { Breath } from './breath.js';
import type { AtMoment } from './cut.js';
import type { Change } from './diff.js';

/** What changed between two moments: all of it is counted, a page of it is told. */
export interface Difference {
  readonly from: AtMoment;
  readonly to: AtMoment;
  readonly counts: { readonly added: number; readonly removed: number; readonly changed: number };
  readonly items: readonly Change[];
  /** How many changes there are up to the end of the page; undefined when it is the last one. */
  readonly next: number | undefined;
}

export interface DifferenceQuery {
  /** Changes that were told already. */
  readonly skip: number;
  readonly limit: number;
}

/** Rows after which others get their turn. */
const ROWS_AT_ONCE = 1_000;

export async function tally(
  changes: Iterable<Change | undefined> | AsyncIterable<Change | undefined>,
  { skip, limit }: DifferenceQuery,
  clock: Clock,
): Promise<Pick<Difference, 'counts' | 'items' | 'next'>> {
  const items: Change[] = [];
  const counts = { added: 0, removed: 0, changed: 0 };
  const breath = new Breath(clock, ROWS_AT_ONCE);
  let seen = 0;
  for await (const change of changes) {
    await breath.after(1);
    if (change === undefined) continue;
    counts[kindOf(change)] += 1;
    if (seen >= skip && items.length < limit) items.push(change);
    seen += 1;
  }
  const told = skip + items.length;
  return { counts, items, next: seen > told && items.length > 0 ? told : undefined };
}

const kindOf = (change: Change): keyof Difference['counts'] => {
  if (!('from' in change)) return 'added';
  return 'to' in change ? 'changed' : 'removed';
};
