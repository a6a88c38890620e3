import { type DecodedCommit, decodeCommit, sha256 } from '@sluice/contracts';

import type { AuditedCommit } from '../source.js';

/** A commit of a rollout with its place and the SHA-256 of its raw bytes. */
export type RecordCommit = DecodedCommit & { readonly position: number; readonly sha256: string };

/** Codes BAD_COMMIT and those of newer events. */
export const recordCommitOf = ({ position, bytes }: AuditedCommit): RecordCommit => ({
  ...decodeCommit(bytes),
  position,
  sha256: sha256(bytes),
});
