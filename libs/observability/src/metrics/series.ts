import { BoundedLabels } from './bounded-labels.js';
import type { Labels, MetricSpec } from './port.js';

const NO_LABELS: Labels = {};

/**
 * The series of one metric. To find one costs a look-up: an executor counts tens of thousands of steps a second, and the
 * library's own metrics build a key from the labels for each of them.
 */
export class SeriesOf<T> {
  private readonly bounded: BoundedLabels;
  private readonly byText = new Map<string, T>();
  /** Labels are most often the same object again. */
  private readonly known = new WeakMap<Labels, T>();

  constructor(
    private readonly spec: MetricSpec,
    private readonly make: () => T,
  ) {
    this.bounded = new BoundedLabels(spec);
  }

  of(labels: Labels = NO_LABELS): T {
    return this.known.get(labels) ?? this.find(labels);
  }

  /** In the text format of Prometheus. */
  render(type: 'counter' | 'histogram', linesOf: (labels: string, series: T) => readonly string[]): string {
    const { name, help } = this.spec;
    const lines = [`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`];
    for (const [labels, series] of this.byText) lines.push(...linesOf(labels, series));
    return lines.join('\n');
  }

  private find(labels: Labels): T {
    const text = Object.entries(this.bounded.of(labels))
      .map(([label, value]) => `${label}="${escaped(value)}"`)
      .join(',');
    const found = this.byText.get(text) ?? this.make();
    this.byText.set(text, found);
    this.known.set(labels, found);
    return found;
  }
}

const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('"', String.raw`\"`);
