export type { ProofCode } from './errors.js';
export { type Checkpoint, openCheckpoint, readCheckpoint, signCheckpoint } from './checkpoint.js';
export { type ConsistencyProof, formatConsistency, parseConsistency } from './consistency-proof.js';
export { CompactRange, type StoredRange } from './compact-range.js';
export {
  generateKeys,
  isKeyName,
  type KeyTexts,
  parseSignerKey,
  parseVerifierKey,
  type SignerKey,
  type VerifierKey,
} from './keys.js';
export { EMPTY_ROOT, HASH_BYTES, hashLeaf, hashNode } from './merkle.js';
export { type NoteSignature, type OpenedNote, openNote, type ParsedNote, parseNote, signNote } from './note.js';
export {
  consistencyRanges,
  inclusionRanges,
  type LeafRange,
  proveConsistency,
  proveInclusion,
  Prover,
} from './proving.js';
export { formatTlogProof, parseTlogProof, type ProvedEntry, type TlogProof, verifyTlogProof } from './tlog-proof.js';
export { type Inclusion, type TreeHead, verifyConsistency, verifyInclusion } from './verifying.js';
