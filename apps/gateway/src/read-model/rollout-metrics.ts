import type { Metrics } from '@sluice/observability';

import { STATES } from '../http/schemas/rollouts.js';
import type { RolloutStreams } from '../live/streams.js';
import type { RolloutHistory } from './rollout-history.js';

/** Rollouts by state and live clients, looked at when somebody asks. Returns what ends it. */
export function meterReadModels(metrics: Metrics, history: RolloutHistory, streams: RolloutStreams): () => void {
  const byState = { name: 'sluice_rollouts_by_state', help: 'Rollouts by their state.', labels: { state: STATES } };
  const live = { name: 'sluice_live_clients', help: 'Clients that are told of a rollout as it happens.' };
  const stops = [
    metrics.gauge(byState, () => {
      const counts = history.countByState();
      return STATES.map((state) => ({ value: counts.get(state) ?? 0, labels: { state } }));
    }),
    metrics.gauge(live, () => [{ value: streams.count }]),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
