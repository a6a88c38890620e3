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
}

interface Parts extends Pick<
  World,
  'story' | 'folder' | 'processes' | 'artifacts' | 'fleet' | 'api' | 'nats' | 'traffic' | 'shop'
> {
  readonly up: Running;
  readonly ports: Ports;
}

/** Everything that runs while the story is played: all of it real, all of it on loopback. */
export class World {
  readonly story: Story;
  readonly folder: string;
  readonly processes: Processes;
  readonly artifacts: Artifacts;
  readonly fleet: Fleet;
  readonly api: Api;
  readonly nats: NatsConnection;
  readonly traffic: Traffic;
  readonly shop: ShopParts;
  private up: Running;
  readonly ports: Ports;

  private constructor(parts: Parts) {
    this.story = parts.story;
    this.folder = parts.folder;
    this.processes = parts.processes;
    this.artifacts = parts.artifacts;
    this.fleet = parts.fleet;
    this.api = parts.api;
    this.nats = parts.nats;
    this.traffic = parts.traffic;
    this.shop = parts.shop;
    this.up = parts.up;
    this.ports = parts.ports;
  }

  static async start(folder: string, story: Story): Promise<World> {
    const [nats = 0, http = 0, files = 0, judge = 0, ...rest] = await freePorts(4 + SHOP_PORTS + ALL_HOSTS.length);
    const shop = await ShopParts.start(shopPorts(rest.splice(0, SHOP_PORTS)), judge);
    try {
      return await World.open({ story, folder, shop, ports: { nats, http } }, { files, apps: rest });
    } catch (error) {
      await shop.stop();
      throw error;
    }
  }

  private static async open(
    given: Pick<Parts, 'story' | 'folder' | 'shop' | 'ports'>,
    { files, apps }: { readonly files: number; readonly apps: readonly number[] },
  ): Promise<World> {
    const { folder, shop, ports } = given;
    for (const name of ['logs', 'hosts']) mkdirSync(join(folder, name), { recursive: true });
    writeInventory(join(folder, 'inventory.yaml'), shop.haproxy !== undefined);
    const processes = new Processes(join(folder, 'logs'));
    const artifacts = await Artifacts.serve(join(folder, 'releases'), files);
    const up = startUp(processes, given);
    const api = new Api(`http://127.0.0.1:${ports.http}`);
    await api.ready();
    const natsUrl = `nats://127.0.0.1:${ports.nats}`;
    const fleet = new Fleet(join(folder, 'hosts'), processes, CLI);
    fleet.start(natsUrl, apps);
    const nats = await connect({ servers: natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 200 });
    const traffic = new Traffic(nats);
    traffic.start();
    const world = new World({ ...given, processes, artifacts, fleet, api, nats, traffic, up });
    await until(
      'all agents have said hello',
      async () => (sum(traffic.versions()) === ALL_HOSTS.length ? true : undefined),
      START_MS,
    );
    return world;
  }

  /** The agents of the shop. */
  startShop(): void {
    this.fleet.startShop(`nats://127.0.0.1:${this.ports.nats}`, this.shop.ports);
  }

  /** Ends `sluice up` in order and starts it again without one of its services, on the same data. */
  async restartWithout(service: string): Promise<void> {
    await this.processes.end(this.up);
    const rest = ['planner', 'executor', 'health-gate', 'notifier', 'gateway'].filter((name) => name !== service);
    this.up = startUp(this.processes, this, ['--services', rest.join(',')]);
    await this.api.ready();
  }

  /** One service as a process of its own. */
  service(name: string): Running {
    return this.processes.node(name, [CLI, name], {
      ...SETTINGS,
      ...this.shop.settings,
      SLUICE_NATS_URL: `nats://127.0.0.1:${this.ports.nats}`,
      SLUICE_DATA_DIR: join(this.folder, name),
    });
  }

  /** What the CLI prints for these arguments. */
  async cli(args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(
        process.execPath,
        [CLI, ...args, '--url', this.api.url],
        { maxBuffer: 16 << 20 },
        (error, stdout, stderr) =>
          error === null ? resolve(stdout) : reject(new Error(`sluice ${args.join(' ')}: ${stderr || error.message}`)),
      );
    });
  }

  async stop(): Promise<void> {
    this.traffic.stop();
    await this.nats.close();
    await this.artifacts.close();
    await this.processes.endAll();
    await this.fleet.stopApps();
    await this.shop.stop();
  }
}

/** Twelve agents start at once, perhaps on one slow core. */
const START_MS = 60_000;

/** A short lease, so that the story does not wait for it when an executor is killed. */
const SETTINGS = { SLUICE_LOG_LEVEL: 'info', SLUICE_LEASE_TIME: '2s' } as const;

const CLI = join(REPOSITORY, 'apps/cli/dist/main.js');

const startUp = (
  processes: Processes,
  { folder, ports, shop }: Pick<Parts, 'folder' | 'ports' | 'shop'>,
  more: readonly string[] = [],
): Running =>
  processes.node(
    'up',
    [
      ...[CLI, 'up', '--data-dir', join(folder, 'up'), '--inventory', join(folder, 'inventory.yaml')],
      ...['--http-port', String(ports.http), '--nats-port', String(ports.nats)],
      ...more,
    ],
    { ...SETTINGS, ...shop.settings },
  );

const sum = (tally: Readonly<Record<string, number>>): number =>
  Object.values(tally).reduce((all, count) => all + count, 0);
