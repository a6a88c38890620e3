import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { resolveNatsServer } from '@sluice/config';
import { SluiceError } from '@sluice/kernel';

export interface NatsChild {
  /** `nats://127.0.0.1:<port>` */
  readonly url: string;
  readonly version: string;
  /** Resolves when it ends, asked or not. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface NatsChildOptions {
  readonly dataDir: string;
  /** 0 takes a free one. */
  readonly port: number;
}

const READY_MS = 20_000;
const STOP_MS = 10_000;
const KEPT_OUTPUT = 16_384;
const TRIES = 8;
const PAUSE_MS = 500;

/**
 * Stands between us and the server: it ends the server when our end of the pipe closes, be it by `kill -9`, and itself
 * when the server ends. In a process group of its own, so that Ctrl-C in a terminal reaches us alone and the services
 * drain before their server goes.
 */
const GUARD = `
exec 3<&0
"$0" -c "$1" </dev/null 3<&- &
server=$!
{ read -r _ <&3; kill -TERM "$server"; } 2>/dev/null &
guard=$!
exec 3<&-
wait "$server"
code=$?
kill "$guard" 2>/dev/null
exit "$code"
`;

/** A nats-server with JetStream on disk, every acknowledged write synced. Codes NATS_SERVER_MISSING, NATS_SERVER_FAILED. */
export async function startNatsChild({ dataDir, port }: NatsChildOptions): Promise<NatsChild> {
  const program = resolveNatsServer();
  const file = join(dataDir, 'nats.conf');
  await writeFile(file, configText(program.version, port, join(dataDir, 'nats')));
  for (let tries = 1; ; tries += 1) {
    try {
      return await launch(program.path, file, program.version);
    } catch (error) {
      // The server of an `up` that was killed may need a moment to let go of its port.
      if (tries === TRIES || !String(error).includes('address already in use')) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function configText(version: string, port: number, storeDir: string): string {
  // 2.9 refuses a configuration with sync_interval.
  const sync = /^2\.[0-9]\./.test(version) ? '' : 'sync_interval: always';
  return `listen: "127.0.0.1:${port === 0 ? -1 : port}"\njetstream { store_dir: ${JSON.stringify(storeDir)}, ${sync} }\n`;
}

async function launch(path: string, file: string, version: string): Promise<NatsChild> {
  const child = spawn('/bin/sh', ['-c', GUARD, path, file], { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
  const ended = once(child, 'exit').then(() => undefined);
  const stop = async (): Promise<void> => {
    child.stdin?.end();
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
  };
  child.stdin?.on('error', () => {});
  try {
    return { url: `nats://127.0.0.1:${await listeningPort(child)}`, version, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The port of the line that says where clients connect, once the server says that it is ready. */
function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(failed(`it was not ready in ${READY_MS} ms: ${output}`)), READY_MS);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    child.once('error', (cause) => settle(() => reject(failed(cause.message))));
    child.once('exit', (code) => settle(() => reject(failed(`it ended with code ${code ?? 'none'}: ${output}`))));
    child.stderr?.on('data', (chunk: Buffer) => {
      if (output.length > KEPT_OUTPUT) return;
      output += chunk.toString('utf8');
      const port = /client connections on \S+:(\d+)/.exec(output)?.[1];
      if (port !== undefined && output.includes('Server is ready')) settle(() => resolve(Number(port)));
    });
  });
}

const failed = (why: string): SluiceError =>
  new SluiceError('NATS_SERVER_FAILED', `the nats-server did not start: ${why}; --nats-port names another port`);
