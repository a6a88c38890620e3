import { DURATION_PATTERN, parseDuration } from './duration.js';
import { SluiceError } from './errors.js';

/** A point in the past: a time, a length of time before now (both in ms), or a place in the log. */
export type Moment =
  | { readonly kind: 'time'; readonly at: number }
  | { readonly kind: 'ago'; readonly ms: number }
  | { readonly kind: 'position'; readonly position: number };

const POSITION = /^@(\d{1,15})$/;
const EPOCH = /^\d{11,14}$/;
const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const DURATION = new RegExp(DURATION_PATTERN);

/** What parseMoment may read; it looks closer at times and durations. */
export const MOMENT_PATTERN = `^(?:@\\d{1,15}|\\d{11,14}|${DURATION_PATTERN.slice(1, -1)}|\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d))$`;

/**
 * `2026-01-31T12:00:00Z` (RFC 3339, or ms since the epoch), `5m` ago, or the log position `@118`. Code BAD_MOMENT
 * otherwise.
 */
export function parseMoment(text: string): Moment {
  const position = POSITION.exec(text)?.[1];
  if (position !== undefined) return { kind: 'position', position: Number(position) };
  if (DURATION.test(text)) return { kind: 'ago', ms: lengthOf(text) };
  const at = EPOCH.test(text) ? Number(text) : timeOf(text);
  if (at === undefined) throw badMoment(text);
  return { kind: 'time', at };
}

function lengthOf(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw badMoment(text);
  }
}

/** Undefined for what is no time, a day that its month does not have included. */
function timeOf(text: string): number | undefined {
  const [, year, month, day] = INSTANT.exec(text) ?? [];
  if (day === undefined || Number(day) > daysOf(Number(year), Number(month))) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) || at < 0 ? undefined : at;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const badMoment = (text: string): SluiceError =>
  new SluiceError(
    'BAD_MOMENT',
    `"${text.slice(0, 40)}" is no moment: write a time (2026-01-31T12:00:00Z), how long ago (5m), or a position of the log (@118)`,
  );
