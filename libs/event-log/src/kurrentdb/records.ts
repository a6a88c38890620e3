import { createHash } from 'node:crypto';

import { binaryEvent, type EventData, type ReadPosition, type ResolvedEvent } from '@kurrent/kurrentdb-client';
import { type RecordedCommit, type StreamName, streamOfSubject, SUBJECTS } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { recordedCommit } from '../recorded.js';

/** The type that each commit has in KurrentDB; its bytes are the commit's, unchanged, so the hash chain is. */
const COMMIT = 'sluice-commit';

/** A commit as KurrentDB gives it back. */
export interface StoredCommit {
  readonly stream: StreamName;
  readonly position: number;
  readonly bytes: Uint8Array;
  /** The commit's id as its writer said it, read from the metadata: no need to decode the bytes for it. */
  readonly id: string;
}

/** KurrentDB takes UUIDs: one made of the commit's id is the same at each try. */
export function uuidOf(commitId: string): string {
  const hex = createHash('sha256').update(commitId).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}

export function eventOf(commitId: string, bytes: Uint8Array): EventData {
  return binaryEvent({ id: uuidOf(commitId), type: COMMIT, data: bytes, metadata: { commit: commitId } });
}

/** Code BAD_COMMIT for something that Sluice did not write. */
export function storedCommit({ event }: ResolvedEvent): StoredCommit {
  const stream = event === undefined ? undefined : streamOfSubject(event.streamId);
  if (event === undefined || stream === undefined || event.isJson || event.position === undefined) {
    const where = event === undefined ? 'a link' : `${event.streamId} at revision ${event.revision}`;
    throw new SluiceError('BAD_COMMIT', `${where} is no commit: something that is not Sluice wrote into the log`);
  }
  const { metadata } = event;
  const id =
    typeof metadata === 'object' && metadata !== null && 'commit' in metadata ? String(metadata['commit']) : '';
  return { stream, position: numberOf(event.position.commit), bytes: Buffer.from(event.data), id };
}

export const recordedOf = ({ stream, position, bytes }: StoredCommit): RecordedCommit =>
  recordedCommit({ stream, position, bytes });

/** KurrentDB counts the bytes of its file: 2^53 of them are nine petabytes. Code BAD_COMMIT beyond. */
export function numberOf(position: bigint): number {
  if (position > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new SluiceError('BAD_COMMIT', `position ${position} of KurrentDB is larger than Sluice can hold`);
  }
  return Number(position);
}

export const positionAt = (position: number): ReadPosition => ({
  commit: BigInt(position),
  prepare: BigInt(position),
});

/** Everything of the log, and nothing else that lives in the same database. */
export const WHOLE_LOG = SUBJECTS.wholeLog.slice(0, -1);
