import type { Finding } from './findings.js';

/** Findings that are told; the others are counted. */
export const MAX_FINDINGS = 1_000;

/** A finding, and the ordinal of the commit at which it was made, from 1. */
export interface Found {
  readonly at: number;
  readonly finding: Finding;
}

/** The first thousand of what was found, and how many there were. */
export class Findings {
  /** Ordinal of the commit that is looked at. */
  at = 0;
  readonly first: Found[] = [];
  count = 0;

  readonly report = (finding: Finding): void => {
    this.count += 1;
    if (this.first.length < MAX_FINDINGS) this.first.push({ at: this.at, finding });
  };
}

interface FoundBy {
  readonly first: readonly Found[];
  readonly count: number;
}

/**
 * What several have found, each of them in the order of the log, as one list in that order; what several of them have
 * found of one commit once. `count`: of all, as far as it is known which are the same.
 */
export function inOrder(found: readonly FoundBy[]): {
  readonly findings: readonly Finding[];
  readonly count: number;
} {
  const all = found.flatMap(({ first }) => first).toSorted((a, b) => a.at - b.at);
  const different = found.length < 2 ? all : [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
  const count = found.reduce((sum, one) => sum + one.count, 0) - (all.length - different.length);
  return { findings: different.slice(0, MAX_FINDINGS).map(({ finding }) => finding), count };
}
