import { JetStreamEventLog } from '@sluice/event-log';
import { startExecutor } from '@sluice/executor';
import { connectNats } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';
import type { NatsConnection } from '@nats-io/nats-core';

export interface RunningExecutor {
  readonly nats: NatsConnection;
  readonly log: JetStreamEventLog;
  stop(): Promise<void>;
}

/** The executor as it is shipped, on a NATS connection of its own. */
export async function startBenchExecutor(servers: string, leaseMs?: number): Promise<RunningExecutor> {
  const nats = await connectNats({ servers, name: 'bench-product' });
  const log = new JetStreamEventLog(nats);
  const logger = createLogger('executor', 'warn');
  const lease = leaseMs === undefined ? {} : { leaseMs };
  const executor = await startExecutor({ nats, servers, log, clock: systemClock, logger, newId: newUlid, ...lease });
  return {
    nats,
    log,
    stop: async () => {
      await executor.stop();
      await nats.close();
    },
  };
}
