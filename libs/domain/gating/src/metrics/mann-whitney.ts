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

/** Compares two samples, neither of them empty. Equal values share their ranks. */
export function compareRanks(first: readonly number[], second: readonly number[]): RankComparison {
  const [n, m] = [first.length, second.length];
  const { rankSum, tieTerm } = ranksOf(first, second);
  const u = rankSum - (n * (n + 1)) / 2;
  const superiority = u / (n * m);
  const tail = tieTerm === 0 && n <= EXACT_UP_TO && m <= EXACT_UP_TO ? exactTail(n, m) : normalTail(n, m, tieTerm);
  return { u, superiority, pLarger: tail(n * m - u), pSmaller: tail(u) };
}

/** Sum of the first sample's mid-ranks in both together, and what ties take from the variance: sum of t^3 - t. */
function ranksOf(first: readonly number[], second: readonly number[]): { rankSum: number; tieTerm: number } {
  const all = [...first.map((value) => ({ value, own: 1 })), ...second.map((value) => ({ value, own: 0 }))];
  all.sort((a, b) => a.value - b.value);
  let rankSum = 0;
  let tieTerm = 0;
  for (let start = 0; start < all.length;) {
    let end = start;
    let own = 0;
    while (end < all.length && all[end]?.value === all[start]?.value) {
      own += all[end]?.own ?? 0;
      end += 1;
    }
    const ties = end - start;
    rankSum += own * ((start + 1 + end) / 2);
    tieTerm += ties ** 3 - ties;
    start = end;
  }
  return { rankSum, tieTerm };
}

/** P(U <= u), counted: the number of ways to choose ranks whose sum is that small, over all ways. */
function exactTail(n: number, m: number): (u: number) => number {
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
  return (u) => {
    let sum = 0;
    for (let s = 0; s <= Math.floor(u); s += 1) sum += counts[s] ?? 0;
    return Math.min(1, sum / total);
  };
}

/** P(U <= u) by the normal curve, with the correction for ties and for steps of a half. */
function normalTail(n: number, m: number, tieTerm: number): (u: number) => number {
  const all = n + m;
  const mean = (n * m) / 2;
  const variance = ((n * m) / 12) * (all + 1 - tieTerm / (all * (all - 1)));
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
