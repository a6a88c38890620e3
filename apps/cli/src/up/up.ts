import { join, resolve } from 'node:path';

import type { SluiceConfig } from '@sluice/config';
import type { RunningService } from '@sluice/messaging';
import type { LogLevel } from '@sluice/observability';

import { checkpointsOf } from '../services/checkpoints.js';
import { archiveOf, fetchedOf, provisioned } from '../services/commands.js';
import {
  firstFailure,
  type ServiceName,
  SERVICES,
  type StartedService,
  startService,
  stopAll,
} from '../services/starting.js';
import { openTelemetry, type Telemetry } from '../services/telemetry.js';
import { type DemoFleet, startDemoFleet } from './demo-fleet.js';
import { lockFolder } from './lock.js';
import { startNatsChild } from './nats-child.js';

export interface UpOptions {
  readonly dataDir: string;
  readonly httpHost: string;
  /** 0 takes a free one. */
  readonly httpPort: number;
  readonly natsPort: number;
  readonly logLevel: LogLevel;
  readonly inventoryFile?: string;
  readonly demoFleet: boolean;
  /** Which of them run in this process; the others run elsewhere on the same nats-server. */
  readonly services: readonly ServiceName[];
  readonly config: SluiceConfig;
}

export interface RunningUp extends RunningService {
  readonly url: string;
  readonly natsUrl: string;
  readonly fleet?: DemoFleet;
  /** Resolves when the nats-server ended without being asked. */
  readonly natsEnded: Promise<void>;
}

/**
 * The embedded default: a nats-server child that stores on disk, and every service in this process.
 * Codes ALREADY_UP, NATS_SERVER_MISSING, NATS_SERVER_FAILED, LOG_MISSING, INVENTORY_INVALID; EADDRINUSE for the API.
 */
export async function startUp(options: UpOptions): Promise<RunningUp> {
  const dataDir = resolve(options.dataDir);
  const undo: RunningService[] = [];
  const stop = (): Promise<void> => stopAll(undo, options.config.shutdownGrace + 5_000);
  try {
    const unlock = await lockFolder(dataDir);
    undo.push({ name: 'lock', stop: unlock });
    const telemetry = await openTelemetry(options.config, { metrics: true });
    undo.push(telemetry);
    const nats = await startNatsChild({ dataDir, port: options.natsPort });
    undo.push({ name: 'nats-server', stop: () => nats.stop() });
    const fleet = options.demoFleet
      ? await startDemoFleet({ dataDir, natsUrl: nats.url, logLevel: options.logLevel, telemetry })
      : undefined;
    if (fleet !== undefined) undo.push(fleet);
    const inventoryFile = options.inventoryFile ?? fleet?.inventoryFile;
    const url = await startServices(
      { ...options, telemetry, ...(inventoryFile === undefined ? {} : { inventoryFile }) },
      nats.url,
      undo,
    );
    let stopping: Promise<void> | undefined;
    return {
      name: 'up',
      failed: firstFailure(undo),
      url,
      natsUrl: nats.url,
      natsEnded: nats.ended,
      ...(fleet === undefined ? {} : { fleet }),
      stop: () => (stopping ??= stop()),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface WithTelemetry {
  readonly telemetry: Telemetry;
}

async function startServices(
  options: UpOptions & WithTelemetry,
  natsUrl: string,
  undo: RunningService[],
): Promise<string> {
  const { config, logLevel, httpHost, httpPort, inventoryFile, telemetry } = options;
  const dataDir = resolve(options.dataDir);
  await provisioned('up', { ...config, natsUrl, natsReplicas: 1, logLevel, dataDir });
  const settings = {
    servers: natsUrl,
    log: { url: config.log, credentials: config.logCredentials },
    waitMs: config.natsWait,
    leaseMs: config.leaseTime,
    // One data folder has one `up`: what it held before a crash it takes back at once.
    memberId: 'up',
    logLevel,
    httpHost,
    httpPort,
    openLocally: true,
    dataDir,
    balancers: config.balancers,
    capacity: config.capacity,
    fetched: fetchedOf(config),
    silentAfterMs: config.silentAfter,
    gateSources: config.gateSources,
    // KurrentDB keeps everything: nothing moves into an archive.
    ...(config.log === 'nats' ? archiveOf(config, join(dataDir, 'archive')) : {}),
    ...checkpointsOf(config, dataDir),
    telemetry,
    ...(inventoryFile === undefined ? {} : { inventoryFile }),
  };
  let url = '';
  for (const name of SERVICES.filter((service) => options.services.includes(service))) {
    if (name === 'archiver' && !('archive' in settings)) continue;
    if (name === 'checkpointer' && !('checkpoints' in settings)) continue;
    const service: StartedService = await startService(name, settings);
    undo.push(service);
    url = service.url ?? url;
  }
  return url;
}
