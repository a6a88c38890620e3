import { refuse } from '../problems/problem.js';

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 500;

/** A place in a list as clients carry it: opaque, so that its meaning may change. */
export const encodeCursor = (kind: string, place: number | string): string =>
  Buffer.from(JSON.stringify([kind, place])).toString('base64url');

/** The place that encodeCursor wrote for that kind of list. Code BAD_CURSOR. */
export function decodeCursor<T extends 'number' | 'string'>(
  kind: string,
  type: T,
  cursor: string,
): T extends 'number' ? number : string {
  const read = readCursor(cursor);
  if (!Array.isArray(read) || read.length !== 2 || read[0] !== kind || typeof read[1] !== type) {
    throw refuse('BAD_CURSOR', 'the cursor is none of this list: leave it out to start from the beginning', {
      status: 400,
    });
  }
  return read[1] as T extends 'number' ? number : string;
}

function readCursor(cursor: string): unknown {
  if (cursor.length > 1_024) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** One page of a list. `next` continues it; null at its end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
