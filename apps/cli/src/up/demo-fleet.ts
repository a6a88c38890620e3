import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { AGENT_VERSION, startAgent } from '@sluice/agent';
import type { InventoryDocument } from '@sluice/contracts';
import { connectNats, type RunningService } from '@sluice/messaging';
import { createLogger, type LogLevel, systemClock } from '@sluice/observability';

import type { Telemetry } from '../services/telemetry.js';
import { packHello, type PackedRelease } from './hello.js';

interface Host {
  readonly host: string;
  readonly group: string;
  readonly port: number;
}

export interface DemoFleet extends RunningService {
  readonly inventoryFile: string;
  readonly hosts: readonly Host[];
  /** 1.0.0 and 2.0.0 work; 3.0.0 fails its verify everywhere. */
  readonly releases: readonly PackedRelease[];
}

interface DemoFleetOptions {
  readonly dataDir: string;
  readonly natsUrl: string;
  readonly logLevel: LogLevel;
  readonly telemetry: Telemetry;
}

const GROUPS = [
  { name: 'hello-web', environment: 'production', hosts: ['web-01', 'web-02', 'web-03', 'web-04'] },
  { name: 'hello-test', environment: 'test', hosts: ['test-01', 'test-02'] },
] as const;

/** Six hosts in two groups: an agent each, in this process, with a small HTTP app to roll out. */
export async function startDemoFleet({
  dataDir,
  natsUrl,
  logLevel,
  telemetry: { metrics, tracing },
}: DemoFleetOptions): Promise<DemoFleet> {
  const folder = join(dataDir, 'demo');
  await mkdir(folder, { recursive: true });
  const hosts = await hostsIn(folder);
  const inventoryFile = join(folder, 'inventory.json');
  await writeFile(inventoryFile, JSON.stringify(inventoryOf(), null, 2));
  const releases = await Promise.all([
    packHello({ version: '1.0.0' }, join(folder, 'artifacts')),
    packHello({ version: '2.0.0' }, join(folder, 'artifacts')),
    packHello({ version: '3.0.0', failVerifyOn: 'all' }, join(folder, 'artifacts')),
  ]);
  const logger = createLogger('agent', logLevel);
  const nats = await connectNats({ servers: natsUrl, name: 'sluice demo fleet', log: logger });
  const seen = {
    ...(metrics === undefined ? {} : { metrics }),
    ...(tracing === undefined ? {} : { spans: tracing.sinkOf('agent') }),
  };
  const agents: RunningService[] = [];
  for (const { host, group, port } of hosts) {
    const apps = [{ app: 'hello', group, port }];
    const own = { host, address: '127.0.0.1', dataDir: join(folder, 'hosts', host), version: AGENT_VERSION, apps };
    agents.push(await startAgent({ ...own, ...seen, nats, clock: systemClock, logger, helloIntervalMs: 2_000 }));
  }
  const stop = async (): Promise<void> => {
    await Promise.all(agents.map((agent) => agent.stop()));
    await nats.close();
    await Promise.all(hosts.map(({ host }) => endApp(join(folder, 'hosts', host))));
  };
  return { name: 'demo fleet', inventoryFile, hosts, releases, stop };
}

const inventoryOf = (): InventoryDocument => ({
  groups: GROUPS.map(({ name, environment, hosts }) => ({
    name,
    app: 'hello',
    environment,
    profile: { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 5_000 },
    verify: { path: '/health', status: 200, successes: 2, interval: '200ms' },
    startTimeout: '10s',
    drainWindow: '200ms',
    members: hosts,
  })),
});

/** The same ports at each start: apps that outlived a crash are found where they were. */
async function hostsIn(folder: string): Promise<readonly Host[]> {
  const path = join(folder, 'hosts.json');
  try {
    return JSON.parse(await readFile(path, 'utf8')) as readonly Host[];
  } catch {
    const hosts: Host[] = [];
    for (const { name, hosts: names } of GROUPS)
      for (const host of names) hosts.push({ host, group: name, port: await freePort() });
    await writeFile(path, JSON.stringify(hosts, null, 2));
    return hosts;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/**
 * Agents leave their apps running when they stop; a demo leaves nothing. Only a process that works in the host's own
 * folder is ended: its id may belong to somebody else by now.
 */
async function endApp(hostDir: string): Promise<void> {
  try {
    const state = JSON.parse(await readFile(join(hostDir, 'apps', 'hello', 'state.json'), 'utf8')) as {
      running: { pid?: number } | null;
    };
    const pid = state.running?.pid;
    if (pid !== undefined && (await readlink(`/proc/${pid}/cwd`)).startsWith(hostDir)) process.kill(pid, 'SIGTERM');
  } catch {
    // Nothing was installed, or it has ended already.
  }
}
