import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { resolveNatsServer, type NatsServerProgram } from '@sluice/config';
import { SluiceError } from '@sluice/kernel';

export interface NatsServerOptions {
  /** Lines put at the end of the server's configuration file. */
  readonly configExtra?: string;
  /** Where JetStream stores; a temporary folder, removed by `stop`, when absent. */
  readonly storeDir?: string;
  /** A free port when absent. */
  readonly port?: number;
}

/** A real nats-server with JetStream on disk, listening on loopback. */
export interface RunningNatsServer {
  /** `nats://127.0.0.1:<port>`; stays the same over a restart. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly storeDir: string;
  readonly version: string;
  /** Ends it in peace and removes a temporary store. */
  stop(): Promise<void>;
  /** SIGKILL; what it stored stays, and `restart` brings it back. */
  kill(): Promise<void>;
  /** Starts it again on the same port and store; one that still runs is ended with SIGTERM first. */
  restart(): Promise<void>;
}

const READY_MS = 15_000;
const STOP_MS = 5_000;
const KEPT_OUTPUT = 16_384;

/** Starts a server of its own for a test. Codes NATS_SERVER_MISSING, NATS_SERVER_FAILED (with what it said). */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<RunningNatsServer> {
  const program = resolveNatsServer();
  const home = await mkdtemp(join(tmpdir(), 'sluice-nats-'));
  const storeDir = options.storeDir ?? join(home, 'store');
  const launch = async (port: number): Promise<Launched> => {
    const file = join(home, 'server.conf');
    await writeFile(file, configText({ program, port, storeDir, extra: options.configExtra ?? '' }));
    return launchServer(program.path, file);
  };
  const removeHome = (): Promise<void> => rm(home, { recursive: true, force: true, maxRetries: 5 });
  try {
    const first = await launch(options.port ?? -1);
    return handleOf({ first, launch, storeDir, version: program.version, removeHome });
  } catch (error) {
    await removeHome();
    throw error;
  }
}

interface Launched {
  readonly child: ChildProcess;
  readonly port: number;
  readonly pid: number;
}

interface Parts {
  readonly first: Launched;
  readonly launch: (port: number) => Promise<Launched>;
  readonly storeDir: string;
  readonly version: string;
  readonly removeHome: () => Promise<void>;
}

function handleOf({ first, launch, storeDir, version, removeHome }: Parts): RunningNatsServer {
  let current = first;
  const { port } = first;
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    get pid() {
      return current.pid;
    },
    storeDir,
    version,
    kill: () => end(current.child, 'SIGKILL'),
    restart: async () => {
      await end(current.child, 'SIGTERM');
      current = await launch(port);
    },
    stop: async () => {
      await end(current.child, 'SIGTERM');
      await removeHome();
    },
  };
}

interface ConfigParts {
  readonly program: NatsServerProgram;
  readonly port: number;
  readonly storeDir: string;
  readonly extra: string;
}

function configText({ program, port, storeDir, extra }: ConfigParts): string {
  // 2.9 refuses a configuration with sync_interval.
  const sync = /^2\.[0-9]\./.test(program.version) ? '' : 'sync_interval: always';
  const store = JSON.stringify(storeDir);
  return `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${store}, ${sync} }\n${extra}\n`;
}

async function launchServer(path: string, configFile: string): Promise<Launched> {
  const child = spawn(path, ['-c', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  const onParentExit = (): void => void child.kill('SIGKILL');
  process.once('exit', onParentExit);
  child.once('exit', () => process.removeListener('exit', onParentExit));
  try {
    const port = await listeningPort(child);
    if (child.pid === undefined) throw failed('it has no process id');
    return { child, port, pid: child.pid };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** The port of the line that says where clients connect, once the server says that it is ready. */
function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(failed(`it was not ready in ${READY_MS} ms: ${output}`)), READY_MS);
    child.once('error', (cause) => reject(failed(cause.message)));
    child.once('exit', (code) => reject(failed(`it ended with code ${code ?? 'none'}: ${output}`)));
    child.once('exit', () => clearTimeout(timer));
    child.stderr?.on('data', (chunk: Buffer) => {
      if (output.length > KEPT_OUTPUT) return;
      output += chunk.toString('utf8');
      const port = /client connections on \S+:(\d+)/.exec(output)?.[1];
      if (port === undefined || !output.includes('Server is ready')) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}

const failed = (why: string): SluiceError =>
  new SluiceError('NATS_SERVER_FAILED', `the nats-server of a test did not start: ${why}`);

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}
