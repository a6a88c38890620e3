import type { Counts } from './read.js';
import { MAX_SERIES_POINTS, type Series, type SeriesPoint } from './series.js';

/**
 * The picture of one variable kept as it grows, for who draws it often: a point for each step, and when there would be
 * too many, every second one at twice the step. 36 KB at most, whatever the ramp lasts.
 */
export interface CountHistory {
  stepMs: number;
  readonly points: SeriesPoint[];
  last: Counts | undefined;
}

/** `stepMs`: the finest step, a minute unless told. */
export const emptyHistory = (stepMs = 60_000): CountHistory => ({ stepMs, points: [], last: undefined });

/** What the counts are from `at` on; told in order of time, after each event that changes them. */
export function noteCounts(history: CountHistory, at: number, counts: Counts): void {
  if (history.last === undefined)
    history.points.push({ at: Math.ceil(at / history.stepMs) * history.stepMs, ...counts });
  else fill(history, at - 1);
  history.last = counts;
  const point = history.points.at(-1);
  // Several events at the time of a point: it shows the last of them.
  if (point !== undefined && point.at >= at) history.points.splice(-1, 1, { at: point.at, ...counts });
}

/** The series up to `until`, that time included. */
export function pointsUpTo(history: CountHistory, until: number): Series {
  fill(history, until);
  return { stepMs: history.stepMs, points: history.points.filter(({ at }) => at <= until) };
}

/** Nothing has changed up to `until`: the points on the way are like the last one. */
function fill(history: CountHistory, until: number): void {
  const { points, last } = history;
  const first = points[0];
  if (first === undefined || last === undefined) return;
  while ((until - first.at) / history.stepMs >= MAX_SERIES_POINTS) widen(history);
  for (let at = first.at + points.length * history.stepMs; at <= until; at += history.stepMs)
    points.push({ at, ...last });
}

function widen(history: CountHistory): void {
  const kept = history.points.filter((_, i) => i % 2 === 0);
  history.points.splice(0, history.points.length, ...kept);
  history.stepMs *= 2;
}
