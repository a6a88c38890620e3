import { join, resolve } from 'node:path';

import type { NatsConnection, Subscription } from '@nats-io/nats-core';
import { type Hello, SUBJECTS } from '@sluice/contracts';
import { type Clock, SluiceError } from '@sluice/kernel';
import { registered, type RunningService } from '@sluice/messaging';
import type { Logger, Metrics, SpanSink } from '@sluice/observability';

import { type AppConfig, type AppDeps, AppHost } from './app/app-host.js';
import { type ArtifactLimits, DEFAULT_LIMITS } from './artifact/limits.js';
import { answer, sendReport } from './edge/endpoints.js';
import { HelloBeat } from './edge/hello-beat.js';
import { lockFolder } from './host/lock.js';
import { processTable } from './host/process-table.js';
import { Journal } from './journal/journal.js';
import type { OwnRelease } from './self/own-release.js';
import { selfOf, takeUpSelf } from './self/taking-up.js';
import { AgentCore } from './runs/agent-core.js';
import { Outbox } from './runs/outbox.js';
import { type RunMeter, runMeter } from './runs/run-meter.js';
import { runTracer } from './runs/run-tracer.js';
import { Runner } from './runs/runner.js';
import { sleep } from './time/waiting.js';

const HELLO_MS = 5_000;
const STOP_MS = 30_000;

export interface AgentDeps {
  readonly nats: NatsConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This host's name: part of its subjects and of its targets' names. */
  readonly host: string;
  readonly site?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Where others reach this host's apps, for the endpoints in its hello; the host's name when absent. */
  readonly address?: string;
  /** Journal, releases and states; one agent per folder. */
  readonly dataDir: string;
  readonly apps: readonly AppConfig[];
  /** The agent's own version, for its hello. */
  readonly version: string;
  /** For an agent under a supervisor: its own release. */
  readonly self?: OwnRelease;
  readonly helloIntervalMs?: number;
  readonly limits?: Partial<ArtifactLimits>;
  /** In [0, 1), for the jitter of resent reports. */
  readonly random?: () => number;
  readonly metrics?: Metrics;
  /** Where the spans of runs go that name their trace; none are made when absent. */
  readonly spans?: SpanSink;
}

/**
 * Starts the agent of one host: takes up what it left, answers runs and status queries, says hello. Stopping it never
 * stops an app. Codes AGENT_RUNNING, JOURNAL_CORRUPT, STATE_CORRUPT, BAD_CONFIG.
 */
export async function startAgent(wanted: AgentDeps): Promise<RunningService> {
  // The folder's absolute name is what the agent knows its processes by.
  const deps = { ...wanted, dataDir: resolve(wanted.dataDir) };
  const table = processTable();
  const unlock = await lockFolder(table, deps.dataDir);
  try {
    return await startLocked(deps, table, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function startLocked(
  deps: AgentDeps,
  table: AppDeps['table'],
  unlock: () => Promise<void>,
): Promise<RunningService> {
  const { nats, clock, host } = deps;
  const logger = deps.logger.child({ host });
  const startedAt = clock.now();
  const meter = runMeter(deps.metrics);
  const watching = { recorded: meter.recorded };
  const journal = await Journal.open({
    path: join(deps.dataDir, 'journal.jsonl'),
    now: () => clock.now(),
    recorded: (record) => watching.recorded(record),
  });
  watching.recorded = watcherOf(deps, journal, meter);
  const self = deps.self === undefined ? undefined : selfOf(deps, deps.self, startedAt);
  const apps = await openApps(deps, { table, self, onChange: () => beat.say(), received: meter.received });
  const outbox = new Outbox({
    clock,
    logger,
    send: (report) => sendReport(nats, report),
    settled: (attempt) => journal.append({ t: 'settled', at: clock.now(), attempt }),
    random: deps.random ?? Math.random,
  });
  const runner = new Runner({ clock, logger, journal, outbox, apps });
  const core = new AgentCore({ clock, logger, journal, apps, host, outbox, runner });
  const beat = new HelloBeat({
    clock,
    logger,
    intervalMs: deps.helloIntervalMs ?? HELLO_MS,
    compose: () => composeHello(deps, apps, startedAt),
    publish: (hello) => nats.publish(SUBJECTS.hello(host), JSON.stringify(hello)),
  });
  if (self !== undefined) await takeUpSelf(apps, self);
  core.resume();
  const endpoints = [
    answer(nats, logger, { subject: SUBJECTS.agentRun(host), handle: (data) => core.run(data) }),
    answer(nats, logger, { subject: SUBJECTS.agentStatus(host), handle: (data) => core.status(data) }),
    answer(nats, logger, { subject: SUBJECTS.agentOutput(host), handle: (data) => core.output(data) }),
  ];
  await registered(nats);
  beat.say();
  logger.info({ apps: [...apps.keys()] }, 'the agent is ready');
  return { name: 'agent', stop: once(() => stopAll(deps, { endpoints, beat, runner, outbox, journal, unlock })) };
}

/** What looks on at the journal; what was in it before is nobody's news. */
function watcherOf({ metrics, spans }: AgentDeps, journal: Journal, meter: RunMeter): RunMeter['recorded'] {
  const spec = { name: 'sluice_agent_journal_bytes', help: 'Size of the journal.' };
  metrics?.gauge(spec, () => [{ value: journal.bytes }]);
  if (spans === undefined) return meter.recorded;
  const trace = runTracer(spans, () => journal.state.attempts);
  return (record) => {
    meter.recorded(record);
    trace(record);
  };
}

async function openApps(
  deps: AgentDeps,
  own: Pick<AppDeps, 'table' | 'self' | 'onChange' | 'received'>,
): Promise<ReadonlyMap<string, AppHost>> {
  const { host, site, dataDir, clock } = deps;
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const apps = new Map<string, AppHost>();
  for (const config of deps.apps) {
    if (apps.has(config.app))
      throw new SluiceError('BAD_CONFIG', `the app ${config.app} is configured twice: a host runs it once`);
    apps.set(
      config.app,
      await AppHost.open({ host, site, address: deps.address ?? host, dataDir, clock, limits, ...own }, config),
    );
  }
  return apps;
}

async function composeHello(deps: AgentDeps, apps: ReadonlyMap<string, AppHost>, startedAt: number): Promise<Hello> {
  for (const app of apps.values()) await app.boundLog();
  return {
    v: 1,
    host: deps.host,
    at: deps.clock.now(),
    agent: { version: deps.version, startedAt },
    ...(deps.site === undefined ? {} : { site: deps.site }),
    labels: deps.labels ?? {},
    apps: await Promise.all([...apps.values()].map((app) => app.hello())),
  };
}

interface Parts {
  readonly endpoints: readonly Subscription[];
  readonly beat: HelloBeat;
  readonly runner: Runner;
  readonly outbox: Outbox;
  readonly journal: Journal;
  readonly unlock: () => Promise<void>;
}

/** A run that cannot be interrupted in time keeps the lock: a second agent must not begin beside it. */
async function stopAll({ clock, logger }: AgentDeps, parts: Parts): Promise<void> {
  for (const endpoint of parts.endpoints) endpoint.unsubscribe();
  await parts.beat.stop();
  parts.outbox.stop();
  const bound = new AbortController();
  const ended = await Promise.race([
    parts.runner.stop().then(() => true),
    sleep(clock, STOP_MS, bound.signal).then(() => false),
  ]);
  bound.abort();
  if (!ended) return logger.error({}, `a run did not stop within ${STOP_MS} ms: end the agent's process`);
  await parts.journal.close();
  await parts.unlock();
}

/** Stopping twice is stopping once. */
function once(stop: () => Promise<void>): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  return () => (stopping ??= stop());
}
