import type { NatsConnection } from '@nats-io/nats-core';
import { ALL_SHARDS, type Shard } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';
import { type Log, type RunningService, startCommandServer } from '@sluice/messaging';

import { ExecutorModule } from './commands/executor.module.js';
import { ExecutorEngine } from './engine.js';
import { NatsAgents } from './nats/agents.js';
import { serveReports } from './nats/reports.js';

export interface StartExecutorDeps {
  readonly nats: NatsConnection;
  /** URL of the NATS server, for the command transport. */
  readonly servers: string;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Log;
  readonly newId: () => string;
  /** All when absent. */
  readonly shards?: readonly Shard[];
}

/** The executor as a service: resolves when the log has been folded and reports and commands are served. */
export async function startExecutor(deps: StartExecutorDeps): Promise<RunningService> {
  const { nats, servers, log, clock, logger, newId, shards = ALL_SHARDS } = deps;
  const engine = new ExecutorEngine({ log, clock, newId, agents: new NatsAgents(nats), shards, logger });
  // Reports come in as soon as the engine drives: agents that were waiting for it send theirs at once.
  const reports = serveReports(nats, shards, (report) => engine.onReport(report), logger);
  await engine.start();
  const commands = await startCommandServer({ module: ExecutorModule.of(engine), servers, queue: 'executor' });
  return {
    name: 'executor',
    stop: async () => {
      await Promise.allSettled([commands.stop(), reports.stop()]);
      await engine.stop();
    },
  };
}
