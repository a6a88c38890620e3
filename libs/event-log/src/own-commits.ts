import type { RecordedCommit, StreamHead, StreamName } from '@sluice/contracts';

import type { NextCommit } from './encode-next.js';
import type { CommitDraft } from './port.js';

/** A commit that this process appends: what it decided and the bytes that it wrote. */
interface OwnCommit {
  readonly stream: StreamName;
  readonly prev: string;
  readonly draft: CommitDraft;
  readonly next: NextCommit;
}

/** Followers in this process are hardly ever further behind: what is not kept is simply read. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * What this process appended lately, by commit id. Each service follows the log that it writes, and the services of
 * one process follow it several times over: a commit whose bytes are the ones that were written need not be decoded
 * and hashed again, only compared. Remembered before it is sent, because a follower may see it before the
 * acknowledgement.
 */
export class OwnCommits {
  readonly #byId = new Map<string, OwnCommit>();
  #bytes = 0;

  add(stream: StreamName, expected: StreamHead, draft: CommitDraft, next: NextCommit): void {
    this.#remove(draft.id);
    this.#byId.set(draft.id, { stream, prev: expected.hash, draft, next });
    this.#bytes += next.bytes.length;
    for (const oldest of this.#byId.keys()) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#remove(oldest);
    }
  }

  /** The commit of that id at its place, if these are the bytes that were written. */
  find(id: string, position: number, bytes: Uint8Array): RecordedCommit | undefined {
    const own = this.#byId.get(id);
    if (own === undefined || Buffer.compare(own.next.bytes, bytes) !== 0) return undefined;
    const { stream, prev, draft, next } = own;
    const events = draft.events.map(({ event }) => event);
    return { id, stream, head: next.headAt(position), prev, events, meta: draft.events.map(({ meta }) => meta) };
  }

  #remove(id: string): void {
    this.#bytes -= this.#byId.get(id)?.next.bytes.length ?? 0;
    this.#byId.delete(id);
  }
}
