import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, vi } from 'vitest';

import { askHaproxy, type HaproxyAddress } from './haproxy-socket.js';

/** Debian has it where only root looks by default. */
const PROGRAM = ['haproxy', '/usr/sbin/haproxy'].find((each) => spawnSync(each, ['-v']).error === undefined);

export const haproxyMissing = PROGRAM === undefined;
export const SKIPPED = 'skipped: no haproxy here (apt-get install haproxy), its adapter is not checked\n';

/** One host's app: it answers with its name, and to `/slow` only when it is let go. */
export interface Backend {
  readonly name: string;
  readonly port: number;
  readonly letGo: () => void;
  readonly stop: () => Promise<void>;
}

export async function startBackend(name: string): Promise<Backend> {
  const slow: (() => void)[] = [];
  const server: Server = createServer((asked, response) => {
    if (asked.url === '/slow') slow.push(() => response.end(name));
    else response.end(name);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    name,
    port,
    letGo: () => slow.splice(0).forEach((answer) => answer()),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Haproxy {
  readonly admin: HaproxyAddress & { readonly path: string };
  /** What a client gets; undefined when nobody answers. */
  readonly get: (path?: string) => Promise<string | undefined>;
  /** Which servers take requests now. */
  readonly serving: () => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

/** A real HAProxy with the servers of backend `hello`, on unix sockets alone. It is ended by its own process id. */
export async function startHaproxy(servers: readonly Pick<Backend, 'name' | 'port'>[]): Promise<Haproxy> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-haproxy-'));
  const [admin, door, config] = ['admin.sock', 'door.sock', 'haproxy.cfg'].map((file) => join(folder, file)) as [
    string,
    string,
    string,
  ];
  const lines = [
    'global',
    `  stats socket ${admin} mode 600 level admin`,
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 60s',
    '  timeout server 60s',
    'frontend door',
    `  bind unix@${door}`,
    '  default_backend hello',
    'backend hello',
    '  balance roundrobin',
    ...servers.map(({ name, port }) => `  server ${name} 127.0.0.1:${port}`),
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  const child = spawn(PROGRAM ?? 'haproxy', ['-db', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await vi
    .waitFor(() => askHaproxy({ path: admin }, 'show info'), { timeout: 30_000, interval: 50 })
    .catch(() => {
      throw new Error(`haproxy did not start: ${said}`);
    });
  const get = (path = '/'): Promise<string | undefined> => getThrough(door, path);
  return {
    admin: { path: admin },
    get,
    serving: async () => {
      const names = new Set<string>();
      for (let i = 0; i < servers.length * 3; i += 1) names.add((await get()) ?? '');
      return [...names].toSorted();
    },
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function getThrough(socketPath: string, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    request({ socketPath, path, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(response.statusCode === 200 ? text : undefined));
    })
      .on('error', () => resolve(undefined))
      .end();
  });
}

export const eventually = (check: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(check, { timeout: 30_000, interval: 50 });

/** Code of what a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const error: unknown = await promise.then(
    () => expect.fail('it was done'),
    (reason: unknown) => reason,
  );
  return error instanceof Error && 'code' in error ? error.code : error;
}
