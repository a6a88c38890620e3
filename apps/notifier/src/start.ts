import type { NatsConnection } from '@nats-io/nats-core';
import type { EventLog } from '@sluice/event-log';
import { type Clock, messageOf } from '@sluice/kernel';
import type { RunningService } from '@sluice/messaging';
import { type Logger, type Metrics, silentMetrics } from '@sluice/observability';

import { NotifierEngine } from './engine/notifier-engine.js';
import { jetstreamPublisher } from './nats/jetstream-publisher.js';
import { meteredPublisher } from './nats/metered-publisher.js';
import { kvPosition } from './nats/kv-position.js';

export interface StartNotifierDeps {
  readonly nats: NatsConnection;
  /** Nest's transport is not used here: the notifier has no commands. */
  readonly servers: string;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  readonly metrics?: Metrics;
}

const STOP_MS = 5_000;

/** Tells until it is stopped. The streams and buckets must have been provisioned. */
export async function startNotifier(deps: StartNotifierDeps): Promise<RunningService> {
  const { nats, log, clock, newId, metrics = silentMetrics } = deps;
  const logger = deps.logger.child({ service: 'notifier' });
  const positions = await kvPosition(nats);
  const publisher = meteredPublisher(jetstreamPublisher(nats), metrics, clock);
  const engine = new NotifierEngine({ log, clock, newId, publisher, positions, logger });
  const waiting = { name: 'sluice_notifications_waiting', help: 'Events that wait to be told and recorded.' };
  const unmeter = metrics.gauge(waiting, () => [{ value: engine.pending }]);
  const intake = new AbortController();
  const running = engine.run(intake.signal).catch((error: unknown) => {
    logger.fatal({ reason: messageOf(error) }, 'the notifier stopped telling');
  });
  logger.info({}, 'the notifier tells');
  return {
    name: 'notifier',
    async stop() {
      unmeter();
      intake.abort();
      await bounded(clock, running);
    },
  };
}

async function bounded(clock: Clock, work: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const tooLong = new Promise<void>((resolve) => (cancel = clock.schedule(STOP_MS, resolve)));
  await Promise.race([work, tooLong]);
  cancel();
}
