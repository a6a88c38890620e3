import { hashOf, MAX_NAME_BYTES, sha256 } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

import type { Document } from './document.js';

/** The largest request that the planner reads, in bytes. */
export const MAX_REQUEST_BYTES = 256 * 1024;

/**
 * The names under which the planner may tell the outcome, the likeliest first: the document's id, the hash of its
 * canonical JSON when it has none that is usable, and of its bytes when it cannot be read at all.
 */
export function outcomeNames(document: Document, bytes: Uint8Array): readonly string[] {
  const id = document['id'];
  const named = typeof id === 'string' && isUsable(id) ? [id] : [];
  return [...new Set([...named, ...canonicalHash(document), sha256(bytes)])];
}

const isUsable = (id: string): boolean => id !== '' && id.isWellFormed() && Buffer.byteLength(id) <= MAX_NAME_BYTES;

/** Half a surrogate pair has no canonical form: such a document goes by its bytes. */
function canonicalHash(document: Document): readonly string[] {
  try {
    return [hashOf(document)];
  } catch (error) {
    if (isSluiceError(error)) throw error;
    return [];
  }
}
