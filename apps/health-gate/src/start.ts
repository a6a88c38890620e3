import type { NatsConnection } from '@nats-io/nats-core';
import type { EventLog } from '@sluice/event-log';
import type { GatePolicy } from '@sluice/gating';
import { type Clock, messageOf } from '@sluice/kernel';
import type { RunningService } from '@sluice/messaging';
import type { Logger } from '@sluice/observability';

import { HealthGateEngine } from './engine/health-gate-engine.js';
import { HelloTable, type HelloTableOptions } from './facts/hello-table.js';
import { feedHellos } from './nats/hello-feed.js';
import { kvPosition } from './nats/kv-position.js';

export interface StartHealthGateDeps {
  readonly nats: NatsConnection;
  /** Nest's transport is not used here: the gate has no commands. */
  readonly servers: string;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  readonly policy?: GatePolicy;
  readonly hellos?: HelloTableOptions;
  /** See HealthGateDeps. */
  readonly silentAfterMs?: number;
}

const STOP_MS = 5_000;

/** Judges until it is stopped. The streams and buckets must have been provisioned. */
export async function startHealthGate(deps: StartHealthGateDeps): Promise<RunningService> {
  const { nats, log, clock, newId, policy } = deps;
  const logger = deps.logger.child({ service: 'health-gate' });
  const facts = new HelloTable(deps.hellos);
  const positions = await kvPosition(nats);
  const feed = feedHellos({ nats, clock, logger }, facts);
  const engine = new HealthGateEngine({
    ...{ log, clock, newId, facts, positions, logger },
    ...(policy === undefined ? {} : { policy }),
    ...(deps.silentAfterMs === undefined ? {} : { silentAfterMs: deps.silentAfterMs }),
  });
  const intake = new AbortController();
  const running = engine.run(intake.signal).catch((error: unknown) => {
    logger.fatal({ reason: messageOf(error) }, 'the health gate stopped judging');
  });
  logger.info({}, 'the health gate judges');
  return {
    name: 'health-gate',
    async stop() {
      intake.abort();
      feed.stop();
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
