import { mkdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { type Processes, until } from './processes.js';
import { SERVICES, shopApp, shopEntry, shopEnv, shopGroup, shopHost, type ShopPorts, SIDES } from './shop.js';

export const APP = 'hello';
export const PROD = 'hello-prod';
export const EDGE = 'hello-edge';

/** Twelve hosts in two groups, one agent process each. */
export const HOSTS: Readonly<Record<string, readonly string[]>> = {
  [PROD]: Array.from({ length: 8 }, (_, i) => `web-${String(i + 1).padStart(2, '0')}`),
  [EDGE]: Array.from({ length: 4 }, (_, i) => `edge-${String(i + 1).padStart(2, '0')}`),
};

/** A fleet whose hosts nobody lists: they join by asking. One of its variables is ramped by rollouts of this group. */
export const POLLERS = 'backend';
export const DOCKER = 'docker';
const RAMPED = { name: DOCKER, app: 'platform', environment: 'production', fleet: { name: POLLERS } };

export const ALL_HOSTS: readonly string[] = Object.values(HOSTS).flat();

const profile = { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 3_000 };
const verify = { path: '/health', successes: 2, interval: '100ms' };

/** The inventory file of `sluice up`. */
export function writeInventory(file: string, hasBalancer: boolean): void {
  const entry = (name: string, app: string, members: readonly string[]) => ({
    ...{ name, app, environment: 'production', profile, verify, startTimeout: '3s', drainWindow: '400ms', members },
  });
  const hello = Object.entries(HOSTS).map(([name, members]) => entry(name, APP, members));
  const shop = SIDES.flatMap((side) =>
    SERVICES.map((service) => entry(shopGroup(service, side), shopApp(service), [shopHost(side)])),
  );
  writeFileSync(file, stringify({ groups: [...hello, ...shop, shopEntry(hasBalancer), RAMPED] }));
}

interface AgentApp {
  readonly app: string;
  readonly group: string;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** The agents' folders, ports and processes. */
export class Fleet {
  private readonly apps: { readonly host: string; readonly app: string }[] = [];

  constructor(
    private readonly folder: string,
    private readonly processes: Processes,
    private readonly program: string,
  ) {}

  start(natsUrl: string, ports: readonly number[]): void {
    ALL_HOSTS.forEach((host, index) => {
      const group = Object.keys(HOSTS).find((name) => HOSTS[name]?.includes(host)) ?? PROD;
      this.startAgent(natsUrl, host, [{ app: APP, group, port: ports[index] ?? 0 }]);
    });
  }

  /** One agent for each side, with all services of it. */
  startShop(natsUrl: string, ports: ShopPorts): void {
    for (const side of SIDES) {
      const apps = SERVICES.map((service) => ({
        app: shopApp(service),
        group: shopGroup(service, side),
        port: ports(service, side),
        env: shopEnv(service, side, ports),
      }));
      this.startAgent(natsUrl, shopHost(side), apps);
    }
  }

  private startAgent(natsUrl: string, host: string, apps: readonly AgentApp[]): void {
    const dataDir = this.dataDir(host);
    const file = join(this.folder, `${host}.yaml`);
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(file, stringify({ host, dataDir, nats: natsUrl, address: '127.0.0.1', helloInterval: '1s', apps }));
    this.processes.node(`agent-${host}`, [this.program, file], {
      SLUICE_LOG_LEVEL: 'warn',
      SLUICE_NATS_WAIT: '1m',
    });
    this.apps.push(...apps.map(({ app }) => ({ host, app })));
  }

  /** How often the host began each step of attempts of a rollout, from the agent's own journal: `step -> times`. */
  stepsBegun(host: string, rollout: string): Readonly<Record<string, number>> {
    const begun: Record<string, number> = {};
    for (const line of readFileSync(join(this.dataDir(host), 'journal.jsonl'), 'utf8').split('\n')) {
      if (line === '') continue;
      const record = journalLine(line);
      if (record.t !== 'began' || !record.attempt.startsWith(`${rollout}/`)) continue;
      begun[record.step] = (begun[record.step] ?? 0) + 1;
    }
    return begun;
  }

  /** Ends the apps that the agents started: they outlive their agents, as they should. */
  async stopApps(): Promise<void> {
    const pids = this.apps.flatMap(({ host, app }) => appPid(this.dataDir(host), app) ?? []);
    for (const pid of pids) process.kill(pid, 'SIGTERM');
    await until('the apps have ended', async () => (pids.some(isAlive) ? undefined : true), 10_000);
  }

  private dataDir(host: string): string {
    return join(this.folder, host);
  }
}

/** The app's process by the agent's own record, if it works in this host's folder: a pid may have a new owner. */
function appPid(folder: string, app: string): number | undefined {
  try {
    const state = JSON.parse(readFileSync(join(folder, 'apps', app, 'state.json'), 'utf8')) as AppRecord;
    const pid = state.running?.pid;
    if (pid === undefined || process.platform !== 'linux') return pid;
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(realpathSync(folder)) ? pid : undefined;
  } catch {
    // Nothing was installed, or it has ended already.
    return undefined;
  }
}

interface AppRecord {
  readonly running: { readonly pid?: number } | null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface JournalLine {
  readonly t: string;
  readonly attempt: string;
  readonly step: string;
}

/** A journal line is JSON, perhaps behind a checksum. */
function journalLine(line: string): JournalLine {
  const parsed = JSON.parse(line.slice(line.indexOf('{'))) as Partial<JournalLine>;
  return { t: parsed.t ?? '', attempt: parsed.attempt ?? '', step: parsed.step ?? '' };
}
