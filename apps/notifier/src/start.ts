import type { NatsConnection } from '@nats-io/nats-core';
import { LEASED } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { type Clock, messageOf } from '@sluice/kernel';
import { type RunningService, startLeases } from '@sluice/messaging';
import { type Logger, type Metrics, silentMetrics } from '@sluice/observability';

import { Turns } from './engine/turns.js';
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
  /** Another notifier tells so long after the one that told fell silent, ms; 10 s when absent. The same for all. */
  readonly leaseMs?: number;
  /** The id of this process among the notifiers; a new one when absent. */
  readonly memberId?: string;
}

const STOP_MS = 5_000;

/** One of any number: one at a time tells, until it is stopped. The streams and buckets must have been provisioned. */
export async function startNotifier(deps: StartNotifierDeps): Promise<RunningService> {
  const { nats, log, clock, newId, leaseMs, metrics = silentMetrics } = deps;
  const logger = deps.logger.child({ service: 'notifier' });
  const positions = await kvPosition(nats);
  const publisher = meteredPublisher(jetstreamPublisher(nats), metrics, clock);
  const turns = new Turns({ log, clock, newId, publisher, positions, logger }, (error) =>
    logger.fatal({ reason: messageOf(error) }, 'the notifier stopped telling'),
  );
  const waiting = { name: 'sluice_notifications_waiting', help: 'Events that wait to be told and recorded.' };
  const unmeter = metrics.gauge(waiting, () => [{ value: turns.pending }]);
  const memberId = deps.memberId ?? newId();
  const leases = await startLeases({ nats, work: LEASED.notifier, holder: turns, clock, memberId, leaseMs, logger });
  return {
    name: 'notifier',
    async stop() {
      unmeter();
      await bounded(clock, leases.stop());
    },
  };
}

async function bounded(clock: Clock, work: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const tooLong = new Promise<void>((resolve) => (cancel = clock.schedule(STOP_MS, resolve)));
  await Promise.race([work, tooLong]);
  cancel();
}
