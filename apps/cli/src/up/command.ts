import { type Command, InvalidArgumentError } from 'commander';

import { loadConfig } from '@sluice/config';
import type { LogLevel } from '@sluice/observability';

import { Api } from '../client/api.js';
import { CliError, EXIT } from '../client/exit.js';
import { countArgument, type Surroundings } from '../commands/shell.js';
import { stopSignal } from '../services/signals.js';
import { type ServiceName, SERVICES } from '../services/starting.js';
import { requestFirst } from './first-rollout.js';
import type { RunningUp } from './up.js';
import { welcome } from './welcome.js';

interface Options {
  readonly dataDir?: string;
  readonly httpHost?: string;
  readonly httpPort?: number;
  readonly natsPort: number;
  readonly demoFleet?: boolean;
  readonly inventory?: string;
  readonly services?: readonly ServiceName[];
  readonly logLevel: LogLevel;
}

/** `planner,gateway`: names of services, each once. */
function servicesArgument(text: string): readonly ServiceName[] {
  const names = new Set(text.split(','));
  const known = SERVICES.filter((name) => names.delete(name));
  if (names.size > 0) throw new InvalidArgumentError(`services are ${SERVICES.join(', ')}`);
  return known;
}

export function addUp(program: Command, surroundings: Surroundings): void {
  program
    .command('up')
    .description('everything in one process, with a nats-server child that stores in the data folder')
    .option('--data-dir <folder>', 'what is kept (SLUICE_DATA_DIR; var)')
    .option('--http-host <address>', 'where the API listens (SLUICE_HTTP_HOST; 127.0.0.1)')
    .option('--http-port <port>', 'its port; 0 takes a free one (SLUICE_HTTP_PORT; 7811)', countArgument)
    .option('--nats-port <port>', 'port of the nats-server; 0 takes a free one', countArgument, 4222)
    .option('--inventory <file>', 'groups and their members, YAML or JSON')
    .option('--services <names>', 'only these, the others run elsewhere: planner,executor,...', servicesArgument)
    .option('--demo-fleet', 'six hosts in two groups to play with')
    .option('--log-level <level>', 'lowest level that is written to stderr', 'warn')
    .action(async (options: Options) => runUp(options, surroundings));
}

async function runUp(options: Options, surroundings: Surroundings): Promise<void> {
  const config = loadConfig();
  const stopped = stopSignal();
  const { startUp } = await import('./up.js');
  const up = await startUp({
    config,
    dataDir: options.dataDir ?? config.dataDir,
    httpHost: options.httpHost ?? config.httpHost,
    httpPort: options.httpPort ?? config.httpPort,
    natsPort: options.natsPort,
    logLevel: options.logLevel,
    demoFleet: options.demoFleet === true,
    services: options.services ?? SERVICES,
    ...(options.inventory === undefined ? {} : { inventoryFile: options.inventory }),
  });
  try {
    for (const line of welcome(up)) surroundings.out(line);
    if (up.fleet !== undefined) await firstRollout(up, surroundings);
    const why = await Promise.race([stopped, failureOf(up)]);
    if (why instanceof Error) throw why;
    surroundings.out(`${why}: stopping`);
  } finally {
    await up.stop();
  }
}

/** Why everything stops though nobody said so. */
async function failureOf({ natsEnded, failed }: RunningUp): Promise<Error> {
  const lost = natsEnded.then(
    () =>
      new CliError(
        EXIT.error,
        'the nats-server ended: everything stops; start again, what was acknowledged is on disk',
      ),
  );
  return Promise.race([lost, ...(failed === undefined ? [] : [failed])]);
}

async function firstRollout(up: RunningUp, { newId, sleep, out }: Surroundings): Promise<void> {
  if (up.fleet === undefined) return;
  const { apiToken: token } = loadConfig();
  const api = new Api({ url: up.url, newId, sleep, actor: 'service:demo', ...(token === '' ? {} : { token }) });
  try {
    await requestFirst(api, up.fleet);
  } catch (error) {
    if (!(error instanceof CliError) || error.exit !== EXIT.notAllowed) throw error;
    out('This installation wants tokens: the demo fleet gets its first version when somebody requests it.');
    return;
  }
  out('The demo fleet gets its first version now: sluice list shows how far it is.');
}
