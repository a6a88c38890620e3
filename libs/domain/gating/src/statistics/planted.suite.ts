import { type Random, seededRandom } from '@sluice/testing';

import { DEFAULT_COMPARISON, judgeComparison, type ComparedMetric, type Series } from '../index.js';

/** Standard normal, by Box and Muller. */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

/** Knuth's way, for means up to a few hundred. */
export function poisson(random: Random, mean: number): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let product = random.next();
  let n = 0;
  while (product > limit) {
    product *= random.next();
    n += 1;
  }
  return n;
}

/** How the values of a metric may be spread. Each makes one value; both sides draw from the same. */
export const SPREADS: Readonly<Record<string, (random: Random) => number>> = {
  normal: (random) => 100 + 10 * normal(random),
  exponential: (random) => -50 * Math.log(1 - random.next()),
  'two humps': (random) => (random.chance(0.2) ? 300 : 50) + 10 * normal(random),
  'mostly zero': (random) => (random.chance(0.9) ? 0 : random.int(5)),
  'few whole numbers': (random) => poisson(random, 2),
  constant: () => 7,
};

export const samples = (values: readonly number[]): Series => ({
  samples: values.map((value, i) => ({ at: i, value })),
  unusable: 0,
});

export const many = (n: number, value: (i: number) => number): number[] =>
  Array.from({ length: n }, (_, i) => value(i));

/** What is wrong with a planted rollout; each makes the new side worse in its own way. */
export type Fault = 'errors' | 'latency' | 'tail' | 'throughput' | 'errors that begin late';
export const FAULTS: readonly Fault[] = ['errors', 'latency', 'tail', 'throughput', 'errors that begin late'];

const METRICS: readonly ComparedMetric[] = [
  { name: 'errors', bad: 'increase', weight: 2, critical: true },
  { name: 'latency', bad: 'increase', weight: 1, critical: true },
  { name: 'throughput', bad: 'decrease', weight: 1, critical: true },
];

/** Weights of the new side at which the gate is judged before all traffic is there, and values of each dwell. */
const WEIGHTS = [1, 5, 10, 25, 50, 75];
const STEPS = 20;

/** The weight at which the default gate stops a rollout; undefined: it lets it through. */
export function stoppedAt(seed: number, fault: Fault | undefined): number | undefined {
  const random = seededRandom(seed);
  const day: Day = {
    requests: 1_000 + random.int(4_000),
    errors: 0.003 + 0.004 * random.next(),
    latency: 60 + 80 * random.next(),
    perHost: 20 + random.int(30),
  };
  return WEIGHTS.find((weight) => failsAt(random, day, weight, fault));
}

/** What both sides of a rollout live through: requests in a step, and how they fare. */
interface Day {
  readonly requests: number;
  readonly errors: number;
  readonly latency: number;
  readonly perHost: number;
}

/** One dwell of twenty values. The new side has few requests at a small weight, so its shares are coarse. */
function failsAt(random: Random, day: Day, weight: number, fault: Fault | undefined): boolean {
  const volumes = [Math.ceil((day.requests * weight) / 100), Math.ceil((day.requests * (100 - weight)) / 100)];
  // What moves both sides is no difference.
  const wave = many(STEPS, (step) => 1 + 0.1 * Math.sin(step / 6) + 0.05 * normal(random));
  const begun = fault === 'errors that begin late' ? STEPS / 4 : 0;
  const sides = [fault, undefined].map((ill, side) => {
    const volume = volumes[side] ?? 1;
    const rate = (step: number): number => (isOfErrors(ill) && step >= begun ? 0.05 : day.errors);
    const slower = ill === 'latency' ? 1.25 : 1;
    const tail = ill === 'tail' ? 0.6 : 0.05;
    const spread = 0.08 + 0.5 / Math.sqrt(volume);
    return {
      errors: many(STEPS, (step) => poisson(random, volume * rate(step)) / volume),
      latency: many(
        STEPS,
        (step) =>
          day.latency * slower * (wave[step] ?? 1) * (1 + spread * normal(random)) + (random.chance(tail) ? 200 : 0),
      ),
      throughput: many(STEPS, (step) =>
        poisson(random, day.perHost * (ill === 'throughput' ? 0.7 : 1) * (wave[step] ?? 1)),
      ),
    };
  });
  const compared = METRICS.map((metric) => {
    const [canary = [], baseline = []] = sides.map((side) => side[metric.name as keyof typeof side]);
    return { metric, canary: samples(canary), baseline: samples(baseline) };
  });
  return judgeComparison(compared, DEFAULT_COMPARISON).verdict === 'fail';
}

const isOfErrors = (fault: Fault | undefined): boolean => fault === 'errors' || fault === 'errors that begin late';
