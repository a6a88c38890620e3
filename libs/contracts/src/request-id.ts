import { hashOf } from './hashing.js';
import { MAX_NAME_BYTES } from './tokens.js';

/**
 * The name under which the outcome of a deploy request is told (`sluice.outcome.<requestId>`): the document's own id,
 * or `doc-` and 32 hex digits of the hash of the document when it has none that can be a name.
 */
export function requestIdOf(document: unknown): string {
  const id = typeof document === 'object' && document !== null && 'id' in document ? document.id : undefined;
  return typeof id === 'string' && isName(id) ? id : `doc-${hashOf(document).slice(0, 32)}`;
}

const isName = (id: string): boolean =>
  id !== '' && id.isWellFormed() && new TextEncoder().encode(id).length <= MAX_NAME_BYTES;
