import { hash } from 'node:crypto';

/** Bytes of a SHA-256. */
export const HASH_BYTES = 32;

const digest = (data: Uint8Array): Buffer => hash('sha256', data, 'buffer');

/** Domain separation of RFC 6962, section 2.1: a leaf can never pass for a node. */
const LEAF = 0x00;
const NODE = 0x01;

/** The root of a tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Buffer = digest(new Uint8Array());

/** Where entries are put behind their zero byte: to make room for each costs a third of its hash. */
const scratch = Buffer.alloc(1024 * 1024, LEAF);

/** SHA-256 of 0x00 and the entry. */
export function hashLeaf(entry: Uint8Array): Buffer {
  const prefixed = entry.length < scratch.length ? scratch : Buffer.alloc(entry.length + 1, LEAF);
  prefixed.set(entry, 1);
  return digest(prefixed.subarray(0, entry.length + 1));
}

/** SHA-256 of 0x01 and the two hashes below. */
export function hashNode(left: Uint8Array, right: Uint8Array): Buffer {
  const pair = Buffer.allocUnsafe(1 + 2 * HASH_BYTES);
  pair[0] = NODE;
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return digest(pair);
}

/** The largest power of two below `size` (2 or more): where RFC 6962 parts a tree. */
export function splitOf(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}
