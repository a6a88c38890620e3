import { type Checkpoint, CompactRange } from '@sluice/proof';

import { Findings } from './found.js';

/** A tree of the log at the end of a verification. */
export interface TreeSeen {
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

/**
 * The Merkle tree over the raw commits in the order of the log, held against checkpoints whose signatures were checked
 * before. Between a checkpoint that fits and one that does not stands what was changed.
 */
export class CheckedTree {
  readonly #range = new CompactRange();
  readonly #waiting: Checkpoint[];
  /** Its own: leaves may be hashed by others, and come later than their commits. */
  readonly findings = new Findings();
  #good = 0;
  #held = 0;

  constructor(checkpoints: readonly Checkpoint[]) {
    this.#waiting = checkpoints.toSorted((a, b) => a.size - b.size);
    this.compare();
  }

  /** How many checkpoints fit. */
  get held(): number {
    return this.#held;
  }

  /** Takes the hash of the next commit (hashLeaf). */
  append(leaf: Buffer): void {
    this.#range.append(leaf);
    this.findings.at = this.#range.size;
    this.compare();
  }

  finish(): TreeSeen {
    const { size } = this.#range;
    this.findings.at = Infinity;
    for (const checkpoint of this.#waiting.splice(0))
      this.findings.report({
        code: 'TAIL_CUT',
        stream: '',
        words: `the log has ${size} commits, the checkpoint of ${checkpoint.origin} has ${checkpoint.size}: ${checkpoint.size - size} are gone`,
      });
    return { size, root: this.#range.root().toString('base64') };
  }

  private compare(): void {
    const { size } = this.#range;
    for (let next = this.#waiting[0]; next?.size === size; next = this.#waiting[0]) {
      this.#waiting.shift();
      if (this.#range.root().equals(next.root)) {
        this.#held += 1;
        this.#good = size;
      } else this.mismatch(next);
    }
  }

  private mismatch({ origin, size }: Checkpoint): void {
    const from = this.#good === 0 ? '' : ` behind the first ${this.#good}, which fit an older checkpoint,`;
    const words = `the first ${size} commits are not those that ${origin} signed:${from} something was changed, added, removed or reordered`;
    this.findings.report({ code: 'ROOT_MISMATCH', stream: '', words });
  }
}
