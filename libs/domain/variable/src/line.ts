import type { RoleLimit, VariableSchedule } from '@sluice/contracts';

type Point = readonly [ms: number, fraction: number];

/** A schedule as corners of a line from [0, x] to [duration, 1]. */
export interface Line {
  readonly corners: readonly Point[];
  readonly durationMs: number;
}

const ORIGIN: Point = [0, 0];

export function lineOf(schedule: VariableSchedule): Line {
  if (schedule.kind === 'linear')
    return { corners: [ORIGIN, [schedule.durationMs, 1]], durationMs: schedule.durationMs };
  const { points } = schedule;
  const corners = points[0]?.[0] === 0 ? points : [ORIGIN, ...points];
  return { corners, durationMs: corners.at(-1)?.[0] ?? 0 };
}

/**
 * The fraction after so much active time: 0 at 0 whatever the first corner says, so that the way back ends at nothing.
 * Never falls as `activeMs` grows, rounding included.
 */
export function fractionAt({ corners, durationMs }: Line, activeMs: number): number {
  if (activeMs <= 0) return 0;
  if (activeMs >= durationMs) return 1;
  let [ms, fraction] = corners[0] ?? ORIGIN;
  for (const [nextMs, next] of corners) {
    if (nextMs > activeMs)
      return Math.min(next, fraction + (Math.max(0, activeMs - ms) * (next - fraction)) / (nextMs - ms));
    [ms, fraction] = [nextMs, next];
  }
  return 1;
}

/** How many of n hosts are to have `to`: those whose (i + phase) / n is below the fraction, all of them at 1. */
export function wantedOf(fraction: number, n: number, phase: number): number {
  if (fraction >= 1) return n;
  return Math.min(n, Math.max(0, Math.ceil(fraction * n - phase)));
}

/** The most hosts of n that may have `to`. */
export function limitOf(n: number, limit: RoleLimit | undefined): number {
  if (limit === undefined) return n;
  const { maxPercent = 100, minHosts = 0, maxHosts = n } = limit;
  // A hundredth of a percent is as fine as anybody writes; multiplied out, 0.07 * 100 is 7 and not a bit more or less.
  const share = Math.floor(Math.round(n * maxPercent * 100) / 10_000);
  return Math.min(n, maxHosts, Math.max(Math.min(minHosts, n), share));
}

/**
 * The first whole millisecond of active time at which the line wants at least `count` of n hosts; undefined when it
 * never does.
 */
export function reachedAt(line: Line, { n, phase }: { readonly n: number; readonly phase: number }, count: number) {
  if (count > n) return undefined;
  let [low, high] = [0, line.durationMs];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (wantedOf(fractionAt(line, middle), n, phase) >= count) high = middle;
    else low = middle + 1;
  }
  return low;
}
