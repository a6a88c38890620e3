import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server of the backend `hello`: its name, and the port on loopback that the configuration gives it. */
export interface HaproxyServer {
  readonly name: string;
  readonly port: number;
  /** Its share from the start, such as 0 for a side that is dark; HAProxy's default when absent. */
  readonly weight?: number;
}

/** A real HAProxy on unix sockets alone. */
export interface RunningHaproxy {
  /** Path of the socket of its runtime API. */
  readonly admin: string;
  /** Path of the socket that takes requests. */
  readonly door: string;
  /** What a client of it gets; undefined when nobody answers with 200. */
  get(path?: string): Promise<string | undefined>;
  /** SIGKILL: it answers nobody any more. */
  kill(): Promise<void>;
  /** With the configuration that it had: what was set at run time is forgotten. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const READY_MS = 30_000;

/** Debian has it where only root looks by default. */
const PROGRAM = ['haproxy', '/usr/sbin/haproxy'].find((each) => spawnSync(each, ['-v']).error === undefined);

/** Tests that need one are skipped by name then, with `NO_HAPROXY` said aloud. */
export const haproxyMissing = PROGRAM === undefined;
export const NO_HAPROXY = 'skipped: no haproxy here (apt-get install haproxy), load balancers are not checked\n';

export async function startHaproxy(servers: readonly HaproxyServer[]): Promise<RunningHaproxy> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-haproxy-'));
  const [admin, door, config] = [join(folder, 'admin.sock'), join(folder, 'door.sock'), join(folder, 'haproxy.cfg')];
  await writeFile(config, configText({ admin, door, servers }));
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  const start = async (): Promise<void> => {
    await kill();
    child = await launch(config, admin);
  };
  await start();
  return {
    admin,
    door,
    get: (path = '/') => getThrough(door, path),
    kill,
    start,
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Config {
  readonly admin: string;
  readonly door: string;
  readonly servers: readonly HaproxyServer[];
}

/** In quotes: a folder for temporary files may have a space in its name. */
const configText = ({ admin, door, servers }: Config): string =>
  [
    'global',
    `  stats socket '${admin}' mode 600 level admin`,
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 60s',
    '  timeout server 60s',
    'frontend door',
    `  bind 'unix@${door}'`,
    '  default_backend hello',
    'backend hello',
    '  balance roundrobin',
    ...servers.map(
      ({ name, port, weight }) =>
        `  server ${name} 127.0.0.1:${port}${weight === undefined ? '' : ` weight ${weight}`}`,
    ),
    '',
  ].join('\n');

async function launch(config: string, admin: string): Promise<ChildProcess> {
  const child = spawn(PROGRAM ?? 'haproxy', ['-db', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
  const until = Date.now() + READY_MS;
  while (!(await answers(admin))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`haproxy did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return child;
}

/** A socket file of one that was killed is there and takes no connection. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });

const getThrough = (socketPath: string, path: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    request({ socketPath, path, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(response.statusCode === 200 ? text : undefined));
    })
      .on('error', () => resolve(undefined))
      .end();
  });
