import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { type RequestOutcome, SUBJECTS } from '@sluice/contracts';
import { Api, Artifacts, freePorts, Processes, REPOSITORY, type Running, until } from '@sluice/demo';
import { stringify } from 'yaml';

import { endProcessesIn } from './leftovers.js';

export interface SiteGroup {
  readonly name: string;
  readonly app: string;
  readonly hosts: readonly string[];
  /** What its entry in the inventory file says besides, or instead. */
  readonly definition?: object;
}

/** The folder, the ports of NATS and of the API, and of each `host/app`. */
interface Ground {
  readonly folder: string;
  readonly nats: number;
  readonly http: number;
  readonly apps: ReadonlyMap<string, number>;
}

/** What the command line did. */
export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const CLI = join(REPOSITORY, 'apps/cli/dist/main.js');

/** Who requests, so that a person may approve. */
export const BOT = { id: 'deploy-bot', kind: 'service' } as const;

const READY_MS = 60_000;

/**
 * A place to deploy to: a folder, its hosts, and programs from dist that are started and ended one by one. Everything
 * listens on loopback, on ports that stay the same over restarts.
 */
export class Site {
  readonly folder: string;
  readonly processes: Processes;
  api: Api;
  readonly inventoryFile: string;
  /** What every program of the site finds in its environment besides where NATS and the API are. */
  environment: Readonly<Record<string, string>> = {};
  /** The same for the agents alone. */
  agentEnvironment: Readonly<Record<string, string>> = {};
  private connection: NatsConnection | undefined;
  private token = '';

  private constructor(
    readonly groups: readonly SiteGroup[],
    readonly artifacts: Artifacts,
    private readonly ground: Ground,
  ) {
    this.folder = ground.folder;
    this.processes = new Processes(this.path('logs'));
    this.api = new Api(this.url);
    this.inventoryFile = this.path('inventory.yaml');
    writeFileSync(this.inventoryFile, stringify({ groups: groups.map(definitionOf) }));
  }

  /** The folder, the inventory file and the store of releases; no program of ours runs yet. */
  static async prepare(groups: readonly SiteGroup[]): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice e2e '));
    for (const name of ['logs', 'hosts']) mkdirSync(join(folder, name));
    const places = groups.flatMap(({ app, hosts }) => hosts.map((host) => `${host}/${app}`));
    const [nats = 0, http = 0, files = 0, ...ports] = await freePorts(3 + places.length);
    const artifacts = await Artifacts.serve(join(folder, 'releases'), files);
    const apps = new Map(places.map((place, index) => [place, ports[index] ?? 0]));
    return new Site(groups, artifacts, { folder, nats, http, apps });
  }

  get url(): string {
    return `http://127.0.0.1:${this.ground.http}`;
  }

  /** What a call needs to be let in. */
  get headers(): Readonly<Record<string, string>> {
    return this.token === '' ? {} : { authorization: `Bearer ${this.token}` };
  }

  get natsPort(): number {
    return this.ground.nats;
  }

  get natsUrl(): string {
    return `nats://127.0.0.1:${this.ground.nats}`;
  }

  /** A client of the site's NATS, once `connected`. */
  get nats(): NatsConnection {
    if (this.connection === undefined) throw new Error('not connected yet');
    return this.connection;
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  async connected(): Promise<void> {
    const [user, pass] = (this.environment['SLUICE_NATS_CREDENTIALS'] ?? '').split(':');
    const login = user === undefined || pass === undefined ? {} : { user, pass };
    const again = { maxReconnectAttempts: -1, reconnectTimeWait: 100 };
    this.connection ??= await connect({ servers: this.natsUrl, ...again, ...login });
  }

  /** Starts `sluice up` on the site's data folder; resolves when its API is ready. */
  async up(): Promise<Running> {
    const running = this.startUp('up');
    const ended = running.exited.then((code) => {
      throw new Error(`sluice up ended with ${code}: ${this.output('up')}`);
    });
    await Promise.race([this.ready(), ended]);
    ended.catch(() => undefined);
    await this.connected();
    return running;
  }

  startUp(name: string, more: readonly string[] = []): Running {
    const ports = ['--http-port', String(this.ground.http), '--nats-port', String(this.ground.nats)];
    const files = ['--data-dir', this.path('data'), '--inventory', this.inventoryFile];
    return this.start(name, ['up', ...ports, ...files, ...more]);
  }

  /** One service as a process of its own; `as` names its output where several of one kind run. */
  service(name: string, as = name, more: Readonly<Record<string, string>> = {}): Running {
    return this.start(as, name === 'planner' ? [name, '--inventory', this.inventoryFile] : [name], more);
  }

  /** Makes a token for a machine that may do everything, as whoever it names, and calls with it from here on. */
  async signIn(subject: string): Promise<void> {
    const made = await this.cli(['-o', 'json', 'token', 'create', subject, '--role', 'admin', '--nats', this.natsUrl]);
    if (made.code !== 0) throw new Error(`no token was made: ${made.stderr}`);
    this.token = (JSON.parse(made.stdout) as { readonly token: string }).token;
    this.api = new Api(this.url, this.headers);
  }

  async ready(): Promise<void> {
    await until('the API is ready', () => this.api.get('/health/ready'), READY_MS);
  }

  /** The agents of these hosts, each with all apps that its groups put there, and what an app is told besides. */
  startAgents(hosts: readonly string[], env: (host: string, app: string) => object = () => ({})): readonly Running[] {
    return hosts.map((host) => {
      const apps = this.groups
        .filter((group) => group.hosts.includes(host))
        .map(({ name: group, app }) => ({ app, group, port: this.portOf(host, app), env: env(host, app) }));
      const dataDir = this.path('hosts', host);
      const file = this.path('hosts', `${host}.yaml`);
      const config = { host, dataDir, nats: this.natsUrl, address: '127.0.0.1', helloInterval: '500ms', apps };
      mkdirSync(dataDir, { recursive: true });
      writeFileSync(file, stringify(config));
      return this.start(`agent-${host}`, ['agent', file], this.agentEnvironment);
    });
  }

  /** What a program wrote to its outputs so far. */
  output(name: string): string {
    return readFileSync(this.path('logs', `${name}.log`), 'utf8');
  }

  /** The version that the app on the host answers with; undefined when it does not. */
  async runs(host: string, app: string): Promise<string | undefined> {
    const response = await fetch(`http://127.0.0.1:${this.portOf(host, app)}/`).catch(() => undefined);
    return ((await response?.json()) as { version?: string } | undefined)?.version;
  }

  /** Publishes a request as any NATS client does, and waits for its outcome. */
  async request(document: object): Promise<RequestOutcome> {
    const app = 'app' in document && typeof document.app === 'string' ? document.app : 'unnamed';
    return this.publish(SUBJECTS.deployRequest(app), JSON.stringify({ requestedBy: BOT, ...document }));
  }

  /** Publishes a request; resolves when it cannot be lost any more. */
  async send(document: { readonly app: string; readonly [field: string]: unknown }): Promise<void> {
    const payload = JSON.stringify({ requestedBy: BOT, ...document });
    await jetstream(this.nats).publish(SUBJECTS.deployRequest(document.app), payload);
  }

  /** Publishes these bytes, and waits for the next outcome. */
  async publish(subject: string, payload: string | Uint8Array): Promise<RequestOutcome> {
    const outcomes = this.nats.subscribe('sluice.outcome.*', { max: 1 });
    await this.nats.flush();
    await jetstream(this.nats).publish(subject, payload);
    const timer = setTimeout(() => outcomes.unsubscribe(), READY_MS);
    for await (const message of outcomes) {
      clearTimeout(timer);
      return message.json<RequestOutcome>();
    }
    throw new Error(`no outcome of ${subject} came`);
  }

  /** Asks for a rollout of hello, packed as that version, and returns its id. */
  async roll(group: string, version: string, more: object = {}): Promise<string> {
    const app = this.groups.find(({ name }) => name === group)?.app ?? group;
    // Packed anew, a version that is served already would have other bytes.
    const made = 'artifact' in more ? {} : { artifact: this.artifacts.release(version) };
    const outcome = await this.request({ ...ROLLING, app, group, version, ...made, ...more });
    if (outcome.rolloutId === undefined) throw new Error(`no rollout was planned: ${JSON.stringify(outcome)}`);
    return outcome.rolloutId;
  }

  async cli(args: readonly string[], stdin = ''): Promise<CliRun> {
    return new Promise((resolve) => {
      const own = { ...this.environment, SLUICE_URL: this.url, SLUICE_TOKEN: this.token };
      const options = { maxBuffer: 16 << 20, env: { ...process.env, ...own } };
      const child = execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
      });
      child.stdin?.end(stdin);
    });
  }

  /** Ends every program, the apps too, and removes the folder, unless it is to be kept. */
  async stop(keep = false): Promise<void> {
    await this.connection?.close();
    await this.artifacts.close();
    await this.processes.endAll();
    await endProcessesIn(this.folder);
    if (!keep) await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  private start(name: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): Running {
    return this.processes.node(name, [CLI, ...args], {
      SLUICE_NATS_URL: this.natsUrl,
      SLUICE_HTTP_PORT: String(this.ground.http),
      SLUICE_LOG_LEVEL: 'info',
      // What a process keeps is its own, and of the log of this site.
      SLUICE_DATA_DIR: this.path('state', name),
      ...this.environment,
      ...more,
    });
  }

  portOf(host: string, app: string): number {
    return this.ground.apps.get(`${host}/${app}`) ?? 0;
  }
}

const ROLLING = { strategy: 'rolling', batches: '50%', interval: '0s' } as const;

/** Waits are short: what the tests want to see is what happens, not how long it takes. */
const definitionOf = ({ name, app, hosts, definition }: SiteGroup) => ({
  name,
  app,
  environment: 'production',
  profile: { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 2_000 },
  verify: { path: '/health', successes: 1, interval: '100ms' },
  startTimeout: '5s',
  drainWindow: '100ms',
  members: hosts,
  ...definition,
});
