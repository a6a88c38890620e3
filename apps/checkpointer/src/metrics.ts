import type { Clock } from '@sluice/kernel';
import type { Metrics } from '@sluice/observability';

import { REFUSALS } from './engine/refusal.js';
import type { Turns } from './engine/status.js';

/** Codes of the log and of the folder that are told apart. */
const MAX_CODES = 20;

/** What is told of the checkpointer; returns what takes the gauges away again. */
export function meter(turns: Turns, clock: Clock, metrics: Metrics): () => void {
  const size = { name: 'sluice_checkpoint_size', help: 'Commits of the last checkpoint that was signed.' };
  const age = { name: 'sluice_checkpoint_age_seconds', help: 'How long ago the last checkpoint was signed.' };
  const refusals = {
    name: 'sluice_checkpoint_refusals_total',
    help: 'Turns at which nothing was signed, as the log is not what was signed before.',
    labels: { code: REFUSALS },
  };
  const failures = {
    name: 'sluice_checkpoint_failures_total',
    help: 'Turns at which nothing was signed for a reason that may pass.',
    labels: { code: MAX_CODES },
  };
  const counters = { refusal: metrics.counter(refusals), failure: metrics.counter(failures) };
  // 0 says more than nothing.
  for (const code of REFUSALS) counters.refusal.add(0, { code });
  counters.failure.add(0, { code: 'NATS_UNAVAILABLE' });
  turns.counted = (kind, code) => counters[kind].add(1, { code });
  const stops = [
    metrics.gauge(size, () => [{ value: turns.status.size ?? 0 }]),
    metrics.gauge(age, () => ageOf(turns.status.at, clock.now())),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Nothing before the first. */
const ageOf = (at: number | undefined, now: number) =>
  at === undefined ? [] : [{ value: Math.max(0, (now - at) / 1_000) }];
