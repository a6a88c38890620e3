import type { Command } from 'commander';

import { loadConfig, readSecret, type SluiceConfig } from '@sluice/config';
import { connectNats, loginOf, provision, type RunningService } from '@sluice/messaging';
import { createLogger, systemClock } from '@sluice/observability';

import type { Surroundings } from '../commands/shell.js';
import { checkpointsOf } from './checkpoints.js';
import { patiently } from './patience.js';
import { stopSignal } from './signals.js';
import { firstFailure, placeFileIn, SERVICES, type ServiceName, startService, stopAll } from './starting.js';
import { openTelemetry } from './telemetry.js';

/** One service as a process of its own, as docker-compose runs them. */
export function addServices(program: Command, surroundings: Surroundings): void {
  for (const name of SERVICES) {
    program
      .command(name)
      .description(`run the ${name} on the NATS of SLUICE_NATS_URL until SIGTERM`)
      .option('--inventory <file>', 'planner: groups and members, YAML or JSON')
      .action(async (options: { inventory?: string }) => runService(name, options.inventory, surroundings));
  }
}

async function runService(name: ServiceName, inventoryFile: string | undefined, { out }: Surroundings): Promise<void> {
  const config = loadConfig();
  await provisioned(name, config);
  const telemetry = await openTelemetry(config);
  if (telemetry.url !== undefined) out(`metrics at ${telemetry.url}`);
  const service = await startService(name, {
    ...settingsOf(config),
    telemetry,
    ...(inventoryFile === undefined ? {} : { inventoryFile }),
  });
  if (service.url !== undefined) out(`the API listens at ${service.url}`);
  await untilStopped([telemetry, service], config.shutdownGrace);
}

export const settingsOf = (config: SluiceConfig) => ({
  servers: config.natsUrl,
  natsCredentials: config.natsCredentials,
  log: { url: config.log, credentials: config.logCredentials },
  waitMs: config.natsWait,
  leaseMs: config.leaseTime,
  logLevel: config.logLevel,
  httpHost: config.httpHost,
  httpPort: config.httpPort,
  dataDir: config.dataDir,
  balancers: config.balancers,
  capacity: config.capacity,
  fetched: fetchedOf(config),
  silentAfterMs: config.silentAfter,
  gateSources: config.gateSources,
  ...archiveOf(config),
  ...checkpointsOf(config, config.dataDir),
});

/** Nothing when no folder was named, neither by the configuration nor by who starts the services. */
export const archiveOf = ({ archive, archiveAfter: afterMs }: SluiceConfig, fallback?: string) => {
  const folder = archive ?? fallback;
  return folder === undefined ? {} : { archive: { folder, afterMs } };
};

/** What the planner is told of a CMDB. */
export const fetchedOf = (config: SluiceConfig) => ({
  memberLifeMs: config.memberLife,
  ...(config.inventoryMaxAge === undefined ? {} : { maxAgeMs: config.inventoryMaxAge }),
  ...cmdbOf(config),
});

const cmdbOf = ({ cmdbUrl: url, cmdbCredential: credential, cmdbTimeout: timeoutMs }: SluiceConfig) =>
  url === undefined
    ? {}
    : { cmdb: { url, timeoutMs, ...(credential === undefined ? {} : { credential: () => readSecret(credential) }) } };

/** Creates what is missing; safe while other services do the same. */
export async function provisioned(name: string, config: SluiceConfig): Promise<void> {
  const { natsUrl: servers, natsWait: waitMs, natsReplicas: replicas, leaseTime, notifyRetention } = config;
  const logger = createLogger(name, config.logLevel);
  const login = loginOf(config.natsCredentials);
  const nats = await connectNats({ servers, name: `sluice ${name} set-up`, waitMs, log: logger, ...login });
  try {
    const options = { replicas, leaseMs: leaseTime, notifyRetentionMs: notifyRetention };
    const place = await remembered(name, config);
    const patience = { clock: systemClock, waitMs, doing: 'provision the streams', log: logger };
    const { warnings } = await patiently(() => provision(nats, { ...options, ...place }), patience);
    for (const warning of warnings) logger.warn({}, warning);
  } finally {
    await nats.close();
  }
}

/** How far an executor of this data folder has seen the log: what was there once is not made anew. */
async function remembered(name: string, { dataDir }: SluiceConfig): Promise<{ readonly rememberedPosition?: number }> {
  if (name !== 'executor' && name !== 'up') return {};
  const { PlaceFile } = await import('@sluice/executor');
  const place = await new PlaceFile(placeFileIn(dataDir)).load();
  return place === undefined ? {} : { rememberedPosition: place.position };
}

/** Until a signal, or until one of them cannot go on: then it throws what that one says. */
async function untilStopped(services: readonly RunningService[], graceMs: number): Promise<void> {
  const fault = await Promise.race([stopSignal().then(() => undefined), firstFailure(services)]);
  await stopAll(services, graceMs);
  if (fault !== undefined) throw fault;
}
