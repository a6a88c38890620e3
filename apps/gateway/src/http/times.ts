import { refuse } from '../problems/problem.js';

/** Of ISO 8601, what is a time wherever it is read: no weeks, and no clock of which the zone is not said. */
const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** ms since the epoch of a time in a body. `path`: where it stands (RFC 6901). Code BAD_DOCUMENT. */
export function timeOf(path: string, text: string): number {
  const time = TIME.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  const message = 'is no time: write 2026-01-31T12:00:00Z, or 2026-01-31 for its begin in UTC';
  throw refuse('BAD_DOCUMENT', `${path} ${message}`, { status: 422, faults: [{ path, code: 'BAD_SCOPE', message }] });
}
