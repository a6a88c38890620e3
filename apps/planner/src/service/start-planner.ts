import 'reflect-metadata';

import type { NatsConnection } from '@nats-io/nats-core';
import { parseMembersQuery, SUBJECTS } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';
import { type Log, type NatsLogin, type RunningService, serveJson, startCommandServer } from '@sluice/messaging';
import { type Metrics, silentMetrics, type SpanSink } from '@sluice/observability';

import { FetchedArtifacts } from '../artifact/fetched-artifacts.js';
import { HttpCmdb, type HttpCmdbOptions } from '../cmdb/http-cmdb.js';
import { CmdbSync } from '../cmdb/sync.js';
import { LogDependencies } from '../engine/dependencies.js';
import { LogGroupFacts } from '../engine/group-facts.js';
import { PlannerEngine } from '../engine/planner-engine.js';
import type { PlannerDeps } from '../engine/ports.js';
import { RollbackPlanner } from '../engine/rollbacks.js';
import { InventoryCommands } from '../inventory/commands.js';
import { readInventoryFile } from '../inventory/file.js';
import { GroupMembers } from '../inventory/group-members.js';
import { forgetSilent, hearHeartbeats } from '../inventory/heartbeats.js';
import { keepInventory } from '../inventory/kv-inventory.js';
import type { InventoryStore } from '../inventory/store.js';
import { PlannerModule } from './planner.module.js';
import { meterWaiting } from './request-metrics.js';
import { consumeRequests } from './requests.js';
import { followRollbacks } from './rollback-service.js';

export interface StartPlannerDeps {
  readonly nats: NatsConnection;
  /** URL of the NATS server, for the command transport. */
  readonly servers: string;
  /** For the command transport, which has a connection of its own. */
  readonly login?: NatsLogin;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Log;
  readonly newId: () => string;
  /** YAML or JSON; it is the truth, at each start, about the groups and templates that it names. */
  readonly inventoryFile?: string;
  /** Where groups are fetched from before each plan. */
  readonly cmdb?: HttpCmdbOptions;
  /** How old what a CMDB told may be, ms; by class of environment when absent. */
  readonly maxAgeMs?: number;
  /** How long a host that nothing but its heartbeats tell of is kept after the last of them, ms; a day when absent. */
  readonly memberLifeMs?: number;
  readonly metrics?: Metrics;
  readonly spans?: SpanSink;
}

/**
 * The planner as a service, on streams and buckets that are provisioned: resolves when requests, commands, heartbeats
 * and rollbacks are served. A faulty inventory file stops it before it serves anything (INVENTORY_INVALID).
 */
export async function startPlanner(deps: StartPlannerDeps): Promise<RunningService> {
  const { nats, servers, clock, logger, spans } = deps;
  const file = deps.inventoryFile === undefined ? undefined : await readInventoryFile(deps.inventoryFile);
  const inventory = await keepInventory(nats, clock, logger);
  for (const definition of file?.definitions ?? []) inventory.store.define('file', definition, 'replace', clock.now());
  const origin = { source: 'file', version: clock.now(), fetchedAt: clock.now() } as const;
  for (const [name, fields] of file?.templates ?? []) inventory.store.templateStore.put(name, fields, origin);
  const parts = partsOf(deps, inventory.store);
  const engine = new PlannerEngine(parts);
  const commands = new InventoryCommands(inventory.store, clock, logger);
  const heartbeats = hearHeartbeats(nats, inventory.store, clock, logger);
  const forgetting = forgetSilent(inventory.store, deps.memberLifeMs, clock, logger);
  const server = await startCommandServer({
    module: PlannerModule.of(engine, commands),
    servers,
    login: deps.login,
    queue: 'planner',
    log: logger,
  });
  const members = serveMembers(nats, new GroupMembers(parts), logger);
  const rollbacks = followRollbacks(new RollbackPlanner(parts), clock, logger);
  const requests = await consumeRequests({ nats, engine, log: logger, ...(spans === undefined ? {} : { spans }) });
  const unmeter = meterWaiting(nats, deps.metrics ?? silentMetrics);
  return {
    name: 'planner',
    stop: async () => {
      unmeter();
      await Promise.allSettled([
        requests.stop(),
        server.stop(),
        members.stop(),
        forgetting.stop(),
        heartbeats.stop(),
        rollbacks.stop(),
      ]);
      await inventory.stop();
    },
  };
}

function partsOf({ log, clock, logger, newId, cmdb, maxAgeMs }: StartPlannerDeps, store: InventoryStore): PlannerDeps {
  const sync = (options: HttpCmdbOptions) => new CmdbSync({ source: new HttpCmdb(options), store, clock, log: logger });
  return {
    log,
    clock,
    newId,
    inventory: store,
    groups: new LogGroupFacts(log),
    dependencies: new LogDependencies(log, clock),
    artifacts: new FetchedArtifacts(clock),
    ...(cmdb === undefined ? {} : { cmdb: sync(cmdb) }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
  };
}

/** For executors: who the members of a group are now. */
const serveMembers = (nats: NatsConnection, members: GroupMembers, log: Log): RunningService =>
  serveJson(nats, SUBJECTS.command('members'), (query) => members.page(query), {
    queue: 'planner',
    parse: parseMembersQuery,
    log,
  });
