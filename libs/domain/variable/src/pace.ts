import type { RoleLimit } from '@sluice/contracts';

/** When hosts of a role changed, oldest first: as many as its limit asks about. */
export type Pace = { readonly at: number; count: number }[];

type PaceLimit = NonNullable<RoleLimit['pace']>;

/** Remembers changes, and forgets those that no window of the limit reaches any more. */
export function noteChanges(pace: Pace, at: number, { count, limit }: { count: number; limit: PaceLimit }): void {
  const last = pace.at(-1);
  if (last !== undefined && last.at === at) last.count += count;
  else pace.push({ at, count });
  let kept = pace.reduce((sum, entry) => sum + entry.count, 0);
  for (let first = pace[0]; first !== undefined; first = pace[0]) {
    if (kept - first.count < limit.changes || pace.length === 1) return;
    kept -= first.count;
    pace.shift();
  }
}

/** How many more may change at `now`, so that no window of `windowMs` has more than `changes`. */
export function roomAt(pace: Pace, limit: PaceLimit | undefined, now: number): number {
  if (limit === undefined) return Infinity;
  const used = pace.reduce((sum, { at, count }) => (at > now - limit.windowMs ? sum + count : sum), 0);
  return Math.max(0, limit.changes - used);
}

/** From when on there is room for one more. */
export function roomFrom(pace: Pace, limit: PaceLimit | undefined): number {
  if (limit === undefined) return -Infinity;
  let newer = 0;
  for (let i = pace.length - 1; i >= 0; i -= 1) {
    newer += pace[i]?.count ?? 0;
    if (newer >= limit.changes) return (pace[i]?.at ?? 0) + limit.windowMs;
  }
  return -Infinity;
}
