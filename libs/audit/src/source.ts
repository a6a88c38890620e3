import type { StreamName } from '@sluice/contracts';

/** The bytes of one commit, and where they stood. */
export interface AuditedCommit {
  /** Grows from commit to commit; it need not be dense. */
  readonly position: number;
  readonly bytes: Uint8Array;
  /** The stream whose subject they stood under; absent where only the bytes were kept, as in an export. */
  readonly stream?: StreamName;
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
export async function* inLogOrder(sources: readonly CommitSource[]): CommitSource {
  const open = sources.map((source) => source[Symbol.asyncIterator]());
  const next = await Promise.all(open.map((reader) => reader.next()));
  try {
    for (let last: AuditedCommit | undefined; ;) {
      const i = lowest(next);
      const result = next[i];
      const reader = open[i];
      if (result === undefined || result.done === true || reader === undefined) return;
      const isAgain = last?.position === result.value.position && isSameBytes(last, result.value);
      if (!isAgain) yield result.value;
      last = result.value;
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

const isSameBytes = (a: AuditedCommit, b: AuditedCommit): boolean => Buffer.compare(a.bytes, b.bytes) === 0;
