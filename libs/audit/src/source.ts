import { sha256, type StreamName } from '@sluice/contracts';

import type { PrunedCommit } from './pruned.js';

/** The bytes of one commit, and where they stood. */
export interface AuditedCommit {
  /** Grows from commit to commit; it need not be dense. */
  readonly position: number;
  readonly bytes: Uint8Array;
  /** The stream whose subject they stood under; absent where only the bytes were kept, as in an export. */
  readonly stream?: StreamName;
  /** Its bytes were deleted from the archive: these are none, and this is what was kept of it. */
  readonly pruned?: PrunedCommit;
}

/**
 * Any log as raw commits in the order of their positions: the live log, an archive, an export, or these put together
 * (inLogOrder). Whoever reads another store writes one more of these.
 */
export type CommitSource = AsyncIterable<AuditedCommit>;

/**
 * Several sources, each in the order of positions, as one. A commit that stands in two of them with the same bytes is
 * told once: an archived commit may still be in the log. Of each source one commit at a time is in memory.
 */
export const inLogOrder = (sources: readonly CommitSource[]): CommitSource => withoutRepeats(merged(sources));

/** Leaves out what was just told, byte for byte, at the same position. */
export async function* withoutRepeats(source: CommitSource): CommitSource {
  let last: AuditedCommit | undefined;
  for await (const commit of source) {
    if (last?.position !== commit.position || !isSame(last, commit)) yield commit;
    last = commit;
  }
}

/** What was pruned from an archive may still stand in the log: a killed server brings back single messages. */
function isSame(a: AuditedCommit, b: AuditedCommit): boolean {
  if (a.pruned === undefined && b.pruned === undefined) return Buffer.compare(a.bytes, b.bytes) === 0;
  return (a.pruned?.sha256 ?? sha256(a.bytes)) === (b.pruned?.sha256 ?? sha256(b.bytes));
}

async function* merged(sources: readonly CommitSource[]): CommitSource {
  const open = sources.map((source) => source[Symbol.asyncIterator]());
  const next = await Promise.all(open.map((reader) => reader.next()));
  try {
    for (;;) {
      const i = lowest(next);
      const [result, reader] = [next[i], open[i]];
      if (result === undefined || result.done === true || reader === undefined) return;
      yield result.value;
      next[i] = await reader.next();
    }
  } finally {
    for (const reader of open) await reader.return?.();
  }
}

function lowest(results: readonly IteratorResult<AuditedCommit, unknown>[]): number {
  let found = -1;
  let best = Infinity;
  for (const [i, result] of results.entries()) {
    if (result.done === true || result.value.position >= best) continue;
    best = result.value.position;
    found = i;
  }
  return found;
}

/** Whether a source has at least that many bytes, and the whole of it: what was read to know it is held until it is told. */
export async function aheadOf(
  source: CommitSource,
  bytes: number,
): Promise<{ readonly isLong: boolean; readonly commits: CommitSource }> {
  const reader = source[Symbol.asyncIterator]();
  const first: AuditedCommit[] = [];
  let [read, failure]: [number, { readonly error: unknown } | undefined] = [0, undefined];
  try {
    while (read < bytes) {
      const { done, value } = await reader.next();
      if (done === true) break;
      first.push(value);
      read += value.bytes.length;
    }
  } catch (error) {
    failure = { error };
  }
  return { isLong: read >= bytes, commits: toldAgain(first, reader, failure) };
}

async function* toldAgain(
  first: AuditedCommit[],
  reader: AsyncIterator<AuditedCommit>,
  failure: { readonly error: unknown } | undefined,
): CommitSource {
  try {
    // Nothing of it is kept once it was told.
    for (const commit of first.splice(0)) yield commit;
    if (failure !== undefined) throw failure.error;
    for (let next = await reader.next(); next.done !== true; next = await reader.next()) yield next.value;
  } finally {
    await reader.return?.();
  }
}
