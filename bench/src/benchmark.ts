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

/** A comparison of two rows of the same run, against its goal. */
export interface BenchRatio {
  readonly name: string;
  readonly value: number;
  readonly goal: number;
}

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

/** The ratio of the medians of two rows; nothing when one of them did not run. */
export function ratioOf(name: string, goal: number, above: BenchRow, below: BenchRow): readonly BenchRatio[] {
  const value = median(above.rounds) / median(below.rounds);
  return Number.isFinite(value) ? [{ name, value, goal }] : [];
}
