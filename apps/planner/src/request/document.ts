import { canonicalJson, type Fault, sha256 } from '@sluice/contracts';

/** The largest request that is read, in bytes. */
export const MAX_REQUEST_BYTES = 256 * 1024;

/** No request is nested deeper than profile/steps/install/0; a deeper one is a mistake or an attack on the stack. */
const MAX_DEPTH = 16;

/**
 * What arrived. `hash` is the SHA-256 of the canonical JSON, so spacing and the order of keys do not matter and YAML
 * that was turned into JSON is the same document; of the raw bytes when they are no usable JSON.
 */
export type ReadDocument =
  | { readonly ok: true; readonly document: unknown; readonly hash: string }
  | { readonly ok: false; readonly hash: string; readonly faults: readonly Fault[] };

const decoder = new TextDecoder('utf-8', { fatal: true });

export function readDocument(bytes: Uint8Array): ReadDocument {
  if (bytes.length > MAX_REQUEST_BYTES) {
    return refuse(bytes, 'TOO_LARGE', `the request has ${bytes.length} bytes, at most ${MAX_REQUEST_BYTES} are read`);
  }
  let document: unknown;
  try {
    document = JSON.parse(decoder.decode(bytes));
  } catch (error) {
    const why = error instanceof SyntaxError ? `: ${error.message.slice(0, 200).toWellFormed()}` : '';
    return refuse(bytes, 'BAD_JSON', `the request is no JSON in UTF-8${why}`);
  }
  if (isTooDeep(document)) return refuse(bytes, 'TOO_DEEP', `the request is nested deeper than ${MAX_DEPTH} levels`);
  return { ok: true, document, hash: hashOfDocument(document, bytes) };
}

function refuse(bytes: Uint8Array, code: string, message: string): ReadDocument {
  return { ok: false, hash: sha256(bytes), faults: [{ path: '', code, message }] };
}

/** 1e999 and half a surrogate pair have no canonical form; such a document is faulty anyway. */
function hashOfDocument(document: unknown, bytes: Uint8Array): string {
  try {
    return sha256(canonicalJson(document));
  } catch {
    return sha256(bytes);
  }
}

function isTooDeep(document: unknown): boolean {
  let level: unknown[] = [document];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return false;
}
