import {
  type DecodedCommit,
  decodeCommit,
  type RecordedCommit,
  sha256,
  streamKey,
  type StreamName,
} from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

/** The raw bytes of one commit as a log holds them. */
export interface RawCommit {
  readonly stream: StreamName;
  readonly position: number;
  readonly bytes: Uint8Array;
}

/**
 * What the bytes at a place of the log say. Code BAD_COMMIT when they are no commit, or are one of another stream than
 * their place.
 */
export function recordedCommit(raw: RawCommit): RecordedCommit {
  const decoded = decodeCommit(raw.bytes);
  if (decoded.stream !== streamKey(raw.stream)) throw misplaced(raw, decoded);
  const head = { rev: decoded.rev, hash: sha256(raw.bytes), position: raw.position, at: decoded.at };
  // The codec checked each event; that a stream holds its writer's events is the writer's promise.
  const { id, prev, meta } = decoded;
  return { id, stream: raw.stream, head, prev, events: decoded.events, meta };
}

function misplaced({ stream, position }: RawCommit, { stream: found }: DecodedCommit): SluiceError {
  const message = `position ${position} of the log belongs to ${streamKey(stream)} but holds a commit of ${found}: something that is not Sluice wrote into the log`;
  return new SluiceError('BAD_COMMIT', message, { position });
}
