import { join } from 'node:path';

import type { StartExecutorDeps } from '@sluice/executor';
import type { GatewayDeps } from '@sluice/gateway';
import { type EventLog, type LogAddress, openEventLog } from '@sluice/event-log';

import type { StartPlannerDeps } from '@sluice/planner';
import { connectNats, loginOf, type RunningService } from '@sluice/messaging';

import { createLogger, type LogLevel, newUlid, systemClock } from '@sluice/observability';

import { type Archive, type ArchiveSettings, archiverOf, openArchive } from './archive.js';
import { checkpointerOf, type CheckpointSettings } from './checkpoints.js';
import { explained } from './patience.js';
import { type Telemetry, watched } from './telemetry.js';

/** The services of Sluice in the order in which they start; they stop in the opposite one. */
export const SERVICES = [
  'planner',
  'executor',
  'health-gate',
  'notifier',
  'archiver',
  'checkpointer',
  'gateway',
] as const;

export type ServiceName = (typeof SERVICES)[number];

export interface ServiceSettings {
  /** URL of NATS. */
  readonly servers: string;
  /** `user:password` on NATS. */
  readonly natsCredentials?: string;
  readonly log: LogAddress;
  readonly waitMs: number;
  /** What a process does is free for another one so long after it fell silent, ms. */
  readonly leaseMs: number;
  /** Under which it holds leases, where no second process can have it; a new one for each process when absent. */
  readonly memberId?: string;
  readonly logLevel: LogLevel;
  readonly httpHost: string;
  readonly httpPort: number;
  /** `sluice up` alone: until a token is made, whoever reaches the loopback port may do everything. */
  readonly openLocally?: boolean;
  readonly inventoryFile?: string;
  /** Of the planner: where groups are fetched from, and how old what was fetched may be. */
  readonly fetched?: Pick<StartPlannerDeps, 'cmdb' | 'maxAgeMs' | 'memberLifeMs'>;
  /** Of the health-gate: without a heartbeat for so long a host is lost. */
  readonly silentAfterMs?: number;
  /** Of the health-gate: text of SLUICE_GATE_SOURCES. */
  readonly gateSources?: string;
  /** Where the executor keeps how far it has seen the log. */
  readonly dataDir?: string;
  /** Where the executor drains and enables. */
  readonly balancers?: StartExecutorDeps['balancers'];
  /** Commands that drive the autoscalers of sides. */
  readonly capacity?: StartExecutorDeps['capacity'];
  /** Without one everything stays in the log. */
  readonly archive?: ArchiveSettings;
  /** Without a key nothing is signed. */
  readonly checkpoints?: CheckpointSettings;
  readonly telemetry?: Telemetry;
}

/** A service with what it stands on; `url` where it serves HTTP. */
export interface StartedService extends RunningService {
  readonly url?: string;
}

/** Starts one service on a connection of its own, on streams and buckets that are provisioned. */
export async function startService(name: ServiceName, settings: ServiceSettings): Promise<StartedService> {
  const { servers, waitMs, logLevel } = settings;
  const logger = createLogger(name, logLevel);
  const login = loginOf(settings.natsCredentials ?? '');
  const nats = await connectNats({ servers, name: `sluice ${name}`, waitMs, log: logger, ...login });
  const opened = await openEventLog(settings.log, nats);
  const seen = watched(name, opened.log, settings.telemetry);
  const archive = openArchive(seen.log, settings.archive);
  const deps = {
    nats,
    servers,
    ...login,
    ...seen,
    ...archive,
    clock: systemClock,
    logger,
    newId: newUlid,
    rawLog: seen.log,
  };
  const close = async (): Promise<void> => {
    await archive.close();
    await opened.close();
    await nats.close();
  };
  try {
    const service = await startOf(name, deps, settings);
    const stop = async (): Promise<void> => {
      await service.stop();
      await close();
    };
    return { ...service, name, stop };
  } catch (error) {
    await close();
    throw explained(error, `start the ${name}`);
  }
}

/** `rawLog`: the log without its archive. */
type Deps = StartExecutorDeps & Omit<GatewayDeps, 'port' | 'host'> & Archive & { readonly rawLog: EventLog };

/** A process loads the services that it runs, and no other. */
async function startOf(name: ServiceName, deps: Deps, settings: ServiceSettings): Promise<StartedService> {
  const { inventoryFile, httpHost: host, httpPort: port, openLocally = false, telemetry } = settings;
  const page = openLocally && telemetry?.metrics !== undefined ? { metricsPage: telemetry.metrics } : {};
  switch (name) {
    case 'planner': {
      const { startPlanner } = await import('@sluice/planner');
      return startPlanner({ ...deps, ...settings.fetched, ...(inventoryFile === undefined ? {} : { inventoryFile }) });
    }
    case 'executor':
      return (await import('@sluice/executor')).startExecutor({
        ...deps,
        ...memberOf(settings),
        ...stateOf(settings),
        balancers: settings.balancers ?? [],
        capacity: settings.capacity ?? [],
      });
    case 'health-gate':
      return (await import('@sluice/health-gate')).startHealthGate({
        ...deps,
        ...gateOf(settings),
      });
    case 'notifier':
      return (await import('@sluice/notifier')).startNotifier({ ...deps, ...memberOf(settings) });
    case 'archiver':
      return archiverOf({ ...deps, log: deps.rawLog }, settings);
    case 'checkpointer':
      return checkpointerOf({ ...deps, log: deps.rawLog }, settings);
    case 'gateway':
      return (await import('@sluice/gateway')).startGateway({ ...deps, host, port, openLocally, ...page });
  }
}

const gateOf = ({ gateSources: sources = '', silentAfterMs }: ServiceSettings) =>
  silentAfterMs === undefined ? { sources } : { sources, silentAfterMs };

const memberOf = ({ leaseMs, memberId }: ServiceSettings) =>
  memberId === undefined ? { leaseMs } : { leaseMs, memberId };

/** Outside the store of the log: what is put back to an older copy must not take this along. */
export const placeFileIn = (dataDir: string): string => join(dataDir, 'executor-place.json');

const stateOf = ({ dataDir }: ServiceSettings): { readonly stateFile?: string } =>
  dataDir === undefined ? {} : { stateFile: placeFileIn(dataDir) };

/** What the first one says that cannot go on; pending while all can. */
export const firstFailure = (services: readonly RunningService[]): Promise<Error> =>
  Promise.race([...services.flatMap(({ failed }) => failed ?? []), new Promise<never>(() => undefined)]);

/** Stops in the opposite order of the start; one that does not stop in time is left behind. */
export async function stopAll(services: readonly RunningService[], graceMs: number): Promise<void> {
  for (const service of services.toReversed()) {
    await Promise.race([service.stop(), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
  }
}
