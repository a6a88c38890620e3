import { proofError } from './errors.js';
import { EMPTY_ROOT, HASH_BYTES, hashNode } from './merkle.js';

/** A CompactRange as JSON: how many leaves, and the roots of its full subtrees from the largest on, in base64. */
export interface StoredRange {
  readonly size: number;
  readonly peaks: readonly string[];
}

/**
 * The right edge of a growing tree: enough to add leaves and to say the root, in one hash per bit of the size. A signer
 * keeps it between checkpoints and needs nothing else of the past.
 */
export class CompactRange {
  #size = 0;
  readonly #peaks: Buffer[] = [];

  /** Code BAD_PROOF when the number of peaks is not that of the size. */
  static restore({ size, peaks }: StoredRange): CompactRange {
    const range = new CompactRange();
    const hashes = peaks.map((peak) => Buffer.from(peak, 'base64'));
    const isWhole = Number.isSafeInteger(size) && size >= 0 && hashes.every(({ length }) => length === HASH_BYTES);
    if (!isWhole || hashes.length !== bitsOf(size))
      throw proofError('BAD_PROOF', 'the stored edge of the tree is damaged: build it anew from the log');
    range.#size = size;
    range.#peaks.push(...hashes);
    return range;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds the hash of the next leaf (hashLeaf). */
  append(leafHash: Buffer): void {
    let node = leafHash;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      const left = this.#peaks.pop();
      if (left !== undefined) node = hashNode(left, node);
    }
    this.#peaks.push(node);
    this.#size += 1;
  }

  root(): Buffer {
    const [last, ...lefts] = this.#peaks.toReversed();
    return last === undefined ? EMPTY_ROOT : lefts.reduce((right, left) => hashNode(left, right), last);
  }

  stored(): StoredRange {
    return { size: this.#size, peaks: this.#peaks.map((peak) => peak.toString('base64')) };
  }
}

function bitsOf(size: number): number {
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}
