import type { Histogram, HistogramSpec, Labels } from './port.js';
import { SeriesOf } from './series.js';

interface Observed {
  /** Observations by the first bound that holds them; the last place is beyond all bounds. */
  readonly counts: number[];
  sum: number;
}

export class FastHistogram implements Histogram {
  private readonly series: SeriesOf<Observed>;

  constructor(private readonly spec: HistogramSpec) {
    this.series = new SeriesOf(spec, () => ({ counts: [], sum: 0 }));
  }

  observe(value: number, labels?: Labels): void {
    const series = this.series.of(labels);
    const { buckets } = this.spec;
    let place = 0;
    while (place < buckets.length && value > (buckets[place] ?? 0)) place += 1;
    series.counts[place] = (series.counts[place] ?? 0) + 1;
    series.sum += value;
  }

  render(): string {
    return this.series.render('histogram', (labels, series) => this.linesOf(labels, series));
  }

  private linesOf(labels: string, { counts, sum }: Observed): readonly string[] {
    const { name, buckets } = this.spec;
    let total = 0;
    const lines = [...buckets, '+Inf'].map((bound, place) => {
      total += counts[place] ?? 0;
      return `${name}_bucket{${labels === '' ? '' : `${labels},`}le="${bound}"} ${total}`;
    });
    const own = labels === '' ? '' : `{${labels}}`;
    return [...lines, `${name}_sum${own} ${sum}`, `${name}_count${own} ${total}`];
  }
}
