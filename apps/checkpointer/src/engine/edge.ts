import { CompactRange, consistencyRanges, type LeafRange, type StoredRange } from '@sluice/proof';

/**
 * The hashes that prove that a tree goes on from an older one, from the older one's edge and the leaves that came since:
 * the parts that a proof names lie either side of the older tree's end, and those before it are parts of its edge.
 */
export function consistencyFrom(before: StoredRange, leaves: readonly Buffer[]): readonly Buffer[] {
  const { size } = before;
  return consistencyRanges(size, size + leaves.length).map((range) =>
    range.to <= size ? peakOf(before, range) : rootOf(leaves.slice(range.from - size, range.to - size)),
  );
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const range = new CompactRange();
  for (const leaf of leaves) range.append(leaf);
  return range.root();
}

/** The peak that begins there: they stand one behind the other, from the largest power of two in the size on. */
function peakOf({ size, peaks }: StoredRange, { from }: LeafRange): Buffer {
  let at = 0;
  for (const peak of peaks) {
    if (at === from) return Buffer.from(peak, 'base64');
    at += 2 ** Math.floor(Math.log2(size - at));
  }
  throw new RangeError(`the edge of a tree of ${size} has no part at ${from}`);
}
