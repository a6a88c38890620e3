import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pause, REPOSITORY, type Running, until } from '@sluice/demo';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';

import { shardOwners } from '../e2e/support/leases.js';
import { Site, type SiteGroup } from '../e2e/support/site.js';
import type { FarmOrder } from './fleet-process.js';
import { Proxy } from './proxy.js';
import { LEASE_MS, SERVICE_KINDS, type ServiceKind, type Shape } from './shape.js';

const READY_MS = 180_000;

/** A program that is killed and started again under the same name. */
export interface Unit {
  readonly kind: ServiceKind | 'agent' | 'farm';
  readonly name: string;
  /** Its way to NATS; agents of their own go there directly. */
  readonly proxy: Proxy | undefined;
  /** Its hosts. */
  readonly hosts: readonly string[];
  start(): Running;
  running: Running;
  /** Something is being done to it. */
  busy: boolean;
}

/** The whole of Sluice as processes, each with a wire of its own to a real nats-server, and a fleet of real agents. */
export class World {
  readonly units: Unit[] = [];
  /** Programs that ended though nobody had killed them, for another reason than that NATS was away. */
  readonly deaths: string[] = [];
  /** Starts that waited for NATS in vain and said so. */
  readonly gaveUp: string[] = [];
  /** How often each unit was killed. */
  readonly kills = new Map<string, number>();
  private stopping = false;

  private constructor(
    readonly shape: Shape,
    readonly site: Site,
    readonly nats: RunningNatsServer,
  ) {}

  static async start(shape: Shape): Promise<World> {
    const site = await Site.prepare([...shopGroups(shape), ...farmGroups(shape)]);
    site.environment = { SLUICE_LEASE_TIME: `${LEASE_MS}ms`, SLUICE_LOG_LEVEL: 'warn' };
    const nats = await startNatsServer({ port: site.natsPort, storeDir: site.path('store') });
    const world = new World(shape, site, nats);
    try {
      await world.startAll();
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  of(kind: Unit['kind']): readonly Unit[] {
    return this.units.filter((unit) => unit.kind === kind);
  }

  /** SIGKILL now, and a new process after so many ms. */
  async kill(unit: Unit, downMs: number): Promise<void> {
    const { running } = unit;
    this.expected.add(running.pid);
    this.kills.set(unit.name, (this.kills.get(unit.name) ?? 0) + 1);
    running.kill('SIGKILL');
    await running.exited;
    await pause(downMs);
    if (unit.running === running) this.startUnit(unit);
  }

  async stop(keep = false): Promise<void> {
    this.stopping = true;
    for (const { running } of this.units) running.kill('SIGCONT');
    for (const { proxy } of this.units) await proxy?.close();
    await this.site.stop(keep);
    await this.nats.stop();
  }

  private readonly expected = new Set<number>();

  private async startAll(): Promise<void> {
    const { site, shape } = this;
    for (const kind of SERVICE_KINDS) {
      for (let i = 1; i <= shape.services[kind]; i += 1) {
        const [proxy, name] = [await Proxy.to(site.natsPort), `${kind}-${i}`];
        const more = { SLUICE_NATS_URL: proxy.url };
        this.add({ kind, name, proxy, hosts: [], start: () => site.service(kind, name, more) });
      }
    }
    await until('the API is ready', () => site.api.get('/health/ready'), READY_MS);
    await site.connected();
    await site.signIn('service:chaos');
    for (const { name, hosts } of farmGroups(shape)) await this.addFarm(name, hosts);
    for (const { hosts } of shopGroups(shape))
      for (const host of hosts)
        this.add({ kind: 'agent', name: host, proxy: undefined, hosts: [host], start: () => this.agent(host) });
    await until('every executor drives shards', () => this.allDrive(), READY_MS);
  }

  /** Whether all executors share the shards. */
  async allDrive(): Promise<true | undefined> {
    const owners = new Set((await shardOwners(this.site.nats)).values());
    return this.of('executor').every(({ running }) => owners.has(running.pid)) ? true : undefined;
  }

  private async addFarm(group: string, hosts: readonly string[]): Promise<void> {
    const { site } = this;
    const proxy = await Proxy.to(site.natsPort);
    const placed = hosts.map((host) => ({ host, dataDir: site.path('hosts', host) }));
    const order: FarmOrder = { natsUrl: proxy.url, app: group, group, hosts: placed };
    const file = site.path(`${group}.json`);
    writeFileSync(file, JSON.stringify(order));
    const program = join(REPOSITORY, 'test', 'dist', 'chaos', 'fleet-process.js');
    this.add({ kind: 'farm', name: group, proxy, hosts, start: () => site.processes.node(group, [program, file]) });
  }

  private agent(host: string): Running {
    const [running] = this.site.startAgents([host]);
    if (running === undefined) throw new Error(`no agent of ${host} was started`);
    return running;
  }

  private add(unit: Omit<Unit, 'running' | 'busy'>): void {
    const running = unit.start();
    const added: Unit = { ...unit, running, busy: false };
    this.units.push(added);
    this.watch(added);
  }

  private startUnit(unit: Unit): void {
    if (this.stopping) return;
    unit.running = unit.start();
    this.watch(unit);
  }

  /** A program that ends by itself is noted, and started again as an init system would. */
  private watch(unit: Unit): void {
    const { running } = unit;
    void running.exited.then(async (code) => {
      if (this.stopping || this.expected.has(running.pid)) return;
      // The log of its outputs is complete a moment later.
      await pause(1_000);
      const last = this.site.output(unit.name).trimEnd().split('\n').at(-1) ?? '';
      if (last.startsWith('NATS_UNAVAILABLE: ')) this.gaveUp.push(`${unit.name}: ${last}`);
      else this.deaths.push(`${unit.name} ended by itself with code ${code}: ${last}`);
      // Whoever killed it meanwhile starts it too.
      if (unit.running === running) this.startUnit(unit);
    });
  }
}

const named = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);

const shopGroups = ({ shops, hostsOfShop }: Shape): SiteGroup[] =>
  named('shop-', shops).map((name) => ({ name, app: name, hosts: named(`${name}-`, hostsOfShop) }));

const farmGroups = ({ farms, hostsOfFarm }: Shape): SiteGroup[] =>
  named('farm-', farms).map((name) => ({
    name,
    app: name,
    hosts: named(`${name}-`, hostsOfFarm),
    definition: { profile: { kind: 'exec', steps: SCRIPTS, stepTimeoutMs: 20_000 }, drainWindow: '0s' },
  }));

/** Says in the host's folder that it was done: what the world saw of it, whatever journals and logs say. */
const did = 'echo "$SLUICE_ATTEMPT $SLUICE_STEP" >> effects';

const SCRIPTS = {
  drain: ['sh', '-c', did],
  install: ['sh', '-c', `${did}; sleep 0.1`],
  verify: ['sh', '-c', `${did}; test ! -e "bad-$SLUICE_VERSION"`],
  enable: ['sh', '-c', did],
} as const;
