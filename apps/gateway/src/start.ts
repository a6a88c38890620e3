import type { NatsConnection } from '@nats-io/nats-core';

import { BUCKETS, type RecordedCommit } from '@sluice/contracts';
import type { ArchiveReader, EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';
import { type RunningService, serveAccess } from '@sluice/messaging';
import { type Logger, silentMetrics, type SpanSink } from '@sluice/observability';

import { Access } from './access/access.js';
import { RateLimit, type RateLimits } from './access/rate-limit.js';
import { recordedReads } from './access/reads.js';
import { TokenStore } from './access/token-store.js';
import { KnownTokens } from './access/token-view.js';
import { Tokens } from './access/tokens.js';
import { CommandClient } from './commands/command-client.js';
import { Commander } from './commands/commander.js';
import type { GatewayParts } from './gateway.module.js';
import type { Onlookers } from './http/http-metrics.js';
import { type ClientBounds, createServer, type ServerGuards } from './http/server.js';
import { RolloutStreams } from './live/streams.js';
import { BucketWatch } from './read-model/bucket-watch.js';
import { Outputs } from './outputs/outputs.js';
import { LogFollower } from './read-model/follower.js';
import { DecisionReader } from './read-model/decisions.js';
import { DependencyIndex } from './read-model/dependency-index.js';
import { FreezeIndex } from './read-model/freeze-index.js';
import { GateScores } from './read-model/gate-scores.js';
import { GroupCatalog } from './read-model/group-catalog.js';
import { GroupIndex } from './read-model/group-index.js';
import { InventoryView } from './read-model/inventory-view.js';
import { LabelIndex } from './read-model/label-index.js';
import { readinessOf } from './readiness.js';
import { Reports } from './read-model/reports.js';
import { RolloutHistory } from './read-model/rollout-history.js';
import { RolloutIndex } from './read-model/rollout-index.js';
import { meterReadModels } from './read-model/rollout-metrics.js';
import { type ShiftOf, WeightHistory } from './read-model/weight-history.js';
import { WeightsView } from './read-model/weights-view.js';
import { Past } from './past/past.js';
import { RequestPublisher } from './requests/request-publisher.js';
import { Requests } from './requests/requests.js';
import { fleetFollowerOf, variablesOf } from './variables/assembly.js';

export interface GatewayDeps extends Onlookers {
  readonly nats: NatsConnection;
  /** With its archive behind it, when there is one: the gateway reads archived rollouts through it. */
  readonly log: EventLog;
  /** What lists show of the rollouts that left the log. */
  readonly archive?: ArchiveReader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** ULIDs. */
  readonly newId: () => string;
  /** Loopback unless said otherwise. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where spans of requests go; none are made when absent. */
  readonly spans?: SpanSink;
  /** `sluice up`: while no token was ever made, whoever reaches a port on loopback may do everything. */
  readonly openLocally?: boolean;
  readonly limits?: Partial<GatewayLimits>;
}

/** Bounds, in ms. */
export interface GatewayLimits {
  /** How long a command waits for its answer. */
  readonly commandMs: number;
  readonly ackMs: number;
  /** How long POST /v1/requests waits for the outcome before it answers 202. */
  readonly outcomeMs: number;
  readonly heartbeatMs: number;
  /** A live client that takes nothing for so long is dropped. */
  readonly drainMs: number;
  readonly maxStreams: number;
  /** How long the start waits for the read models to catch up before it serves anyway (not ready). */
  readonly catchUpMs: number;
  /** Of each token, and of each address without one. */
  readonly calls: RateLimits;
  /** The same for what applications poll (weights). */
  readonly polls: RateLimits;
  readonly clients: ClientBounds;
}

const LIMITS: GatewayLimits = {
  commandMs: 10_000,
  ackMs: 5_000,
  outcomeMs: 5_000,
  heartbeatMs: 15_000,
  drainMs: 10_000,
  maxStreams: 256,
  catchUpMs: 10_000,
  calls: { perSecond: 200, burst: 1_000 },
  polls: { perSecond: 2_000, burst: 10_000 },
  clients: {
    maxConnections: 2_000,
    maxBodyBytes: 16 * 1024 * 1024,
    headersMs: 15_000,
    requestMs: 30_000,
    idleMs: 60_000,
  },
};

export interface RunningGateway extends RunningService {
  /** `http://host:port` where it listens. */
  readonly url: string;
}

/** Serves the API. Code of the thrown error when the port is taken: EADDRINUSE, from the system. */
export async function startGateway(deps: GatewayDeps): Promise<RunningGateway> {
  const limits = { ...LIMITS, ...deps.limits };
  const assembled = assemble(deps, limits);
  const { parts, followers, watches, known, weights } = assembled;
  for (const follower of followers) follower.start();
  for (const watch of watches) watch.start();
  await parts.history.start(deps.clock, deps.logger);
  const stopReading = async (): Promise<void> => {
    parts.history.stop();
    await Promise.all([...followers, ...watches].map((reader) => reader.stop()));
  };
  try {
    const app = await createServer(parts, assembled.guards, {
      ...onlookersOf(deps),
      logger: deps.logger,
      clients: limits.clients,
    });
    const unmeter = meterReadModels(deps.metrics ?? silentMetrics, parts.history, parts.streams);
    const synced = Promise.all([known.whenSynced(), weights.whenSynced()]).then(() => {});
    const live = followers.map((follower) => follower.whenLive(limits.catchUpMs));
    await Promise.all([...live, within(deps.clock, limits.catchUpMs, synced)]);
    await app.listen(deps.port, hostOf(deps));
    const url = await app.getUrl();
    deps.logger.info({ url }, 'the API listens');
    const recorder = serveAccess({ ...deps, log: deps.logger });
    let stopping: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      unmeter();
      parts.streams.stop();
      parts.desired.stop();
      await recorder.stop();
      await app.close();
      await stopReading();
    };
    return { name: 'gateway', url, stop: () => (stopping ??= stop()) };
  } catch (error) {
    await stopReading();
    throw error;
  }
}

const onlookersOf = ({ metrics, metricsPage }: GatewayDeps): Onlookers => ({
  ...(metrics === undefined ? {} : { metrics }),
  ...(metricsPage === undefined ? {} : { metricsPage }),
});

const hostOf = ({ host }: GatewayDeps): string => host ?? '127.0.0.1';

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/;

async function within(clock: Clock, ms: number, done: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => (cancel = clock.schedule(ms, resolve)));
  await Promise.race([done, late]);
  cancel();
}

interface Assembled {
  readonly parts: GatewayParts;
  readonly guards: ServerGuards;
  readonly followers: readonly LogFollower[];
  readonly watches: readonly BucketWatch[];
  readonly known: KnownTokens;
  readonly weights: WeightsView;
}

function assemble(deps: GatewayDeps, limits: GatewayLimits): Assembled {
  const { nats, log, clock, logger, newId } = deps;
  const rollouts = new RolloutIndex(log);
  const labels = new LabelIndex();
  const history = new RolloutHistory(rollouts, deps.archive, labels);
  const groupIndex = new GroupIndex();
  const view = new InventoryView();
  const dependencies = new DependencyIndex(view, clock);
  const freezes = new FreezeIndex(clock);
  const known = new KnownTokens();
  const weights = new WeightsView();
  const weightHistory = new WeightHistory((id) => shiftOf(rollouts, id));
  const gateScores = new GateScores();
  const commands = new CommandClient(nats, limits.commandMs);
  const variables = variablesOf(deps, commands);
  const past = new Past({ log, clock, history, groups: groupIndex, dependencies });
  const models = [groupIndex, dependencies, freezes, labels, weightHistory, gateScores, pastOf(past)];
  const followers = [followerOf(deps, rollouts, models), fleetFollowerOf(deps, variables.fleets)];
  const groups = new GroupCatalog(groupIndex, view, weights);
  const openLocally = deps.openLocally === true && LOOPBACK.test(hostOf(deps));
  const access = new Access({ tokens: known, clock, openLocally });
  const publisher = publisherOf(deps, limits);
  const now = (): number => clock.now();
  const parts: GatewayParts = {
    ...{ rollouts, history, groups, dependencies, freezes, past },
    ...{ weights, weightHistory, gateScores, log, clock },
    streams: new RolloutStreams({ log, clock, logger, options: limits }),
    reports: new Reports(log, rollouts),
    commands,
    commander: new Commander(commands, rollouts, newId),
    requests: new Requests({ publisher, access, groups, rollouts, newId }),
    templates: view,
    tokens: new Tokens(new TokenStore(nats, newId, now), known, clock),
    outputs: new Outputs(nats, rollouts),
    decisions: new DecisionReader(log),
    ...variables,
    readiness: () => readinessOf(nats, followers),
  };
  const [rates, polls] = [new RateLimit(limits.calls, now), new RateLimit(limits.polls, now)];
  const guards = { access, history, groups, logger, rates, polls, reads: recordedReads(deps) };
  return {
    parts,
    guards,
    followers,
    watches: watchesOf(deps, { view, known, weights }),
    known,
    weights,
  };
}

function shiftOf(rollouts: RolloutIndex, id: string): ShiftOf | undefined {
  const entry = rollouts.entry(id);
  return entry === undefined ? undefined : { group: entry.group, shift: entry.state?.plan?.traffic };
}

const publisherOf = ({ nats, clock, spans }: GatewayDeps, { ackMs, outcomeMs }: GatewayLimits): RequestPublisher =>
  new RequestPublisher({ ...{ nats, clock, ackMs, outcomeMs }, ...(spans === undefined ? {} : { spans }) });

/** What keeps a read model behind the log. */
interface Following {
  apply(commit: RecordedCommit): void;
  forgetAll(): void;
}

/** It reads the log when it is asked; it only has to hear when the log lost its tail. */
const pastOf = (past: Past): Following => ({ apply: () => {}, forgetAll: () => past.forgetAll() });

function followerOf(
  { log, clock, logger }: GatewayDeps,
  rollouts: RolloutIndex,
  models: readonly Following[],
): LogFollower {
  return new LogFollower({
    log,
    clock,
    logger,
    apply: async (commit) => {
      for (const model of models) model.apply(commit);
      await rollouts.apply(commit);
    },
    forgetAll: () => {
      for (const model of [...models, rollouts]) model.forgetAll();
    },
  });
}

/** What stands in buckets. */
interface Kept {
  readonly view: InventoryView;
  readonly known: KnownTokens;
  readonly weights: WeightsView;
}

function watchesOf({ nats, clock, logger }: GatewayDeps, { view, known, weights }: Kept): readonly BucketWatch[] {
  const parts = { nats, clock, logger };
  return [
    new BucketWatch({ ...parts, bucket: BUCKETS.inventory, put: (key, value) => view.put(key, value) }),
    new BucketWatch({
      ...parts,
      bucket: BUCKETS.tokens,
      put: (key, value) => known.put(key, value),
      synced: () => known.markSynced(),
    }),
    new BucketWatch({
      ...parts,
      bucket: BUCKETS.weights,
      put: (key, value) => weights.put(key, value),
      synced: () => weights.markSynced(),
    }),
  ];
}
