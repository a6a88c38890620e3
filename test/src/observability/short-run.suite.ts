import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { NatsConnection } from '@nats-io/nats-core';
import { startAgent } from '@sluice/agent';
import { startArchiver } from '@sluice/archiver';
import { startCheckpointer } from '@sluice/checkpointer';
import { JetStreamEventLog, ObservedEventLog } from '@sluice/event-log';
import { startExecutor } from '@sluice/executor';
import { type RunningGateway, startGateway } from '@sluice/gateway';
import { startHealthGate } from '@sluice/health-gate';
import { connectNats, provision, type RunningService } from '@sluice/messaging';
import { startNotifier } from '@sluice/notifier';
import {
  createLogger,
  logMetrics,
  newUlid,
  openMetrics,
  type ProcessMetrics,
  RolloutTracer,
  type SpanRecord,
  systemClock,
} from '@sluice/observability';
import { startPlanner } from '@sluice/planner';
import { generateKeys } from '@sluice/proof';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { vi } from 'vitest';

export const HOSTS = ['web-01', 'web-02'];
const DAY_MS = 86_400_000;
const SECRET = 'hunter2-in-the-environment';

/** A span with the service that told it. */
export interface ToldSpan extends SpanRecord {
  readonly service: string;
}

export type LogLine = Readonly<Record<string, unknown>>;

/** Every service and two real agents on a real nats-server, in this process, with all that they tell collected. */
export class ShortRun {
  readonly lines: LogLine[] = [];
  readonly spans: ToldSpan[] = [];
  private readonly undo: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly folder: string,
    readonly server: RunningNatsServer,
    readonly nats: NatsConnection,
    readonly metrics: ProcessMetrics,
  ) {}

  static async start(): Promise<ShortRun> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice seen '));
    const server = await startNatsServer();
    const nats = await connectNats({ servers: server.url, name: 'short run' });
    await provision(nats);
    const run = new ShortRun(folder, server, nats, await openMetrics({ process: false }));
    await run.startAll();
    return run;
  }

  private gateway: RunningGateway | undefined;

  get url(): string {
    return this.gateway?.url ?? '';
  }

  /** Exec profiles: a step is a script, `install` fails where it is told to. */
  async request(version: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const file = join(this.folder, `${version}.txt`);
    await writeFile(file, version);
    const install = [
      'sh',
      '-c',
      `echo installing ${version}; [ ${version} != 6.6.6 ] || { echo no room >&2; exit 3; }`,
    ];
    const body = {
      ...{ app: 'hello', group: 'hello-web', version, strategy: 'rolling', batches: '50%', interval: '1s' },
      artifact: { url: pathToFileURL(file).href, sha256: createHash('sha256').update(version).digest('hex') },
      ...{ gates: ['settled'], drainWindow: '1ms' },
      profile: {
        kind: 'exec',
        steps: {
          drain: ['sh', '-c', 'echo draining $SLUICE_HOST'],
          install,
          verify: ['sh', '-c', 'echo verifying $SLUICE_HOST'],
        },
        env: { PASSWORD: SECRET },
        stepTimeoutMs: 10_000,
      },
    };
    const response = await fetch(`${this.url}/v1/requests`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const outcome = (await response.json()) as { readonly rolloutId?: string };
    if (outcome.rolloutId === undefined) throw new Error(`not planned: ${JSON.stringify(outcome)}`);
    return outcome.rolloutId;
  }

  async untilState(rollout: string, ...states: readonly string[]): Promise<void> {
    await vi.waitFor(
      async () => {
        const { state } = (await (await fetch(`${this.url}/v1/rollouts/${rollout}`)).json()) as { state: string };
        if (!states.includes(state)) throw new Error(`${rollout} is ${state}`);
      },
      { timeout: 30_000, interval: 50 },
    );
  }

  async stop(): Promise<void> {
    for (const undo of this.undo.toReversed()) await undo();
    await this.nats.close();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async startAll(): Promise<void> {
    for (const host of HOSTS) {
      const own = {
        host,
        dataDir: join(this.folder, host),
        apps: [{ app: 'hello', group: 'hello-web' }],
        version: '1',
      };
      const agent = await startAgent({ ...own, ...this.depsOf('agent'), helloIntervalMs: 200 });
      this.undo.push(() => agent.stop());
    }
    const inventoryFile = join(this.folder, 'inventory.json');
    const group = { name: 'hello-web', app: 'hello', environment: 'test', members: HOSTS };
    await writeFile(inventoryFile, JSON.stringify({ groups: [group] }));
    this.add(await startPlanner({ ...this.depsOf('planner'), inventoryFile }));
    this.add(await startExecutor(this.executorDeps()));
    this.add(await startHealthGate(this.depsOf('health-gate')));
    this.add(await startNotifier(this.depsOf('notifier')));
    const archive = { folder: join(this.folder, 'archive'), afterMs: DAY_MS, leaseMs: 10_000 };
    this.add(await startArchiver({ ...this.depsOf('archiver'), ...archive }));
    const { signer: key } = generateKeys('sluice.example/log');
    const checkpoints = { key, folder: join(this.folder, 'checkpoints'), everyMs: DAY_MS };
    this.add(await startCheckpointer({ ...this.depsOf('checkpointer'), ...checkpoints }));
    const page = { metricsPage: this.metrics, openLocally: true, port: 0 };
    this.gateway = this.add(await startGateway({ ...this.depsOf('gateway'), ...page }));
  }

  private add<S extends RunningService>(service: S): S {
    this.undo.push(() => service.stop());
    return service;
  }

  private depsOf(service: string) {
    const { nats, metrics, server } = this;
    const write = (line: string): void => void this.lines.push(JSON.parse(line) as LogLine);
    return {
      ...{ nats, servers: server.url, clock: systemClock, newId: newUlid, metrics },
      logger: createLogger(service, 'trace', { write }),
      log: new ObservedEventLog(new JetStreamEventLog(nats), [logMetrics(metrics, service)]),
      spans: { emit: (span: SpanRecord) => void this.spans.push({ ...span, service }) },
    };
  }

  private executorDeps() {
    const deps = this.depsOf('executor');
    const tracer = new RolloutTracer(deps.spans);
    const log = new ObservedEventLog(deps.log, [tracer]);
    return { ...deps, log, traceOfRun: (id: string, target: number) => tracer.traceOfRun(id, target) };
  }
}

/** What must never stand in a log line, a span or a metric. */
export const SECRETS = [SECRET];
