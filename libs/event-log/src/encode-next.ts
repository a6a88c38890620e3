import { encodeCommit, sha256, type StreamHead, type StreamName } from '@sluice/contracts';

import type { CommitDraft } from './port.js';

/** The commit that would follow `expected`: its bytes, and the stream's head once it stands at `position`. */
export interface NextCommit {
  readonly bytes: Uint8Array;
  readonly headAt: (position: number) => StreamHead;
}

/** A function of its arguments only, so that a retry has the same bytes. Code COMMIT_TOO_LARGE. */
export function encodeNext(stream: StreamName, expected: StreamHead, draft: CommitDraft): NextCommit {
  const rev = expected.rev + 1;
  const at = Math.max(draft.at, expected.at);
  const bytes = encodeCommit({ id: draft.id, stream, rev, at, prev: expected.hash, events: draft.events });
  const hash = sha256(bytes);
  return { bytes, headAt: (position) => ({ rev, hash, position, at }) };
}
