import { BoundedLabels } from './bounded-labels.js';
import type { Histogram, HistogramSpec, Labels } from './port.js';

interface Series {
  readonly labels: string;
  /** Observations by the first bound that holds them; the last place is beyond all bounds. */
  readonly counts: number[];
  sum: number;
}

/**
 * A histogram that costs a look-up and an addition: an executor observes tens of thousands of steps a second, and the
 * library's own builds a key from the labels for each of them.
 */
export class FastHistogram implements Histogram {
  private readonly bounded: BoundedLabels;
  private readonly series = new Map<string, Series>();
  /** Labels are most often the same object again. */
  private readonly known = new WeakMap<Labels, Series>();

  constructor(private readonly spec: HistogramSpec) {
    this.bounded = new BoundedLabels(spec);
  }

  observe(value: number, labels: Labels = NO_LABELS): void {
    const series = this.known.get(labels) ?? this.seriesOf(labels);
    const { buckets } = this.spec;
    let place = 0;
    while (place < buckets.length && value > (buckets[place] ?? 0)) place += 1;
    series.counts[place] = (series.counts[place] ?? 0) + 1;
    series.sum += value;
  }

  /** In the text format of Prometheus. */
  render(): string {
    const { name, help } = this.spec;
    const lines = [
      `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${name} histogram`,
    ];
    for (const series of this.series.values()) lines.push(...this.linesOf(series));
    return lines.join('\n');
  }

  private linesOf({ labels, counts, sum }: Series): readonly string[] {
    const { name, buckets } = this.spec;
    let total = 0;
    const lines = [...buckets, '+Inf'].map((bound, place) => {
      total += counts[place] ?? 0;
      return `${name}_bucket{${labels === '' ? '' : `${labels},`}le="${bound}"} ${total}`;
    });
    const own = labels === '' ? '' : `{${labels}}`;
    return [...lines, `${name}_sum${own} ${sum}`, `${name}_count${own} ${total}`];
  }

  private seriesOf(labels: Labels): Series {
    const key = Object.entries(this.bounded.of(labels))
      .map(([label, value]) => `${label}="${escaped(value)}"`)
      .join(',');
    const series = this.series.get(key) ?? { labels: key, counts: [], sum: 0 };
    this.series.set(key, series);
    this.known.set(labels, series);
    return series;
  }
}

const NO_LABELS: Labels = {};

const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('"', String.raw`\"`);
