import type { NatsConnection } from '@nats-io/nats-core';
import { LEASED, type ReportAnswer, type RunReport } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { type Clock, messageOf } from '@sluice/kernel';
import {
  DEFAULT_LEASE_MS,
  type Log,
  type NatsLogin,
  type RunningService,
  startCommandServer,
  startLeases,
} from '@sluice/messaging';
import type { Metrics } from '@sluice/observability';

import { ExecutorModule } from './commands/executor.module.js';
import { type BalancerConfig, type CapacityConfig, startOutside } from './dependency/outside.js';
import type { BreakerOptions } from './dependency/breaker.js';
import { Freezes } from './freezes/freezes.js';
import { Holds } from './holds/holds.js';
import { Labels } from './labels/labels.js';
import { NatsAgents } from './nats/agents.js';
import { NatsMembers } from './members/nats-members.js';
import { MeteredAgents, tracedAgents } from './nats/metered-agents.js';
import { meteredReports } from './nats/metered-reports.js';
import type { AgentPort } from './ports.js';
import { FleetRamps } from './ramps/fleet-ramps.js';
import { LogMemory } from './regression/log-memory.js';
import { PlaceFile } from './regression/place-file.js';
import { CommandRouter } from './shards/command-router.js';
import { natsIntake, natsRoute } from './shards/nats-shards.js';
import { OwnedShards } from './shards/owned-shards.js';

export interface StartExecutorDeps {
  readonly nats: NatsConnection;
  /** URL of the NATS server, for the command transport. */
  readonly servers: string;
  /** For the command transport, which has a connection of its own. */
  readonly login?: NatsLogin;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Log;
  readonly newId: () => string;
  /** A shard is free so long after its owner fell silent, ms; 10 s when absent. All executors must have the same. */
  readonly leaseMs?: number;
  /** Under which it holds shards: a new one for each process when absent. No two that run may have the same. */
  readonly memberId?: string;
  /**
   * Where it keeps how far it has seen the log, on another disk than the log's: without it a log that lost its tail
   * while no executor ran goes unnoticed.
   */
  readonly stateFile?: string;
  /** Load balancers by name; plans that name another one find it down. */
  readonly balancers?: readonly BalancerConfig[];
  /** Commands that drive the autoscalers of sides, by name. */
  readonly capacity?: readonly CapacityConfig[];
  readonly breaker?: BreakerOptions;
  readonly metrics?: Metrics;
  /** The traceparent of a run; see RolloutTracer, which looks on at this executor's log. */
  readonly traceOfRun?: (rollout: string, target: number) => string | undefined;
}

/** Less than the gateway waits for the answer to a command. */
const LONGEST_WAIT_MS = 8_000;
/** After the lease time a new owner still reads the shard. */
const TAKE_OVER_MS = 2_000;

/**
 * The executor as a service: any number of them share the shards. Resolves when it is there, drives what was free for
 * it, and takes commands to any shard.
 */
export async function startExecutor(deps: StartExecutorDeps): Promise<RunningService> {
  const { nats, servers, clock, logger, newId, leaseMs = DEFAULT_LEASE_MS } = deps;
  const memory = await memoryOf(deps);
  const { failed, fail } = failing();
  const outside = await startOutside(deps);
  const freezes = new Freezes(deps);
  await freezes.start();
  const holds = new Holds(deps);
  const labels = new Labels(deps);
  const owned: OwnedShards = new OwnedShards(
    {
      ...deps,
      ...memory,
      agents: agentsOf(deps),
      members: new NatsMembers(nats),
      balancers: outside.balancers,
      traffic: outside.traffic,
      ramps: rampsOf(deps, () => [router, owned]),
      freezes,
      onFatal: fail,
    },
    natsIntake(nats, logger, { report: reportsOf(deps, () => owned), command: (...args) => owned.command(...args) }),
  );
  const waitMs = Math.min(LONGEST_WAIT_MS, leaseMs + TAKE_OVER_MS);
  const router: CommandRouter = new CommandRouter({ owned, route: natsRoute(nats), clock, waitMs });
  const leases = await startLeases({
    ...{ nats, work: LEASED.executor, holder: owned, clock, leaseMs, logger },
    memberId: deps.memberId ?? newId(),
  });
  const commands = await startCommandServer({
    module: ExecutorModule.of(router, { dependencies: outside.dependencies, freezes, holds, labels }),
    servers,
    login: deps.login,
    queue: 'executor',
  });
  return {
    name: 'executor',
    failed,
    stop: async () => {
      const stopped = await Promise.allSettled([leases.stop(), commands.stop()]);
      await outside.stop();
      await freezes.stop();
      holds.stop();
      labels.stop();
      await memory.memory?.stop();
      for (const part of stopped)
        if (part.status === 'rejected') logger.error({ reason: messageOf(part.reason) }, 'a part did not stop cleanly');
    },
  };
}

/** Fleets are driven by whoever owns their shard; it is asked for only when there is something to say. */
function rampsOf({ log }: StartExecutorDeps, parts: () => readonly [CommandRouter, OwnedShards]): FleetRamps {
  return new FleetRamps(
    {
      variableCommand: (envelope) => parts()[0].variableCommand(envelope),
      fleetCommand: (envelope) => parts()[0].fleetCommand(envelope),
    },
    (name) => parts()[1].fleet(name),
    log,
  );
}

async function memoryOf({ stateFile, clock, logger }: StartExecutorDeps): Promise<{ readonly memory?: LogMemory }> {
  return stateFile === undefined ? {} : { memory: await LogMemory.open(new PlaceFile(stateFile), clock, logger) };
}

function failing(): { readonly failed: Promise<Error>; readonly fail: (error: Error) => void } {
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => (fail = resolve));
  return { failed, fail };
}

function reportsOf(
  { metrics }: StartExecutorDeps,
  owned: () => OwnedShards,
): (report: RunReport) => Promise<ReportAnswer> {
  const onReport = (report: RunReport): Promise<ReportAnswer> => owned().report(report);
  return metrics === undefined ? onReport : meteredReports(onReport, metrics);
}

/** What looks on at the way to the hosts stands in it only when somebody asked for it. */
function agentsOf({ nats, metrics, traceOfRun }: StartExecutorDeps): AgentPort {
  const agents = new NatsAgents(nats);
  const metered = metrics === undefined ? agents : new MeteredAgents(agents, metrics);
  return traceOfRun === undefined ? metered : tracedAgents(metered, traceOfRun);
}
