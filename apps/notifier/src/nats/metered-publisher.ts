import type { Clock } from '@sluice/kernel';
import { LONG_SECONDS, type Metrics } from '@sluice/observability';

import type { NoticePublisher } from '../engine/ports.js';

/** Counts what could not be published, and how long after its event each notification was. */
export function meteredPublisher(inner: NoticePublisher, metrics: Metrics, clock: Clock): NoticePublisher {
  const lag = metrics.histogram({
    name: 'sluice_notification_lag_seconds',
    help: 'From an event to the acknowledgement of its notification.',
    labels: { severity: ['info', 'warning', 'critical'] },
    buckets: LONG_SECONDS,
  });
  const failures = metrics.counter({
    name: 'sluice_notification_failures_total',
    help: 'Tries to publish a notification that failed.',
  });
  return {
    async publish(notification) {
      try {
        await inner.publish(notification);
      } catch (error) {
        failures.add(1);
        throw error;
      }
      const ms = Math.max(0, clock.now() - Date.parse(notification.time));
      lag.observe(ms / 1_000, { severity: notification.data.severity });
    },
  };
}
