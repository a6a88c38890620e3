import type { RecordedCommit, StreamHead, StreamName } from '@sluice/contracts';

import type { CommitDraft } from './port.js';

/** A commit that this process appended, with the bytes that it wrote. */
interface OwnCommit {
  readonly bytes: Uint8Array;
  readonly commit: RecordedCommit;
}

/** Followers in this process are hardly ever further behind: what is not kept is simply read. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * What this process appended lately. Each service follows the log that it writes, and the services of one process
 * follow it several times over: a commit whose bytes are the ones that were written need not be decoded and hashed
 * again, only compared.
 */
export class OwnCommits {
  readonly #byPosition = new Map<number, OwnCommit>();
  #bytes = 0;

  add(
    stream: StreamName,
    written: { readonly draft: CommitDraft; readonly prev: string; readonly bytes: Uint8Array },
    head: StreamHead,
  ): void {
    const { draft, prev, bytes } = written;
    const events = draft.events.map(({ event }) => event) as RecordedCommit['events'];
    const commit = { id: draft.id, stream, head, prev, events, meta: draft.events.map(({ meta }) => meta) };
    this.#remove(head.position);
    this.#byPosition.set(head.position, { bytes, commit });
    this.#bytes += bytes.length;
    for (const oldest of this.#byPosition.keys()) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#remove(oldest);
    }
  }

  /** The commit at that position, if these are the bytes that were written there. */
  find(position: number, bytes: Uint8Array): RecordedCommit | undefined {
    const own = this.#byPosition.get(position);
    return own !== undefined && Buffer.compare(own.bytes, bytes) === 0 ? own.commit : undefined;
  }

  #remove(position: number): void {
    this.#bytes -= this.#byPosition.get(position)?.bytes.length ?? 0;
    this.#byPosition.delete(position);
  }
}
