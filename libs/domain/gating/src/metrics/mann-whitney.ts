/** How two samples of values differ by rank: no assumption about how the values are spread. */
export interface RankComparison {
  /** Mann-Whitney's U of the first sample: how many pairs it wins, ties count a half. */
  readonly u: number;
  /** Share of pairs that the first wins, 0..1; 0.5 = no difference (the common-language effect size). */
  readonly superiority: number;
  /** One-sided: how likely the first would be that much larger (smaller) if there were no difference. */
  readonly pLarger: number;
  readonly pSmaller: number;
}

/** Up to so many values on each side the distribution of U is counted out; beyond, and with ties, it is approximated. */
const EXACT_UP_TO = 20;

/**
 * Compares two samples, neither of them empty. Equal values share their ranks. `dependence` (see dependenceOf) widens the
 * variance: values that follow from those before them say less than as many that do not.
 */
export function compareRanks(first: readonly number[], second: readonly number[], dependence = 1): RankComparison {
  const [n, m] = [first.length, second.length];
  const { ranks, tieTerm } = ranksOf(first, second);
  const rankSum = ranks.slice(0, n).reduce((sum, rank) => sum + rank, 0);
  const u = rankSum - (n * (n + 1)) / 2;
  const superiority = u / (n * m);
  const isExact = tieTerm === 0 && dependence === 1 && n <= EXACT_UP_TO && m <= EXACT_UP_TO;
  const tail = isExact ? exactTail(n, m) : normalTail(n, m, { tieTerm, dependence });
  return { u, superiority, pLarger: tail(n * m - u), pSmaller: tail(u) };
}

const MAX_CORRELATION = 0.95;

/** So many values that depend on those before them say as much as one that does not; from 1 to 39. */
export interface Dependence {
  readonly likely: number;
  /** One standard error more: what a test must reckon with that holds its level. */
  readonly cautious: number;
}

/**
 * (1 + r) / (1 - r) by the correlation r of neighbours, of series in the order in which they were taken. With as many
 * values on both sides they were taken at the same times and their differences tell: what moves both sides alike is no
 * dependence.
 */
export function dependenceOf(first: readonly number[], second: readonly number[]): Dependence {
  const [a, b] = [ranksOf(first, []).ranks, ranksOf(second, []).ranks];
  const r =
    a.length === b.length
      ? correlationOfNeighbours(a.map((rank, i) => rank - (b[i] ?? 0)))
      : Math.max(correlationOfNeighbours(a), correlationOfNeighbours(b));
  const n = Math.min(first.length, second.length);
  // Short series show less of it than there is (Kendall's correction).
  const likely = r + (1 + 3 * r) / n;
  return { likely: inflation(likely), cautious: inflation(likely + Math.sqrt((1 - r * r) / n)) };
}

function inflation(correlation: number): number {
  const r = Math.min(MAX_CORRELATION, correlation);
  return r <= 0 ? 1 : (1 + r) / (1 - r);
}

/** Mid-ranks in both samples together, those of the first before those of the second, and the sum of t^3 - t of ties. */
function ranksOf(first: readonly number[], second: readonly number[]): { ranks: number[]; tieTerm: number } {
  const values = [...first, ...second];
  const order = values.map((_, place) => place).toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = values.map(() => 0);
  let tieTerm = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && values[order[end] ?? 0] === values[order[start] ?? 0]) end += 1;
    for (let i = start; i < end; i += 1) ranks[order[i] ?? 0] = (start + 1 + end) / 2;
    const ties = end - start;
    tieTerm += ties ** 3 - ties;
    start = end;
  }
  return { ranks, tieTerm };
}

function correlationOfNeighbours(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let both = 0;
  let own = 0;
  values.forEach((value, i) => {
    own += (value - mean) ** 2;
    if (i > 0) both += (value - mean) * ((values[i - 1] ?? 0) - mean);
  });
  return own === 0 ? 0 : both / own;
}

/** P(U <= u), counted: the number of ways to choose ranks whose sum is that small, over all ways. */
function exactTail(n: number, m: number): (u: number) => number {
  const cumulated = EXACT.get(n * 100 + m) ?? exactDistribution(n, m);
  EXACT.set(n * 100 + m, cumulated);
  return (u) => Math.min(1, cumulated[Math.floor(u)] ?? 1);
}

/** Each is the same whenever it is counted: up to EXACT_UP_TO squared of them are kept. */
const EXACT = new Map<number, Float64Array>();

function exactDistribution(n: number, m: number): Float64Array {
  // ways[k][s]: subsets of k of the ranks so far whose U is s.
  const ways = Array.from({ length: n + 1 }, () => new Float64Array(n * m + 1));
  const [none] = ways;
  if (none !== undefined) none[0] = 1;
  for (let rank = 1; rank <= n + m; rank += 1) {
    for (let k = Math.min(n, rank); k >= 1; k -= 1) {
      const [from, to] = [ways[k - 1], ways[k]];
      if (from === undefined || to === undefined) continue;
      // The k-th chosen rank adds what it stands above the k - 1 below it.
      const adds = rank - k;
      for (let s = n * m; s >= adds; s -= 1) to[s] = (to[s] ?? 0) + (from[s - adds] ?? 0);
    }
  }
  const counts = ways[n] ?? new Float64Array();
  const total = counts.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  return counts.map((count) => (sum += count) / total);
}

/** P(U <= u) by the normal curve, with the correction for ties and for steps of a half. */
function normalTail(
  n: number,
  m: number,
  { tieTerm, dependence }: { readonly tieTerm: number; readonly dependence: number },
): (u: number) => number {
  const all = n + m;
  const mean = (n * m) / 2;
  const variance = dependence * ((n * m) / 12) * (all + 1 - tieTerm / (all * (all - 1)));
  return (u) => {
    // All values are equal: nothing speaks for a difference.
    if (variance <= 0) return 1;
    return normalCdf((u + 0.5 - mean) / Math.sqrt(variance));
  };
}

/** The standard normal distribution function, after Abramowitz and Stegun 7.1.26: off by less than 1e-7. */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (poly * Math.exp(-x * x)) / 2;
  return z < 0 ? tail : 1 - tail;
}
