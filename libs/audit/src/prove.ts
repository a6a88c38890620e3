import { SluiceError } from '@sluice/kernel';
import { formatTlogProof, inclusionRanges, Prover, readCheckpoint } from '@sluice/proof';

import { leafOf } from './leaf.js';
import type { AuditedCommit, CommitSource } from './source.js';

/**
 * The `.tlog-proof` that the commit at that log position is in the log that the checkpoint (a signed note) is of. It
 * carries the commit itself. The log is read twice: to find the commit, and to hash what stands beside it. Codes:
 * NOT_IN_LOG, PRUNED, NOT_IN_CHECKPOINT (it was written after the checkpoint), BAD_PROOF (the log ends before the checkpoint).
 */
export async function proveCommit(log: () => CommitSource, position: number, checkpoint: string): Promise<string> {
  const { size } = readCheckpoint(checkpoint);
  const { index, commit } = await find(log(), position);
  if (index >= size)
    throw new SluiceError(
      'NOT_IN_CHECKPOINT',
      `the commit at position ${position} is the ${index + 1}. of the log and the checkpoint has ${size}: take a newer one`,
    );
  const prover = new Prover(inclusionRanges(index, size));
  let seen = 0;
  for await (const each of log()) {
    if (seen === size) break;
    prover.append(leafOf(each));
    seen += 1;
  }
  return formatTlogProof({ extra: Buffer.from(commit.bytes), index, hashes: prover.proof(), checkpoint });
}

async function find(log: CommitSource, position: number): Promise<{ index: number; commit: AuditedCommit }> {
  let index = 0;
  for await (const commit of log) {
    if (commit.position === position && commit.pruned === undefined) return { index, commit };
    if (commit.position === position)
      throw new SluiceError('PRUNED', `the commit at position ${position} was pruned: what is left of it is its hash`);
    if (commit.position > position) break;
    index += 1;
  }
  throw new SluiceError('NOT_IN_LOG', `the log has no commit at position ${position}`);
}
