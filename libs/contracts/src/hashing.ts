import { hash } from 'node:crypto';

import canonicalize from 'canonicalize';

/** Lower-case hex SHA-256. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** The RFC 8785 text of a JSON value: what every hash of a document in Sluice is taken over. */
export function canonicalJson(value: unknown): string {
  return canonicalize(value) ?? 'null';
}

/** SHA-256 of the RFC 8785 text of a JSON value. */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value));
}
