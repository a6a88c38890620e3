import { hashLeaf } from '@sluice/proof';

import type { CheckedTree } from '../tree.js';
import { BatchThread } from './batch-thread.js';

const HASH_BYTES = 32;
/** Leaves that wait for others before them: so many are hashed here while the thread is busy. */
const MAX_WAITING = 100_000;

/** The leaves of a tree, hashed by another thread as far as it has the time, and by this one otherwise. */
export class SharedLeaves {
  readonly #thread: BatchThread<undefined, Uint8Array>;
  /** In the order of the log; undefined for one that the thread has. */
  #waiting: (Buffer | undefined)[] = [];
  #next = 0;
  /** Places of `#waiting` that the thread has. */
  #sent: number[] = [];

  constructor(
    private readonly tree: CheckedTree,
    private readonly maxWaiting = MAX_WAITING,
  ) {
    this.#thread = new BatchThread(
      'leaf-worker.js',
      (hashes) => this.take(hashes),
      () => undefined,
    );
  }

  /** Whether another thread takes its part. */
  get isShared(): boolean {
    return this.#thread.isReady;
  }

  /** Leaves that are held in memory. */
  get kept(): number {
    return this.#waiting.length;
  }

  /** `leaf`: when it is known. Undefined when it was taken at once. Code AUDIT_THREAD_FAILED. */
  add(bytes: Uint8Array, leaf?: Buffer): Promise<void> | undefined {
    if (leaf === undefined && this.#thread.hasRoom(bytes.length)) {
      this.#sent.push(this.#waiting.length);
      this.#waiting.push(undefined);
      return this.#thread.add(bytes, 0, 0);
    }
    this.#waiting.push(leaf ?? hashLeaf(bytes));
    this.drain();
    return this.#waiting.length - this.#next > this.maxWaiting ? this.#thread.idle() : undefined;
  }

  finish(): Promise<void> {
    return this.#thread.idle();
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  private take(hashes: Uint8Array): void {
    const places = this.#sent.splice(0, hashes.length / HASH_BYTES);
    for (const [i, place] of places.entries())
      this.#waiting[place] = Buffer.from(hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
    this.drain();
  }

  private drain(): void {
    for (let leaf = this.#waiting[this.#next]; leaf !== undefined; leaf = this.#waiting[this.#next]) {
      this.tree.append(leaf);
      this.#next += 1;
    }
    // Most of the time the thread has some: it is not waited for until there are none.
    if (this.#next < this.#waiting.length && this.#next < this.maxWaiting) return;
    const told = this.#next;
    this.#waiting.splice(0, told);
    this.#sent = this.#sent.map((place) => place - told);
    this.#next = 0;
  }
}
