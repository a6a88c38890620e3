import type { Counter, Labels, MetricSpec } from './port.js';
import { SeriesOf } from './series.js';

export class FastCounter implements Counter {
  private readonly series: SeriesOf<{ value: number }>;

  constructor(private readonly spec: MetricSpec) {
    this.series = new SeriesOf(spec, () => ({ value: 0 }));
    // Without labels there is one series, and 0 says more than nothing.
    if (spec.labels === undefined) this.series.of();
  }

  add(by: number, labels?: Labels): void {
    this.series.of(labels).value += by;
  }

  render(): string {
    const { name } = this.spec;
    return this.series.render('counter', (labels, { value }) => [
      `${name}${labels === '' ? '' : `{${labels}}`} ${value}`,
    ]);
  }
}
