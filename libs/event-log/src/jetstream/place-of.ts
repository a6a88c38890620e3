import { decodeCommit } from '@sluice/contracts';

import type { LogStream } from './log-stream.js';

/**
 * A position at or before that of the commit `rev` of a subject, and behind most of those before it: revisions grow with
 * positions, so two dozen look-ups find it in a log of any size.
 */
export async function placeOf(log: LogStream, subject: string, rev: number): Promise<number> {
  const last = await log.lastOf(subject);
  let [low, high] = [1, last?.seq ?? 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const next = await log.nextOf(subject, middle - 1);
    if (next === undefined || decodeCommit(next.data).rev >= rev) high = middle;
    else low = next.seq + 1;
  }
  return Math.min(low, high);
}
