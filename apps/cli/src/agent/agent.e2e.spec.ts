import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { NatsConnection } from '@nats-io/nats-core';
import { type Hello, parseHello, SUBJECTS } from '@sluice/contracts';
import { connectNats } from '@sluice/messaging';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

let folder: string;
let server: RunningNatsServer;
let nats: NatsConnection;
const hellos: Hello[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-agent-command-'));
  server = await startNatsServer();
  nats = await connectNats({ servers: server.url, name: 'test' });
  nats.subscribe(SUBJECTS.hello('web-01'), {
    callback: (_error, message) => void hellos.push(parseHello(message.data)),
  });
  await nats.flush();
});
afterAll(async () => {
  await nats.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const nextHello = (): Promise<Hello> => {
  hellos.length = 0;
  return vi.waitFor(
    () => {
      const hello = hellos.at(-1);
      if (hello === undefined) throw new Error('no hello');
      return hello;
    },
    { timeout: 20_000, interval: 50 },
  );
};

const pidOfAgent = (): number => {
  const holder: unknown = JSON.parse(readFileSync(join(folder, 'data/agent.lock'), 'utf8'));
  return typeof holder === 'object' && holder !== null && 'pid' in holder ? Number(holder.pid) : 0;
};

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('sluice agent --supervise', () => {
  it('runs the agent as its child, starts it again when it dies, and ends it when it is told to end', async () => {
    const file = join(folder, 'agent.yaml');
    const lines = ['host: web-01', 'dataDir: data', `nats: ${server.url}`, 'helloInterval: 200ms'];
    await writeFile(file, `${lines.join('\n')}\napps: [{ app: hello, group: hello-web, port: 8080 }]\n`);
    const child: ChildProcess = spawn(process.execPath, [MAIN, 'agent', '--supervise', file], {
      stdio: 'ignore',
    });
    await nextHello();
    const first = pidOfAgent();
    expect(first).not.toBe(child.pid);
    process.kill(first, 'SIGKILL');
    await vi.waitFor(() => expect(pidOfAgent()).not.toBe(first), { timeout: 20_000 });
    await nextHello();
    const second = pidOfAgent();

    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(lives(second)).toBe(false);
  });
});
