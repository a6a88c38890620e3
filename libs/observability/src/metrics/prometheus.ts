import { collectDefaultMetrics, Gauge as PromGauge, Registry } from 'prom-client';

import { BoundedLabels } from './bounded-labels.js';
import { FastCounter } from './counter.js';
import { FastHistogram } from './histogram.js';
import type { Counter, Gauge, Histogram, HistogramSpec, Metrics, MetricSpec, Reading } from './port.js';

/** What the process counts, and its text for Prometheus. */
export interface ProcessMetrics extends Metrics {
  readonly contentType: string;
  render(): Promise<string>;
}

export interface ProcessMetricsOptions {
  /** Those of Node.js itself too; true when absent. */
  readonly process?: boolean;
}

export function createMetrics(options: ProcessMetricsOptions = {}): ProcessMetrics {
  const registry = new Registry();
  if (options.process !== false) collectDefaultMetrics({ register: registry });
  return new Prometheus(registry);
}

class Prometheus implements ProcessMetrics {
  private readonly counters = new Map<string, FastCounter>();
  private readonly histograms = new Map<string, FastHistogram>();
  private readonly gauges = new Map<string, Set<Gauge>>();

  constructor(private readonly registry: Registry) {}

  get contentType(): string {
    return this.registry.contentType;
  }

  async render(): Promise<string> {
    const own = [...this.counters.values(), ...this.histograms.values()].map((metric) => `${metric.render()}\n`);
    return [await this.registry.metrics(), ...own].join('\n');
  }

  counter(spec: MetricSpec): Counter {
    return known(this.counters, spec.name, () => new FastCounter(spec));
  }

  histogram(spec: HistogramSpec): Histogram {
    return known(this.histograms, spec.name, () => new FastHistogram(spec));
  }

  gauge(spec: MetricSpec, read: Gauge): () => void {
    const readers = known(this.gauges, spec.name, () => this.openGauge(spec));
    readers.add(read);
    return () => void readers.delete(read);
  }

  private openGauge(spec: MetricSpec): Set<Gauge> {
    const bounded = new BoundedLabels(spec);
    const readers = new Set<Gauge>();
    const gauge = new PromGauge({
      ...configOf(spec, bounded),
      registers: [this.registry],
      collect: async () => {
        const readings = (await Promise.all([...readers].map(readOrNothing))).flat();
        gauge.reset();
        for (const { value, labels = {} } of readings) gauge.inc(bounded.of(labels), value);
      },
    });
    return readers;
  }
}

const configOf = ({ name, help }: MetricSpec, { names }: BoundedLabels) => ({ name, help, labelNames: [...names] });

/** What cannot be looked at now is missing for once; the other metrics are still told. */
async function readOrNothing(read: Gauge): Promise<readonly Reading[]> {
  try {
    return await read();
  } catch {
    return [];
  }
}

function known<T>(all: Map<string, T>, name: string, make: () => T): T {
  const found = all.get(name);
  if (found !== undefined) return found;
  const made = make();
  all.set(name, made);
  return made;
}
