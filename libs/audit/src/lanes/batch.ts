/** Bytes of a batch as it usually is, and how many entries it has at most. */
export const BATCH_BYTES = 1024 * 1024;
const BATCH_ENTRIES = 4_096;

const [OFFSET, LENGTH, FIRST, SECOND] = [0, 1, 2, 3];
const COLUMNS = 4;

/** Entries of bytes as two threads share them, each with two numbers of its own. */
export interface SharedBatch {
  readonly bytes: SharedArrayBuffer;
  readonly table: SharedArrayBuffer;
}

/** What a thread is asked: to look at a batch, or, without one, for what it has seen. */
export interface Order<Extra> {
  readonly batch?: { readonly shared: SharedBatch; readonly size: number; readonly extra: Extra };
}

/** What a thread says before anything else: that it is there. */
export const READY = 'ready';

/** Filled by one thread, read by another, and filled anew when that one has done with it. */
export class Batch {
  readonly #bytes: Buffer;
  readonly #table: Float64Array;
  #used = 0;
  size = 0;

  private constructor(readonly shared: SharedBatch) {
    this.#bytes = Buffer.from(shared.bytes);
    this.#table = new Float64Array(shared.table);
  }

  static create(atLeast: number): Batch {
    const bytes = new SharedArrayBuffer(Math.max(BATCH_BYTES, atLeast + 1));
    const table = new SharedArrayBuffer(BATCH_ENTRIES * COLUMNS * Float64Array.BYTES_PER_ELEMENT);
    return new Batch({ bytes, table });
  }

  static of(shared: SharedBatch): Batch {
    return new Batch(shared);
  }

  get isUsual(): boolean {
    return this.#bytes.length === BATCH_BYTES;
  }

  fits(length: number): boolean {
    return this.size < BATCH_ENTRIES && this.#used + length < this.#bytes.length;
  }

  put(bytes: Uint8Array, first = 0, second = 0): void {
    this.#bytes[this.#used] = 0;
    this.#bytes.set(bytes, this.#used + 1);
    this.#table.set([this.#used + 1, bytes.length, first, second], this.size * COLUMNS);
    this.#used += bytes.length + 1;
    this.size += 1;
  }

  bytesOf(i: number): Buffer {
    const from = this.cell(i, OFFSET);
    return this.#bytes.subarray(from, from + this.cell(i, LENGTH));
  }

  /** The same behind a zero byte, as a leaf of the tree is hashed. */
  leafOf(i: number): Buffer {
    const from = this.cell(i, OFFSET);
    return this.#bytes.subarray(from - 1, from + this.cell(i, LENGTH));
  }

  firstOf(i: number): number {
    return this.cell(i, FIRST);
  }

  secondOf(i: number): number {
    return this.cell(i, SECOND);
  }

  empty(): void {
    this.#used = 0;
    this.size = 0;
  }

  private cell(i: number, column: number): number {
    return this.#table[i * COLUMNS + column] ?? 0;
  }
}
