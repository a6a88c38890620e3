import { STEP_CHAIN, type StepName } from '@sluice/contracts';
import { LONG_SECONDS, type Metrics, silentMetrics } from '@sluice/observability';

import type { JournalRecord } from '../journal/records.js';

const STEPS: readonly StepName[] = ['probe', ...STEP_CHAIN];

export interface RunMeter {
  /** A record that is durable. */
  readonly recorded: (record: JournalRecord) => void;
  /** Bytes of an artifact that came in. */
  readonly received: (bytes: number) => void;
}

/** What an agent counts: what its journal says, and the bytes that it fetches. */
export function runMeter(metrics: Metrics = silentMetrics): RunMeter {
  const runs = metrics.counter({
    name: 'sluice_agent_runs_total',
    help: 'Runs that were accepted.',
    labels: { run: ['roll', 'enable', 'probe'] },
  });
  const steps = metrics.counter({
    name: 'sluice_agent_steps_total',
    help: 'Steps that ended.',
    labels: { step: STEPS, outcome: ['succeeded', 'failed'] },
  });
  const seconds = metrics.histogram({
    name: 'sluice_agent_step_seconds',
    help: 'How long steps took.',
    labels: { step: STEPS },
    buckets: LONG_SECONDS,
  });
  const bytes = metrics.counter({
    name: 'sluice_agent_download_bytes_total',
    help: 'Bytes of artifacts that came in.',
  });
  return {
    received: (count) => bytes.add(count),
    recorded: (record) => {
      if (record.t === 'accepted') runs.add(1, { run: record.run.kind });
      if (record.t !== 'done') return;
      const { step, ok, ms } = record.report;
      steps.add(1, { step, outcome: ok ? 'succeeded' : 'failed' });
      seconds.observe(ms / 1_000, { step });
    },
  };
}
