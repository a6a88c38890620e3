import {
  type DecodedCommit,
  decodeCommit,
  type RecordedCommit,
  sha256,
  type StreamHead,
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
  const head = headOf(decoded, raw);
  // The codec checked each event; that a stream holds its writer's events is the writer's promise.
  const { id, prev, meta } = decoded;
  return { id, stream: raw.stream, head, prev, events: decoded.events, meta };
}

/**
 * The hash is taken when somebody asks for it: whoever only reads never does, and of a stream that is read to its end
 * only the last one counts. Until then the head keeps the commit's bytes, as a copy because a message is often a part
 * of something larger.
 */
function headOf({ rev, at }: DecodedCommit, { position, bytes }: RawCommit): StreamHead {
  let unhashed: Uint8Array | undefined = new Uint8Array(bytes);
  let known = '';
  return {
    rev,
    position,
    at,
    get hash() {
      if (unhashed !== undefined) known = sha256(unhashed);
      unhashed = undefined;
      return known;
    },
  };
}

function misplaced({ stream, position }: RawCommit, { stream: found }: DecodedCommit): SluiceError {
  const message = `position ${position} of the log belongs to ${streamKey(stream)} but holds a commit of ${found}: something that is not Sluice wrote into the log`;
  return new SluiceError('BAD_COMMIT', message, { position });
}
