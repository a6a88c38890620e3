/** Values of a metric's labels, by name. */
export type Labels = Readonly<Record<string, string>>;

/**
 * What a label may hold: the values themselves, or how many different ones are told apart. Everything beyond counts as
 * `other`, so that a name from outside cannot make the number of series grow without end.
 */
export type LabelBound = readonly string[] | number;

export interface MetricSpec {
  /** `sluice_..._total` for counters, `..._seconds` for times. */
  readonly name: string;
  readonly help: string;
  readonly labels?: Readonly<Record<string, LabelBound>>;
}

export interface HistogramSpec extends MetricSpec {
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
}

export interface Counter {
  add(by: number, labels?: Labels): void;
}

export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

export interface Reading {
  readonly value: number;
  readonly labels?: Labels;
}

/** Looks at something when the metrics are asked for; several under one name and the same labels add up. */
export type Gauge = () => readonly Reading[] | Promise<readonly Reading[]>;

/** What a service counts into. Asking twice for one name gives the same metric. */
export interface Metrics {
  counter(spec: MetricSpec): Counter;
  histogram(spec: HistogramSpec): Histogram;
  /** Returns what takes the gauge away again. */
  gauge(spec: MetricSpec, read: Gauge): () => void;
}

const nothing = (): void => undefined;

/** Counts nothing: what engines are given when nobody asks. */
export const silentMetrics: Metrics = {
  counter: () => ({ add: nothing }),
  histogram: () => ({ observe: nothing }),
  gauge: () => nothing,
};
