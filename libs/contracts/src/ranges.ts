/**
 * A set of small whole numbers as inclusive ranges, flat: [0, 4, 7, 7] is 0..4 and 7. Plans and events name targets
 * by their place in the plan, and mostly by runs of places, so 100,000 targets fit a few bytes.
 */
export type Ranges = readonly number[];

/** The ranges of an ascending list of distinct numbers. */
export function toRanges(ascending: readonly number[]): number[] {
  const out: number[] = [];
  for (const value of ascending) {
    if (out.length > 0 && out[out.length - 1] === value - 1) out[out.length - 1] = value;
    else out.push(value, value);
  }
  return out;
}

/** The numbers of the ranges, ascending. */
export function fromRanges(ranges: Ranges): number[] {
  const out: number[] = [];
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    const last = ranges[i + 1] ?? -1;
    for (let value = ranges[i] ?? 0; value <= last; value += 1) out.push(value);
  }
  return out;
}
