import { proofError } from './errors.js';
import type { SignerKey, VerifierKey } from './keys.js';
import { HASH_BYTES } from './merkle.js';
import { openNote, parseNote, signNote } from './note.js';
import { countOf, fromBase64 } from './text.js';
import type { TreeHead } from './verifying.js';

/** The head of a log's tree at a size (C2SP tlog-checkpoint). */
export interface Checkpoint extends TreeHead {
  /** Names the log: for checkpoints of Sluice the name of its key. */
  readonly origin: string;
  readonly root: Buffer;
  /** Lines that nobody checks but that are signed, such as the time. */
  readonly extensions: readonly string[];
}

/** The signed note. Code BAD_CHECKPOINT for what cannot be written as one. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly SignerKey[]): string {
  const { origin, size, root, extensions } = checkpoint;
  const text = `${[origin, String(size), root.toString('base64'), ...extensions].join('\n')}\n`;
  parseCheckpoint(text);
  return signNote(text, signers);
}

/**
 * A checkpoint that one of the keys has signed, of the log that `origin` names (that of the first key when absent).
 * Codes BAD_NOTE, BAD_CHECKPOINT, UNVERIFIED.
 */
export function openCheckpoint(
  note: string | Uint8Array,
  known: readonly VerifierKey[],
  origin = known[0]?.name,
): Checkpoint {
  const checkpoint = parseCheckpoint(openNote(note, known).text);
  if (checkpoint.origin !== origin)
    throw proofError('UNVERIFIED', `it is a checkpoint of ${checkpoint.origin}, not of ${origin ?? 'any known log'}`);
  return checkpoint;
}

/** What a checkpoint says, not whether it is true: whoever signed it is not looked at. Codes BAD_NOTE, BAD_CHECKPOINT. */
export const readCheckpoint = (note: string | Uint8Array): Checkpoint => parseCheckpoint(parseNote(note).text);

function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n').slice(0, -1);
  const [origin = '', size = '', root = '', ...extensions] = lines;
  if (lines.length < 3 || lines.includes(''))
    throw proofError('BAD_CHECKPOINT', 'a checkpoint is an origin, a size and a root, each on a line of its own');
  const hash = fromBase64(root, 'BAD_CHECKPOINT', 'the root');
  if (hash.length !== HASH_BYTES) throw proofError('BAD_CHECKPOINT', `a root has ${HASH_BYTES} bytes`);
  return { origin, size: countOf(size, 'BAD_CHECKPOINT', 'the size'), root: hash, extensions };
}
