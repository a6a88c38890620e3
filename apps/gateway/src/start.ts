import type { NatsConnection } from '@nats-io/nats-core';

import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';
import type { RunningService } from '@sluice/messaging';
import type { Logger } from '@sluice/observability';

import { CommandClient } from './commands/command-client.js';
import { Commander } from './commands/commander.js';
import type { GatewayParts } from './gateway.module.js';
import { createServer } from './http/server.js';
import type { Readiness } from './http/service.controller.js';
import { RolloutStreams } from './live/streams.js';
import { LogFollower } from './read-model/follower.js';
import { GroupCatalog } from './read-model/group-catalog.js';
import { GroupIndex } from './read-model/group-index.js';
import { InventoryView } from './read-model/inventory-view.js';
import { InventoryWatch } from './read-model/inventory-watch.js';
import { Reports } from './read-model/reports.js';
import { RolloutIndex } from './read-model/rollout-index.js';
import { RequestPublisher } from './requests/request-publisher.js';

export interface GatewayDeps {
  readonly nats: NatsConnection;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** ULIDs. */
  readonly newId: () => string;
  /** Loopback unless said otherwise. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly limits?: Partial<GatewayLimits>;
}

/** Bounds, in ms. */
export interface GatewayLimits {
  /** How long a command waits for its answer. */
  readonly commandMs: number;
  readonly ackMs: number;
  /** How long POST /v1/requests waits for the outcome before it answers 202. */
  readonly outcomeMs: number;
  readonly heartbeatMs: number;
  /** A live client that takes nothing for so long is dropped. */
  readonly drainMs: number;
  readonly maxStreams: number;
  /** How long the start waits for the read models to catch up before it serves anyway (not ready). */
  readonly catchUpMs: number;
}

const LIMITS: GatewayLimits = {
  commandMs: 10_000,
  ackMs: 5_000,
  outcomeMs: 5_000,
  heartbeatMs: 15_000,
  drainMs: 10_000,
  maxStreams: 256,
  catchUpMs: 10_000,
};

export interface RunningGateway extends RunningService {
  /** `http://host:port` where it listens. */
  readonly url: string;
}

/** Serves the API. Code of the thrown error when the port is taken: EADDRINUSE, from the system. */
export async function startGateway(deps: GatewayDeps): Promise<RunningGateway> {
  const limits = { ...LIMITS, ...deps.limits };
  const { parts, follower, watch } = assemble(deps, limits);
  follower.start();
  watch.start();
  const stopReading = async (): Promise<void> => {
    await Promise.all([follower.stop(), watch.stop()]);
  };
  try {
    const app = await createServer(parts, deps.logger);
    await follower.whenLive(limits.catchUpMs);
    await app.listen(deps.port, deps.host ?? '127.0.0.1');
    const url = await app.getUrl();
    deps.logger.info({ url }, 'the API listens');
    let stopping: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      parts.streams.stop();
      await app.close();
      await stopReading();
    };
    return { name: 'gateway', url, stop: () => (stopping ??= stop()) };
  } catch (error) {
    await stopReading();
    throw error;
  }
}

interface Assembled {
  readonly parts: GatewayParts;
  readonly follower: LogFollower;
  readonly watch: InventoryWatch;
}

function assemble(deps: GatewayDeps, limits: GatewayLimits): Assembled {
  const { nats, log, clock, logger, newId } = deps;
  const rollouts = new RolloutIndex(log);
  const groupIndex = new GroupIndex();
  const view = new InventoryView();
  const follower = new LogFollower({
    log,
    clock,
    logger,
    apply: async (commit) => {
      groupIndex.apply(commit);
      await rollouts.apply(commit);
    },
  });
  const commands = new CommandClient(nats, limits.commandMs);
  const parts: GatewayParts = {
    rollouts,
    groups: new GroupCatalog(groupIndex, view),
    streams: new RolloutStreams({ log, clock, logger, options: limits }),
    reports: new Reports(log, rollouts),
    commands,
    commander: new Commander(commands, rollouts, newId),
    requests: new RequestPublisher({ nats, clock, ackMs: limits.ackMs, outcomeMs: limits.outcomeMs }),
    readiness: () => readinessOf(nats, follower),
  };
  return { parts, follower, watch: new InventoryWatch({ nats, clock, logger, view }) };
}

function readinessOf(nats: NatsConnection, follower: LogFollower): Readiness {
  const { live, position, fault } = follower.status;
  if (nats.isClosed()) return { ready: false, position, reason: 'the connection to NATS is closed' };
  if (!live)
    return {
      ready: false,
      position,
      reason: `the read models are catching up${fault === undefined ? '' : ` (${fault})`}`,
    };
  return { ready: true, position };
}
