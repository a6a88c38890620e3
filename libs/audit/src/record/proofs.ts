import { CompactRange, formatTlogProof, hashNode, inclusionRanges, type LeafRange } from '@sluice/proof';
import { SluiceError } from '@sluice/kernel';

interface Subtree extends LeafRange {
  readonly hash: Buffer;
}

const keyOf = ({ from, to }: LeafRange): string => `${from}-${to}`;

/**
 * Inclusion proofs of many entries from one reading of the leaf hashes: it keeps those subtrees that the proofs name, at
 * most one for each entry and level, whatever the size of the log.
 */
export class ProofsOfMany {
  readonly #wanted: ReadonlySet<string>;
  readonly #kept = new Map<string, Buffer>();
  readonly #peaks: Subtree[] = [];
  readonly #all = new CompactRange();

  /** Entries are counted from 0. Code BAD_PROOF for one that a tree of that size does not have. */
  constructor(
    entries: readonly number[],
    private readonly size: number,
  ) {
    this.#wanted = new Set(entries.flatMap((entry) => inclusionRanges(entry, size).map(keyOf)));
  }

  /** The next leaf; those behind the tree are not looked at. */
  append(leafHash: Buffer): void {
    const from = this.#all.size;
    if (from === this.size) return;
    this.#all.append(leafHash);
    let node: Subtree = { from, to: from + 1, hash: leafHash };
    this.keep(node);
    for (let left = this.#peaks.at(-1); left !== undefined; left = this.#peaks.at(-1)) {
      if (left.to - left.from !== node.to - node.from) break;
      this.#peaks.pop();
      node = { from: left.from, to: node.to, hash: hashNode(left.hash, node.hash) };
      this.keep(node);
    }
    this.#peaks.push(node);
  }

  root(): Buffer {
    return this.#all.root();
  }

  /** Code BAD_PROOF when the log ended before the tree. */
  proof(entry: number): readonly Buffer[] {
    if (this.#all.size < this.size)
      throw new SluiceError('BAD_PROOF', `the log has ${this.#all.size} entries, the checkpoint ${this.size}`);
    this.keepEdge();
    return inclusionRanges(entry, this.size).map((range) => {
      const hash = this.#kept.get(keyOf(range));
      if (hash === undefined) throw new SluiceError('BAD_PROOF', `entry ${entry} was not asked for`);
      return hash;
    });
  }

  /** Subtrees at the end of the tree are not full: they are made of the last peaks. */
  private keepEdge(): void {
    let edge: Subtree | undefined;
    for (const peak of this.#peaks.toReversed()) {
      edge = edge === undefined ? peak : { from: peak.from, to: edge.to, hash: hashNode(peak.hash, edge.hash) };
      this.keep(edge);
    }
  }

  private keep(node: Subtree): void {
    const key = keyOf(node);
    if (this.#wanted.has(key)) this.#kept.set(key, node.hash);
  }
}

/** The `.tlog-proof` of one entry, which carries the entry. */
export const proofText = (proofs: ProofsOfMany, index: number, entry: Uint8Array, checkpoint: string): string =>
  formatTlogProof({ extra: Buffer.from(entry), index, hashes: proofs.proof(index), checkpoint });
