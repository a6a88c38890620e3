import { invariant } from '@sluice/kernel';

import type { LabelBound, Labels, MetricSpec } from './port.js';

export const OTHER = 'other';

/** Names whose values have no end: one series for each host or rollout would take the monitoring down. */
const UNBOUNDED: ReadonlySet<string> = new Set([
  'host',
  'rollout',
  'attempt',
  'request',
  'target',
  'id',
  'path',
  'url',
]);

/** Brings the labels of one metric into their bounds. */
export class BoundedLabels {
  readonly names: readonly string[];
  private readonly bounds: readonly (readonly [string, Bound])[];

  constructor({ name, labels = {} }: MetricSpec) {
    this.names = Object.keys(labels);
    for (const label of this.names) invariant(!UNBOUNDED.has(label), `${name} must not have a label ${label}`);
    this.bounds = Object.entries(labels).map(([label, bound]) => [label, new Bound(bound)]);
  }

  of(labels: Labels): Record<string, string> {
    const bounded: Record<string, string> = {};
    for (const [name, bound] of this.bounds) bounded[name] = bound.of(labels[name] ?? OTHER);
    return bounded;
  }
}

class Bound {
  private readonly seen: Set<string>;
  private readonly most: number;

  constructor(bound: LabelBound) {
    this.seen = new Set(typeof bound === 'number' ? [] : bound);
    this.most = typeof bound === 'number' ? bound : bound.length;
  }

  of(value: string): string {
    if (this.seen.has(value)) return value;
    if (this.seen.size >= this.most) return OTHER;
    this.seen.add(value);
    return value;
  }
}
