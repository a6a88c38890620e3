import { CompactRange } from './compact-range.js';
import { proofError } from './errors.js';
import { splitOf } from './merkle.js';

/** Leaves `from` up to but without `to`: a part of the tree that a proof names by its root. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** The parts whose roots prove that leaf `index` is in the tree of `size` leaves (RFC 6962, 2.1.1). Code BAD_PROOF. */
export function inclusionRanges(index: number, size: number): readonly LeafRange[] {
  if (!isCount(index) || !isCount(size) || index >= size)
    throw proofError('BAD_PROOF', `there is no leaf ${index} in a tree of ${size}: ask for an older entry`);
  const ranges: LeafRange[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return ranges.toReversed();
}

/** The parts whose roots prove that the tree of `size` leaves begins with that of `before` (2.1.2). Code BAD_PROOF. */
export function consistencyRanges(before: number, size: number): readonly LeafRange[] {
  if (!isCount(before) || !isCount(size) || before > size)
    throw proofError('BAD_PROOF', `a tree of ${size} does not go on from one of ${before}: give the older one first`);
  if (before === 0 || before === size) return [];
  const ranges: LeafRange[] = [];
  let [from, to] = [0, size];
  while (to !== before) {
    const middle = from + splitOf(to - from);
    if (before <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  // What the older tree is whole in needs no name when it is the older tree itself.
  return (from === 0 ? ranges : [...ranges, { from, to }]).toReversed();
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/**
 * Makes a proof from the hashes of all leaves in order, read once: it keeps the edges of the parts that it needs, a few
 * hundred hashes at most, whatever the size of the log.
 */
export class Prover {
  readonly #parts: readonly { readonly range: LeafRange; readonly edge: CompactRange }[];
  readonly #inOrder: readonly { readonly range: LeafRange; readonly edge: CompactRange }[];
  #next = 0;
  #part = 0;

  constructor(ranges: readonly LeafRange[]) {
    this.#parts = ranges.map((range) => ({ range, edge: new CompactRange() }));
    this.#inOrder = this.#parts.toSorted((a, b) => a.range.from - b.range.from);
  }

  append(leafHash: Buffer): void {
    const part = this.#inOrder[this.#part];
    if (part !== undefined && this.#next >= part.range.from) {
      part.edge.append(leafHash);
      if (part.edge.size === part.range.to - part.range.from) this.#part += 1;
    }
    this.#next += 1;
  }

  /** The hashes of the proof, from the lowest on. Code BAD_PROOF when leaves are missing. */
  proof(): readonly Buffer[] {
    if (this.#part < this.#inOrder.length)
      throw proofError('BAD_PROOF', `the log ends at entry ${this.#next}, before the tree that is to be proved`);
    return this.#parts.map(({ edge }) => edge.root());
  }
}

/** Proof that leaf `index` is in the tree of the first `size` of these leaf hashes. */
export const proveInclusion = (leafHashes: Iterable<Buffer>, index: number, size: number): readonly Buffer[] =>
  proved(inclusionRanges(index, size), leafHashes);

/** Proof that the tree of the first `size` leaves begins with that of the first `before`. */
export const proveConsistency = (leafHashes: Iterable<Buffer>, before: number, size: number): readonly Buffer[] =>
  proved(consistencyRanges(before, size), leafHashes);

function proved(ranges: readonly LeafRange[], leafHashes: Iterable<Buffer>): readonly Buffer[] {
  const prover = new Prover(ranges);
  for (const leafHash of leafHashes) prover.append(leafHash);
  return prover.proof();
}
