import { SluiceError } from '@sluice/kernel';

import { evolvePast, inOrder, type PastEvent } from './past.js';
import { type Counts, countsOf } from './read.js';
import { type Fleet, initialFleet } from './state.js';

/** A day by the minute, and a little more. */
export const MAX_SERIES_POINTS = 1_500;

/** `role`: only its hosts. All times in ms since the epoch. */
export interface SeriesQuery {
  readonly variable: string;
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly role?: string;
}

export interface SeriesPoint extends Counts {
  readonly at: number;
}

/** `stepMs` is a multiple of the asked one where that would give more points than a picture holds. */
export interface Series {
  readonly stepMs: number;
  readonly points: readonly SeriesPoint[];
}

/**
 * How many hosts were to have which value, step by step: what happened up to a point's time, that time included.
 * Code BAD_SERIES for a span or a step that is none.
 */
export function seriesOf(past: Iterable<PastEvent>, query: SeriesQuery): Series {
  const { variable, from, to, stepMs: asked } = query;
  if (!(asked >= 1) || !(to >= from))
    throw new SluiceError('BAD_SERIES', 'a series goes from a time to a later one in steps of 1ms or more');
  const stepMs = asked * Math.max(1, Math.ceil((to - from) / asked / (MAX_SERIES_POINTS - 1)));
  const fleet = initialFleet();
  const points: SeriesPoint[] = [];
  const events = inOrder(past, to);
  let next = 0;
  for (let at = from; at <= to; at += stepMs) {
    for (let event = events[next]; event !== undefined && event.at <= at; event = events[next]) {
      evolvePast(fleet, variable, event);
      next += 1;
    }
    points.push({ at, ...countsNow(fleet, query) });
  }
  return { stepMs, points };
}

function countsNow(fleet: Fleet, { variable: name, role }: SeriesQuery): Counts {
  const variable = fleet.variables.get(name);
  const index = role === undefined ? undefined : fleet.roster.roleIndex.get(role);
  // Hosts of a fleet whose variable is not defined yet are to have nothing.
  if (variable === undefined || (role !== undefined && index === undefined)) return { from: 0, to: 0, other: 0 };
  return countsOf(variable, fleet.roster, index);
}
