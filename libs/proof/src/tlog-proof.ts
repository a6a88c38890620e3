import { type Checkpoint, openCheckpoint } from './checkpoint.js';
import { proofError } from './errors.js';
import type { VerifierKey } from './keys.js';
import { HASH_BYTES, hashLeaf } from './merkle.js';
import { countOf, fromBase64, textOf } from './text.js';
import { verifyInclusion } from './verifying.js';

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const MAX_PROOF_BYTES = 2 * 1024 * 1024;
/** A tree of 2^53 leaves. */
const MAX_HASHES = 53;

/** That an entry is in a log, in a file of its own (C2SP tlog-proof, `.tlog-proof`). */
export interface TlogProof {
  /** Signed by nobody; Sluice keeps the entry itself there, which its hash proves. */
  readonly extra?: Buffer;
  /** Of the entry in the log, from 0. */
  readonly index: number;
  readonly hashes: readonly Buffer[];
  /** The signed note. */
  readonly checkpoint: string;
}

export function formatTlogProof({ extra, index, hashes, checkpoint }: TlogProof): string {
  const lines = [
    FIRST_LINE,
    ...(extra === undefined ? [] : [`extra ${extra.toString('base64')}`]),
    `index ${index}`,
    ...hashes.map((hash) => hash.toString('base64')),
  ];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Code BAD_PROOF. */
export function parseTlogProof(input: string | Uint8Array): TlogProof {
  const text = textOf(input, MAX_PROOF_BYTES, 'BAD_PROOF');
  const blank = text.indexOf('\n\n');
  const [first, ...lines] = text.slice(0, blank).split('\n', MAX_HASHES + 4);
  if (blank < 0 || first !== FIRST_LINE)
    throw proofError('BAD_PROOF', `a proof begins with the line ${FIRST_LINE} and ends with a checkpoint`);
  const extra = valueOf('extra', lines[0]);
  if (extra !== undefined) lines.shift();
  const index = valueOf('index', lines.shift());
  if (index === undefined) throw proofError('BAD_PROOF', 'a proof names the index of its entry');
  if (lines.length > MAX_HASHES) throw proofError('BAD_PROOF', `a proof has at most ${MAX_HASHES} hashes`);
  return {
    ...(extra === undefined ? {} : { extra: fromBase64(extra, 'BAD_PROOF', 'its extra data') }),
    index: countOf(index, 'BAD_PROOF', 'its index'),
    hashes: lines.map(hashOf),
    checkpoint: text.slice(blank + 2),
  };
}

export interface ProvedEntry {
  readonly index: number;
  readonly entry: Buffer;
  readonly checkpoint: Checkpoint;
}

/**
 * Checks a proof with nothing but the public keys: the entry (what the proof carries, when absent) is in the log that
 * the checkpoint is of. Codes BAD_PROOF, BAD_NOTE, BAD_CHECKPOINT, UNVERIFIED.
 */
export function verifyTlogProof(
  input: string | Uint8Array,
  known: readonly VerifierKey[],
  given?: Uint8Array,
): ProvedEntry {
  const { extra, index, hashes, checkpoint: note } = parseTlogProof(input);
  const checkpoint = openCheckpoint(note, known);
  const entry = given === undefined ? extra : Buffer.from(given);
  if (entry === undefined) throw proofError('BAD_PROOF', 'the proof does not carry its entry: give the entry as well');
  verifyInclusion({ index, leafHash: hashLeaf(entry), proof: hashes }, checkpoint);
  return { index, entry, checkpoint };
}

function valueOf(key: string, line: string | undefined): string | undefined {
  return line?.startsWith(`${key} `) === true ? line.slice(key.length + 1) : undefined;
}

function hashOf(line: string): Buffer {
  const hash = fromBase64(line, 'BAD_PROOF', 'a hash of it');
  if (hash.length !== HASH_BYTES) throw proofError('BAD_PROOF', `a hash has ${HASH_BYTES} bytes`);
  return hash;
}
