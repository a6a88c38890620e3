import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';

import { Api } from './api.js';
import { Artifacts, REPOSITORY } from './artifacts.js';
import { ALL_HOSTS, Fleet, writeInventory } from './fleet.js';
import { freePorts, Processes, type Running, until } from './processes.js';
import type { Story } from './story.js';
import { Traffic } from './traffic.js';

interface Ports {
  readonly nats: number;
  readonly http: number;
}

interface Parts extends Pick<
  World,
  'story' | 'folder' | 'processes' | 'artifacts' | 'fleet' | 'api' | 'nats' | 'traffic'
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
  private up: Running;
  private readonly ports: Ports;

  private constructor(parts: Parts) {
    this.story = parts.story;
    this.folder = parts.folder;
    this.processes = parts.processes;
    this.artifacts = parts.artifacts;
    this.fleet = parts.fleet;
    this.api = parts.api;
    this.nats = parts.nats;
    this.traffic = parts.traffic;
    this.up = parts.up;
    this.ports = parts.ports;
  }

  static async start(folder: string, story: Story): Promise<World> {
    const [natsPort = 0, httpPort = 0, filePort = 0, ...appPorts] = await freePorts(3 + ALL_HOSTS.length);
    const ports = { nats: natsPort, http: httpPort };
    mkdirSync(join(folder, 'logs'), { recursive: true });
    writeInventory(join(folder, 'inventory.yaml'));
    const processes = new Processes(join(folder, 'logs'));
    const artifacts = await Artifacts.serve(join(folder, 'releases'), filePort);
    const up = startUp(processes, folder, ports);
    const api = new Api(`http://127.0.0.1:${httpPort}`);
    await api.ready();
    const natsUrl = `nats://127.0.0.1:${natsPort}`;
    const fleet = new Fleet(join(folder, 'hosts'), processes, CLI);
    mkdirSync(join(folder, 'hosts'), { recursive: true });
    fleet.start(natsUrl, appPorts);
    const nats = await connect({ servers: natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 200 });
    const traffic = new Traffic(nats);
    traffic.start();
    const world = new World({ story, folder, processes, artifacts, fleet, api, nats, traffic, up, ports });
    await until(
      'all agents have said hello',
      async () => (sum(traffic.versions()) === ALL_HOSTS.length ? true : undefined),
      START_MS,
    );
    return world;
  }

  /** Ends `sluice up` in order and starts it again without one of its services, on the same data. */
  async restartWithout(service: string): Promise<void> {
    await this.processes.end(this.up);
    const rest = ['planner', 'executor', 'health-gate', 'notifier', 'gateway'].filter((name) => name !== service);
    this.up = startUp(this.processes, this.folder, this.ports, ['--services', rest.join(',')]);
    await this.api.ready();
  }

  /** One service as a process of its own. */
  service(name: string): Running {
    return this.processes.node(name, [CLI, name], {
      ...SETTINGS,
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
  }
}

/** Twelve agents start at once, perhaps on one slow core. */
const START_MS = 60_000;

/** A short lease, so that the story does not wait for it when an executor is killed. */
const SETTINGS = { SLUICE_LOG_LEVEL: 'info', SLUICE_LEASE_TIME: '2s' } as const;

const CLI = join(REPOSITORY, 'apps/cli/dist/main.js');

const startUp = (processes: Processes, folder: string, ports: Ports, more: readonly string[] = []): Running =>
  processes.node(
    'up',
    [
      CLI,
      'up',
      '--data-dir',
      join(folder, 'up'),
      '--http-port',
      String(ports.http),
      '--nats-port',
      String(ports.nats),
      '--inventory',
      join(folder, 'inventory.yaml'),
      ...more,
    ],
    SETTINGS,
  );

const sum = (tally: Readonly<Record<string, number>>): number =>
  Object.values(tally).reduce((all, count) => all + count, 0);
