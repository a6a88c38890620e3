import { type AuditedCommit, leafOf } from '@sluice/audit';
import { CompactRange } from '@sluice/proof';

import { refusal } from './refusal.js';
import type { SignerState } from './ports.js';

/** Told to the reader of the log: commits are missing here, which an archive may have. */
export class Gap extends Error {}

/**
 * The tree as it grows from one checkpoint to the next, from what was signed last. It takes commits only in their order
 * and without gaps, and only when they go on from what was signed.
 */
export class GrowingTree {
  readonly #range: CompactRange;
  #position: number;
  #leaf: string;
  /** Leaves since the last checkpoint. */
  readonly #fresh: Buffer[] = [];

  constructor(
    /** What it goes on from. */
    readonly before: SignerState,
  ) {
    this.#range = CompactRange.restore(before.range);
    this.#position = before.position;
    this.#leaf = before.leaf;
  }

  get size(): number {
    return this.#range.size;
  }

  get root(): Buffer {
    return this.#range.root();
  }

  get position(): number {
    return this.#position;
  }

  get fresh(): readonly Buffer[] {
    return this.#fresh;
  }

  /** Codes LOG_CHANGED; Gap when commits between are missing. */
  add(commit: AuditedCommit): void {
    const { position } = commit;
    const leaf = leafOf(commit);
    if (position === this.#position) return this.same(leaf);
    // Positions of JetStream are dense: the archiver takes whole streams, and what it took is in the archive.
    if (position !== this.#position + 1) throw new Gap(`the log goes on at ${position} behind ${this.#position}`);
    this.#range.append(leaf);
    this.#fresh.push(leaf);
    this.#position = position;
    this.#leaf = leaf.toString('base64');
  }

  /** What is kept once the checkpoint was signed. */
  state(checkpoint: string): SignerState {
    return { range: this.#range.stored(), position: this.#position, leaf: this.#leaf, checkpoint };
  }

  private same(leaf: Buffer): void {
    if (this.#leaf === leaf.toString('base64')) return;
    const words = `at position ${this.#position} of the log stands another commit than the one that was signed`;
    throw refusal('LOG_CHANGED', words);
  }
}
