import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { STREAMS } from '@sluice/contracts';
import type { Metrics } from '@sluice/observability';

/** How many requests are in the queue and with planners, as the server counts them. Returns what ends the counting. */
export function meterWaiting(nats: NatsConnection, metrics: Metrics): () => void {
  return metrics.gauge(
    { name: 'sluice_requests_waiting', help: 'Deploy requests in the queue, those that are being planned among them.' },
    async () => {
      const manager = await jetstreamManager(nats, { checkAPI: false, timeout: 2_000 });
      const { num_pending: waiting, num_ack_pending: underWay } = await manager.consumers.info(
        STREAMS.requests,
        'planner',
      );
      return [{ value: waiting + underWay }];
    },
  );
}
