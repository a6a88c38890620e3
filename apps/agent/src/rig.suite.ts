import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { NatsConnection } from '@nats-io/nats-core';
import {
  type AttemptStatus,
  attemptId,
  type Hello,
  type OutputReply,
  parseOutputReply,
  specHashOf,
  type ReportAnswer,
  rolloutIdOf,
  sha256,
  type RunCommand,
  type RunKind,
  type RunReply,
  type RunReport,
  shardOfId,
  type StepName,
  type StepSpec,
  SUBJECTS,
} from '@sluice/contracts';
import { connectNats, type RunningService } from '@sluice/messaging';
import { createLogger, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';

import { type HelloRelease, type PackedRelease, packFiles, packRelease } from '../../../examples/hello/pack.mjs';
import type { AppConfig } from './app/app-host.js';
import { processTable } from './host/process-table.js';
import { type AgentDeps, startAgent } from './start-agent.js';

const ROOT = resolve(import.meta.dirname, '../../..');

export const ALL_STEPS: readonly StepName[] = ['drain', 'download', 'install', 'verify', 'enable'];

/** The first line of a file that a script writes: a shell makes the file before it writes into it, so half a line is none yet. */
export async function firstLine(file: string): Promise<string> {
  return eventually(`a line in ${file}`, async () =>
    /^(.+)\n/.exec(await readFile(file, 'utf8').catch(() => ''))?.at(1),
  );
}

/** Waits until `look` finds something; says what it waited for when it never does. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  ms = 17_000,
): Promise<T> {
  const until = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((done) => setTimeout(done, 15));
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export interface RunWish {
  readonly host: string;
  readonly release: Pick<PackedRelease, 'version' | 'url' | 'sha256'>;
  readonly steps?: readonly StepName[];
  readonly kind?: RunKind;
  readonly n?: number;
  readonly token?: number;
  readonly spec?: Partial<StepSpec>;
  /** Names the rollout. */
  readonly seed?: string;
}

export function specOf({ release, spec }: Pick<RunWish, 'release' | 'spec'>): StepSpec {
  return {
    app: 'hello',
    group: 'hello-web',
    version: release.version,
    artifact: { url: release.url, sha256: release.sha256 },
    profile: { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 3_000 },
    verify: { path: '/health', status: 200, successes: 2, intervalMs: 20, timeoutMs: 8_000 },
    ignoreVerify: false,
    drainWindowMs: 20,
    ...spec,
  };
}

export function runOf(wish: RunWish): RunCommand {
  const { host, steps = ALL_STEPS, kind = 'roll', n = 1, token = 1, seed = wish.release.version } = wish;
  const spec = specOf(wish);
  const rollout = rolloutIdOf(spec.group, seed);
  const attempt = attemptId(rollout, host, steps[0] ?? 'drain', n);
  return { v: 1, attempt, rollout, host, target: 0, kind, n, token, steps, spec, specHash: specHashOf(spec, steps) };
}

/** The part of the executor: takes reports and answers them. */
export class Owner {
  readonly reports: RunReport[] = [];
  answer: (report: RunReport) => ReportAnswer | undefined = () => ({ ok: true });

  constructor(nats: NatsConnection, subject: string) {
    nats.subscribe(subject, {
      callback: (_error, message) => {
        const report = message.json<RunReport>();
        this.reports.push(report);
        const answer = this.answer(report);
        if (answer !== undefined) message.respond(JSON.stringify(answer));
      },
    });
  }

  finals(attempt: string): readonly RunReport[] {
    return this.reports.filter((report) => report.final && report.attempt === attempt);
  }

  final(attempt: string, ms?: number): Promise<RunReport> {
    return eventually(`the final report of ${attempt}`, () => this.finals(attempt)[0], ms);
  }
}

/** A real nats-server, agents with real apps, and the executor's side of the protocol. */
export class Rig {
  readonly hellos: Hello[] = [];
  private readonly stops: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly server: RunningNatsServer,
    readonly nats: NatsConnection,
    readonly folder: string,
  ) {
    nats.subscribe(SUBJECTS.allHellos, { callback: (_error, message) => void this.hellos.push(message.json<Hello>()) });
  }

  static async start(): Promise<Rig> {
    const server = await startNatsServer();
    const nats = await connectNats({ servers: server.url, name: 'rig' });
    return new Rig(server, nats, await mkdtemp(join(tmpdir(), 'sluice-agent-')));
  }

  release(release: HelloRelease): PackedRelease {
    return packRelease(release, join(this.folder, 'artifacts'));
  }

  /** hello with other files beside it, by name. */
  async packed(version: string, files: Readonly<Record<string, string>>): Promise<PackedRelease> {
    const server = await readFile(join(ROOT, 'examples/hello/server.mjs'));
    const bytes = packFiles({ 'server.mjs': server, 'release.json': JSON.stringify({ version }), ...files });
    const file = join(this.folder, `packed-${version}.tar.gz`);
    await writeFile(file, bytes);
    return { version, file, url: pathToFileURL(file).href, sha256: sha256(bytes) };
  }

  owner(group = 'hello-web'): Owner {
    const shard = shardOfId(rolloutIdOf(group, '')) ?? '';
    return new Owner(this.nats, SUBJECTS.reportsOfShard(shard));
  }

  dataDir(host: string): string {
    return join(this.folder, 'hosts', host);
  }

  appDir(host: string, app = 'hello'): string {
    return join(this.dataDir(host), 'apps', app);
  }

  async agent(host: string, apps: readonly AppConfig[], more: Partial<AgentDeps> = {}): Promise<RunningService> {
    const nats = await connectNats({ servers: this.server.url, name: host });
    const agent = await startAgent({
      nats,
      host,
      apps,
      dataDir: this.dataDir(host),
      address: '127.0.0.1',
      clock: systemClock,
      logger: createLogger('agent', 'silent'),
      version: '0.0.0-test',
      helloIntervalMs: 200,
      ...more,
    });
    const stop = async (): Promise<void> => {
      await agent.stop();
      await nats.close();
    };
    this.stops.push(stop);
    return { name: host, stop };
  }

  /** An agent as a process of its own, which a test may kill; `under` is a command that runs it with less rights. */
  async agentProcess(host: string, apps: readonly AppConfig[], under: readonly string[] = []): Promise<ChildProcess> {
    const file = join(this.folder, `${host}.json`);
    await writeFile(
      file,
      JSON.stringify({ host, apps, dataDir: this.dataDir(host), nats: this.server.url, helloInterval: '200ms' }),
    );
    const [program, ...args] = [...under, process.execPath, join(ROOT, 'apps/agent/dist/main.js'), file];
    const child = spawn(program ?? '', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { SLUICE_LOG_LEVEL: 'fatal' },
    });
    this.stops.push(() => this.kill(child));
    await eventually(`the agent of ${host}`, () => this.tryStatus(host, 'none'));
    return child;
  }

  async kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async send(run: RunCommand): Promise<RunReply> {
    return this.sendRaw(run.host, JSON.stringify(run));
  }

  async sendRaw(host: string, payload: string | Uint8Array): Promise<RunReply> {
    return (await this.nats.request(SUBJECTS.agentRun(host), payload, { timeout: 5_000 })).json<RunReply>();
  }

  async status(host: string, attempt: string): Promise<AttemptStatus> {
    const reply = await this.nats.request(SUBJECTS.agentStatus(host), JSON.stringify({ v: 1, attempt }), {
      timeout: 5_000,
    });
    return reply.json<AttemptStatus>();
  }

  async output({ host, rollout, n }: RunCommand, step: StepName): Promise<OutputReply> {
    const query = JSON.stringify({ v: 1, rollout, step, n });
    const reply = await this.nats.request(SUBJECTS.agentOutput(host), query, { timeout: 5_000 });
    return parseOutputReply(reply.data);
  }

  async tryStatus(host: string, attempt: string): Promise<AttemptStatus | undefined> {
    return this.status(host, attempt).catch(() => undefined);
  }

  async journal(host: string): Promise<string> {
    return readFile(join(this.dataDir(host), 'journal.jsonl'), 'utf8').catch(() => '');
  }

  /** Processes of an app that live now, whoever started them. */
  async appPids(host: string, app = 'hello'): Promise<readonly number[]> {
    return (await processTable().withEnvironment([`SLUICE_APP_DIR=${this.appDir(host, app)}`])) ?? [];
  }

  lastHello(host: string): Hello | undefined {
    return this.hellos.findLast((hello) => hello.host === host);
  }

  async stop(): Promise<void> {
    for (const stop of this.stops.reverse()) await stop();
    for (const host of new Set(this.hellos.map((hello) => hello.host))) {
      for (const { app } of this.lastHello(host)?.apps ?? []) {
        for (const pid of await this.appPids(host, app)) process.kill(pid, 'SIGKILL');
      }
    }
    await this.nats.close();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What a process of its own runs is what tsc wrote. */
export function buildAgent(): void {
  spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b', 'apps/agent'], { cwd: ROOT });
}

export async function askApp(port: number): Promise<{ readonly version: string; readonly host: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  return (await response.json()) as { version: string; host: string };
}
