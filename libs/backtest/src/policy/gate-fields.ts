import type { GateMeasure } from '@sluice/contracts';

import { duration, figure, flag, listOf, mapping, oneOf, type Read, text, whole } from './reader.js';

export const readLimits = mapping({ fail: whole(), inconclusive: whole(), error: whole(), passes: whole(1) });

const comparedMetric = mapping({
  name: text,
  bad: oneOf('increase', 'decrease', 'either'),
  weight: figure(0, 1_000_000),
  critical: flag,
  canary: text,
  baseline: text,
});

/** Requests of smoke tests are compared as they are, and never read. */
const asItIs: Read<unknown> = (value) => value;

/** By the kind of measure: its fields as a deploy request names them. */
export const GATE_MEASURE_FIELDS = {
  threshold: {
    query: text,
    window: duration,
    step: duration,
    bound: oneOf('max', 'min'),
    limit: figure(),
    n: whole(1),
    of: whole(1),
  },
  burnRate: {
    bad: text,
    total: text,
    objective: figure(0, 1),
    factor: figure(0),
    long: duration,
    short: duration,
    minEvents: whole(),
  },
  comparison: {
    metrics: listOf(comparedMetric, 64),
    window: duration,
    step: duration,
    level: figure(0, 1),
    looks: whole(1),
    effect: figure(0),
    minSamples: whole(1),
    pass: whole(0, 100),
    marginal: whole(0, 100),
    maxMissing: whole(0, 100),
  },
  smoke: { requests: asItIs, replay: asItIs, maxFailures: whole() },
  facts: { maxRestarts: whole(), maxVerify: duration, maxOtherVersion: whole() },
  webhook: {},
} as const satisfies Readonly<Record<GateMeasure['kind'], Readonly<Record<string, Read<unknown>>>>>;
