import { timingSafeEqual } from 'node:crypto';

import { proofError } from './errors.js';
import { EMPTY_ROOT, HASH_BYTES, hashNode } from './merkle.js';
import { consistencyRanges, inclusionRanges, type LeafRange } from './proving.js';

/** A tree by its size and its root. */
export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

export interface Inclusion {
  readonly index: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Codes BAD_PROOF (it cannot be a proof of that leaf), UNVERIFIED (it leads to another root). */
export function verifyInclusion({ index, leafHash, proof }: Inclusion, tree: TreeHead): void {
  const ranges = inclusionRanges(index, tree.size);
  assertHashes(proof, ranges.length);
  const root = ranges.reduce<Uint8Array>((node, { from }, i) => {
    const beside = proof[i] ?? node;
    return from > index ? hashNode(node, beside) : hashNode(beside, node);
  }, leafHash);
  if (!isSame(root, tree.root))
    throw proofError('UNVERIFIED', `the entry is not what stands at ${index} in the tree of ${tree.size}`, { index });
}

/** That `after` begins with `before`. Codes BAD_PROOF, UNVERIFIED. */
export function verifyConsistency(before: TreeHead, after: TreeHead, proof: readonly Uint8Array[]): void {
  const ranges = consistencyRanges(before.size, after.size);
  assertHashes(proof, ranges.length);
  if (ranges.length === 0) {
    const expected = before.size === 0 ? EMPTY_ROOT : after.root;
    if (!isSame(before.root, expected)) throw inconsistent(before, after);
    return;
  }
  const [older, newer] = rootsOf(before, ranges, proof);
  if (!isSame(older, before.root) || !isSame(newer, after.root)) throw inconsistent(before, after);
}

/** The roots of both trees that the proof leads to. */
function rootsOf(
  before: TreeHead,
  ranges: readonly LeafRange[],
  proof: readonly Uint8Array[],
): readonly [older: Uint8Array, newer: Uint8Array] {
  const named = ranges.map((range, i) => ({ range, hash: proof[i] ?? before.root }));
  // Where the older tree is no full subtree, the proof begins with the part that it ends with.
  const first = named[0]?.range.to === before.size ? named.shift()?.hash : undefined;
  let older: Uint8Array = first ?? before.root;
  let newer = older;
  for (const { range, hash } of named) {
    if (range.from < before.size) older = hashNode(hash, older);
    newer = range.from < before.size ? hashNode(hash, newer) : hashNode(newer, hash);
  }
  return [older, newer];
}

const inconsistent = (before: TreeHead, after: TreeHead) =>
  proofError('UNVERIFIED', `the tree of ${after.size} does not begin with that of ${before.size}: history was changed`);

function assertHashes(proof: readonly Uint8Array[], wanted: number): void {
  if (proof.length !== wanted || proof.some(({ length }) => length !== HASH_BYTES))
    throw proofError('BAD_PROOF', `the proof must have ${wanted} hashes of ${HASH_BYTES} bytes`);
}

export const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
