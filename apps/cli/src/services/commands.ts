import type { Command } from 'commander';

import type { AgentConfig } from '@sluice/agent';
import { loadConfig, type SluiceConfig } from '@sluice/config';
import { connectNats, provision, type RunningService } from '@sluice/messaging';
import { createLogger, systemClock } from '@sluice/observability';

import { CliError, EXIT } from '../client/exit.js';
import { countArgument, type Surroundings } from '../commands/shell.js';
import { stopSignal } from './signals.js';
import { SERVICES, type ServiceName, startService, stopAll } from './starting.js';
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
  program
    .command('agent')
    .description('run the agent of this host until SIGTERM; its apps live on')
    .argument('[file]', 'its configuration, YAML or JSON')
    .option('--config <file>', 'the same')
    .option('--host <name>', 'without a file: the name of this host')
    .option('--app <name>', 'the app that it runs')
    .option('--group <name>', 'the group that it belongs to')
    .option('--port <port>', 'where the app listens', countArgument)
    .option('--data-dir <folder>', 'journal, releases and states')
    .action(async (file: string | undefined, options: AgentOptions) => runAgent(file ?? options.config, options));
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
  waitMs: config.natsWait,
  logLevel: config.logLevel,
  httpHost: config.httpHost,
  httpPort: config.httpPort,
});

/** Creates what is missing; safe while other services do the same. */
export async function provisioned(name: string, config: SluiceConfig): Promise<void> {
  const { natsUrl: servers, natsWait: waitMs, natsReplicas: replicas, leaseTime, notifyRetention } = config;
  const logger = createLogger(name, config.logLevel);
  const nats = await connectNats({ servers, name: `sluice ${name} set-up`, waitMs, log: logger });
  try {
    const { warnings } = await provision(nats, { replicas, leaseMs: leaseTime, notifyRetentionMs: notifyRetention });
    for (const warning of warnings) logger.warn({}, warning);
  } finally {
    await nats.close();
  }
}

async function untilStopped(services: readonly RunningService[], graceMs: number): Promise<void> {
  await stopSignal();
  await stopAll(services, graceMs);
}

interface AgentOptions {
  readonly config?: string;
  readonly host?: string;
  readonly app?: string;
  readonly group?: string;
  readonly port?: number;
  readonly dataDir?: string;
}

async function runAgent(file: string | undefined, options: AgentOptions): Promise<void> {
  const { AGENT_VERSION, readAgentConfig, startAgent } = await import('@sluice/agent');
  const settings = loadConfig();
  const { nats: servers = settings.natsUrl, ...config } =
    file === undefined ? fromOptions(options, settings) : await readAgentConfig(file);
  const logger = createLogger('agent', settings.logLevel);
  const nats = await connectNats({
    servers,
    name: `sluice agent ${config.host}`,
    waitMs: settings.natsWait,
    log: logger,
  });
  const telemetry = await openTelemetry(settings);
  const { metrics, tracing } = telemetry;
  const agent = await startAgent({
    ...config,
    ...{ nats, clock: systemClock, logger, version: AGENT_VERSION },
    ...(metrics === undefined ? {} : { metrics }),
    ...(tracing === undefined ? {} : { spans: tracing.sinkOf('agent') }),
  });
  await untilStopped([telemetry, agent], settings.shutdownGrace);
  await nats.close();
}

function fromOptions({ host, app, group, port, dataDir }: AgentOptions, settings: SluiceConfig): AgentConfig {
  if (host === undefined || app === undefined || group === undefined) {
    throw new CliError(EXIT.usage, 'an agent needs a configuration file, or --host, --app and --group');
  }
  return {
    host,
    labels: {},
    dataDir: dataDir ?? settings.dataDir,
    apps: [{ app, group, ...(port === undefined ? {} : { port }) }],
  };
}
