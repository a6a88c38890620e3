import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';

import { Api } from './api.js';
import { Artifacts, REPOSITORY } from './artifacts.js';
import { ALL_HOSTS, Fleet, writeInventory } from './fleet.js';
import { freePorts, Processes, type Running, until } from './processes.js';
import { SHOP_PORTS, ShopParts, shopPorts } from './shop.js';
import type { Story } from './story.js';
import { Traffic } from './traffic.js';

interface Ports {
  readonly nats: number;
  readonly http: number;
  /** Where Prometheus finds what the polling hosts count. */
  readonly logins: number;
}

interface Parts {
  readonly story: Story;
  readonly folder: string;
  readonly ports: Ports;
  readonly processes: Processes;
  readonly artifacts: Artifacts;
  readonly fleet: Fleet;
  readonly api: Api;
  readonly nats: NatsConnection;
  readonly traffic: Traffic;
  readonly shop: ShopParts;
}

/** How a program of the demo ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Everything that runs while the story is played: all of it real, all of it on loopback. */
export class World {
  readonly story: Story;
  readonly folder: string;
  readonly ports: Ports;
  readonly processes: Processes;
  readonly artifacts: Artifacts;
  readonly fleet: Fleet;
  readonly api: Api;
  readonly nats: NatsConnection;
  readonly traffic: Traffic;
  readonly shop: ShopParts;

  private constructor(
    private readonly parts: Parts,
    /** The first one: it is killed in chapter 5. */
    readonly executor: Running,
  ) {
    this.story = parts.story;
    this.folder = parts.folder;
    this.ports = parts.ports;
    this.processes = parts.processes;
    this.artifacts = parts.artifacts;
    this.fleet = parts.fleet;
    this.api = parts.api;
    this.nats = parts.nats;
    this.traffic = parts.traffic;
    this.shop = parts.shop;
  }

  /** The same world, for a chapter that is told elsewhere. */
  toldBy(story: Story): World {
    return new World({ ...this.parts, story }, this.executor);
  }

  static async start(folder: string, story: Story): Promise<World> {
    for (const name of ['logs', 'hosts']) mkdirSync(join(folder, name), { recursive: true });
    const [nats = 0, http = 0, logins = 0, files = 0, judge = 0, ...rest] = await freePorts(
      5 + SHOP_PORTS + ALL_HOSTS.length,
    );
    const processes = new Processes(join(folder, 'logs'));
    const undo: (() => Promise<unknown>)[] = [() => processes.endAll()];
    try {
      const fleet = new Fleet(join(folder, 'hosts'), processes, AGENT);
      const shopAt = shopPorts(rest.splice(0, SHOP_PORTS));
      // They wait for their server, and have started when it has.
      fleet.start(`nats://127.0.0.1:${nats}`, rest);
      const artifacts = await Artifacts.serve(join(folder, 'releases'), files);
      undo.push(() => artifacts.close());
      const more = { logins: [{ address: `127.0.0.1:${logins}` }] };
      const [shop] = await Promise.all([ShopParts.start(shopAt, judge, more), newKey(folder)]);
      undo.push(() => shop.stop());
      return await World.open({ story, folder, shop, ports: { nats, http, logins }, processes, fleet, artifacts });
    } catch (error) {
      await Promise.all(undo.map((stop) => stop()));
      throw error;
    }
  }

  private static async open(given: Omit<Parts, 'api' | 'nats' | 'traffic'>): Promise<World> {
    const { folder, shop, ports } = given;
    writeInventory(join(folder, 'inventory.yaml'), shop.haproxy !== undefined);
    const up = startUp(given);
    const executor = startService(given, 'executor');
    const api = new Api(`http://127.0.0.1:${ports.http}`);
    await Promise.race([api.ready(), endOf(up, folder)]);
    const servers = `nats://127.0.0.1:${ports.nats}`;
    const nats = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 200 });
    const traffic = new Traffic(nats);
    traffic.start();
    const world = new World({ ...given, api, nats, traffic }, executor);
    await until(
      'all agents have said hello',
      async () => (sum(traffic.versions()) === ALL_HOSTS.length ? true : undefined),
      START_MS,
    );
    return world;
  }

  /** The agents of the shop. */
  startShop(): void {
    this.fleet.startShop(this.natsUrl, this.shop.ports);
  }

  /** One service as a process of its own. */
  service(name: string): Running {
    return startService(this.parts, name);
  }

  get natsUrl(): string {
    return `nats://127.0.0.1:${this.ports.nats}`;
  }

  /** What the CLI prints for these arguments. */
  async cli(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.sluice(args);
    if (code !== 0) throw new Error(`sluice ${args.join(' ')}: ${stderr || stdout}`);
    return stdout;
  }

  /** How the CLI ends with these arguments. */
  sluice(args: readonly string[]): Promise<Ended> {
    const env = { ...process.env, SLUICE_URL: this.api.url, SLUICE_NATS_URL: this.natsUrl };
    return ended([CLI, ...args], { env });
  }

  /** The CLI as somebody has it who was given some files and nothing else: no setting, no server, no log. */
  sluiceIn(folder: string, args: readonly string[]): Promise<Ended> {
    return ended([CLI, ...args], { env: {}, cwd: folder });
  }

  async stop(): Promise<void> {
    this.traffic.stop();
    await this.nats.close();
    await this.artifacts.close();
    // Apps outlive their agents.
    const hosts = this.processes.endAll().then(() => this.fleet.stopApps());
    await Promise.all([hosts, this.shop.stop()]);
  }
}

/** Twelve agents start at once, perhaps on one slow core. */
const START_MS = 60_000;

/** A short lease, so that the story does not wait for it when an executor is killed. */
const SETTINGS = { SLUICE_LOG_LEVEL: 'info', SLUICE_LEASE_TIME: '2s', SLUICE_NATS_WAIT: '1m' } as const;

const CLI = join(REPOSITORY, 'apps/cli/dist/main.js');
const AGENT = join(REPOSITORY, 'apps/agent/dist/main.js');

/** The key that signs what the log is. Nobody but the checkpointer reads it. */
const keyIn = (folder: string): string => join(folder, 'log.key');
export const publicKeyIn = (folder: string): string => `${keyIn(folder)}.pub`;
export const checkpointsIn = (folder: string): string => join(folder, 'up', 'checkpoints');

async function newKey(folder: string): Promise<void> {
  const { code, stderr } = await ended([CLI, 'audit', 'keygen', 'demo.example/log', '--out', keyIn(folder)], {});
  if (code !== 0) throw new Error(stderr);
}

type Settled = Pick<Parts, 'folder' | 'ports' | 'shop' | 'processes'>;

/** All but the executor, which is a process of its own: it is killed in the middle of the story. */
const REST = 'planner,health-gate,notifier,gateway,checkpointer';

const startUp = ({ processes, folder, ports, shop }: Settled): Running =>
  processes.node(
    'up',
    [
      ...[CLI, 'up', '--data-dir', join(folder, 'up'), '--inventory', join(folder, 'inventory.yaml')],
      ...['--http-port', String(ports.http), '--nats-port', String(ports.nats), '--services', REST],
    ],
    { ...SETTINGS, ...shop.settings, SLUICE_CHECKPOINT_KEY: keyIn(folder), SLUICE_CHECKPOINT_EVERY: '5s' },
  );

/** Rejects when it ends by itself. */
const endOf = async ({ name, exited }: Running, folder: string): Promise<never> => {
  const code = await exited;
  throw new Error(`${name} has ended with ${code}: ${join(folder, 'logs', `${name}.log`)} says why`);
};

const startService = ({ processes, folder, ports, shop }: Settled, name: string): Running =>
  processes.node(name, [CLI, name], {
    ...SETTINGS,
    ...shop.settings,
    SLUICE_NATS_URL: `nats://127.0.0.1:${ports.nats}`,
    SLUICE_DATA_DIR: join(folder, name),
  });

const ended = (args: readonly string[], options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string }) =>
  new Promise<Ended>((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 16 << 20, ...options }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr }),
    );
  });

const sum = (tally: Readonly<Record<string, number>>): number =>
  Object.values(tally).reduce((all, count) => all + count, 0);
