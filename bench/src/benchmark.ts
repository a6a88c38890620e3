/** What a benchmark is asked for. */
export interface BenchOptions {
  /** Share of the full size: 1, or 0.1 with --quick. */
  readonly scale: number;
  /** Tells the person who waits what is going on. */
  readonly say: (line: string) => void;
  /** A folder for CPU profiles; none are taken when absent. */
  readonly profileDir?: string;
}

/** One contender: what it reached in each round, in the benchmark's unit. No rounds: it could not run, `note` says why. */
export interface BenchRow {
  readonly name: string;
  readonly rounds: readonly number[];
  readonly note?: string;
}

/** A comparison of two things of the same run, against its goal. */
export interface BenchRatio {
  readonly name: string;
  readonly value: number;
  readonly goal: number;
  /** Which side of the goal is good; `atLeast` when absent. */
  readonly good?: 'atLeast' | 'atMost';
}

export const isMet = ({ value, goal, good }: BenchRatio): boolean =>
  good === 'atMost' ? value <= goal : value >= goal;

export interface BenchResult {
  readonly benchmark: string;
  /** In one line: sizes and conditions. */
  readonly size: string;
  readonly unit: string;
  readonly rows: readonly BenchRow[];
  readonly ratios: readonly BenchRatio[];
  /** Further figures of the run, e.g. CPU time; for the JSON output and the curious. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** How long the benchmark took and how busy the machine was: a figure without them says little. */
export interface BenchRun extends BenchResult {
  readonly seconds: number;
  /** Load average over a minute, before and after. */
  readonly load: readonly [before: number, after: number];
}

/** A benchmark is one folder or file that exports one of these; the registry lists them. */
export interface Benchmark {
  readonly name: string;
  readonly what: string;
  run(options: BenchOptions): Promise<BenchResult>;
}

/** The middle value; of an even number the lower middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** The smallest value that at least `share` (0..1) of all values do not exceed. NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The row of a contender that there is not, or that could not run. */
export const noRow = (name: string, note: string): BenchRow => ({ name, rounds: [], note });

/** The ratio of the medians of two rows; nothing when one of them did not run. */
export function ratioOf(name: string, goal: number, above: BenchRow, below: BenchRow): readonly BenchRatio[] {
  const value = median(above.rounds) / median(below.rounds);
  return Number.isFinite(value) ? [{ name, value, goal }] : [];
}
