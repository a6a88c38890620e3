import type { NatsConnection } from '@nats-io/nats-core';
import { ALL_SHARDS, type ReportAnswer, type RunReport, type Shard } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';
import { type Log, type RunningService, startCommandServer } from '@sluice/messaging';
import type { Metrics } from '@sluice/observability';

import { ExecutorModule } from './commands/executor.module.js';
import { ExecutorEngine } from './engine.js';
import { NatsAgents } from './nats/agents.js';
import { MeteredAgents, tracedAgents } from './nats/metered-agents.js';
import { meteredReports } from './nats/metered-reports.js';
import { serveReports } from './nats/reports.js';
import type { AgentPort } from './ports.js';

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
  readonly metrics?: Metrics;
  /** The traceparent of a run; see RolloutTracer, which looks on at this executor's log. */
  readonly traceOfRun?: (rollout: string, target: number) => string | undefined;
}

/** The executor as a service: resolves when the log has been folded and reports and commands are served. */
export async function startExecutor(deps: StartExecutorDeps): Promise<RunningService> {
  const { nats, servers, log, clock, logger, newId, shards = ALL_SHARDS } = deps;
  const engine = new ExecutorEngine({ log, clock, newId, agents: agentsOf(deps), shards, logger });
  // Reports come in as soon as the engine drives: agents that were waiting for it send theirs at once.
  const onReport = (report: RunReport): Promise<ReportAnswer> => engine.onReport(report);
  const metered = deps.metrics === undefined ? onReport : meteredReports(onReport, deps.metrics);
  const reports = serveReports(nats, shards, metered, logger);
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

/** What looks on at the way to the hosts stands in it only when somebody asked for it. */
function agentsOf({ nats, metrics, traceOfRun }: StartExecutorDeps): AgentPort {
  const agents = new NatsAgents(nats);
  const metered = metrics === undefined ? agents : new MeteredAgents(agents, metrics);
  return traceOfRun === undefined ? metered : tracedAgents(metered, traceOfRun);
}
