import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

interface Up {
  readonly child: ChildProcess;
  readonly url: string;
  readonly natsPort: number;
}

/** The program as `npm run build` wrote it, as a process of its own. */
async function start(folder: string): Promise<Up> {
  const args = [MAIN, 'up', '--data-dir', folder, '--http-port', '0', '--nats-port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (output += piece.toString()));
  return vi.waitFor(
    () => {
      const url = /API listens at (http:\S+)/.exec(output)?.[1];
      const port = /NATS at nats:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (url === undefined || port === undefined) throw new Error(`not up: ${output}`);
      return { child, url, natsPort: Number(port) };
    },
    { timeout: 30_000, interval: 100 },
  );
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

const untilSilent = (port: number): Promise<void> =>
  vi.waitFor(
    async () => {
      if (await listens(port)) throw new Error(`port ${port} is still served`);
    },
    { timeout: 10_000, interval: 50 },
  );

const GROUP = { app: 'hello', environment: 'test', members: ['a', 'b'] };

describe('sluice up as a process', () => {
  let folder: string;
  let started: Up[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-up-'));
    started = [];
  });
  afterEach(async () => {
    for (const { child, natsPort } of started) {
      child.kill('SIGKILL');
      await untilSilent(natsPort);
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const up = async (): Promise<Up> => {
    const running = await start(folder);
    started.push(running);
    return running;
  };

  const groupNames = async (url: string): Promise<readonly string[]> => {
    const page = (await (await fetch(`${url}/v1/groups`)).json()) as { items: { name: string }[] };
    return page.items.map(({ name }) => name);
  };

  it('takes its nats-server with it when it is killed, and finds everything again', async () => {
    const first = await up();
    const put = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(GROUP) };
    expect((await fetch(`${first.url}/v1/inventory/groups/web`, put)).status).toBe(200);
    first.child.kill('SIGKILL');
    await untilSilent(first.natsPort);
    const second = await up();
    await vi.waitFor(async () => expect(await groupNames(second.url)).toEqual(['web']), { timeout: 10_000 });
  });

  it('stops in order on SIGTERM and ends with 0', async () => {
    const { child, natsPort } = await up();
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
    expect(await listens(natsPort)).toBe(false);
  });
});
