import { proofError } from './errors.js';
import { HASH_BYTES } from './merkle.js';
import { countOf, fromBase64, textOf } from './text.js';

const MAX_PROOF_BYTES = 64 * 1024;
/** Of two trees of up to 2^53 leaves. */
const MAX_HASHES = 63;

/** That a checkpoint's log goes on from one of `before` commits, in the form in which a witness is asked (C2SP tlog-witness). */
export interface ConsistencyProof {
  /** Size of the older tree. */
  readonly before: number;
  readonly hashes: readonly Uint8Array[];
  /** The newer one: a signed note. */
  readonly checkpoint: string;
}

export function formatConsistency({ before, hashes, checkpoint }: ConsistencyProof): string {
  const lines = hashes.map((hash) => `${Buffer.from(hash).toString('base64')}\n`);
  return `old ${before}\n${lines.join('')}\n${checkpoint}`;
}

/** Code BAD_PROOF. */
export function parseConsistency(input: string | Uint8Array): ConsistencyProof {
  const text = textOf(input, MAX_PROOF_BYTES, 'BAD_PROOF');
  const blank = text.indexOf('\n\n');
  const [first = '', ...lines] = text.slice(0, Math.max(blank, 0)).split('\n', MAX_HASHES + 2);
  if (!first.startsWith('old ') || lines.length > MAX_HASHES)
    throw proofError(
      'BAD_PROOF',
      'a proof of consistency begins with the line `old <size>` and ends with a checkpoint',
    );
  return {
    before: countOf(first.slice(4), 'BAD_PROOF', 'the older size'),
    hashes: lines.map(hashOf),
    checkpoint: text.slice(blank + 2),
  };
}

function hashOf(line: string): Buffer {
  const hash = fromBase64(line, 'BAD_PROOF', 'a hash of it');
  if (hash.length !== HASH_BYTES) throw proofError('BAD_PROOF', `a hash has ${HASH_BYTES} bytes`);
  return hash;
}
