import type { NatsConnection } from '@nats-io/nats-core';
import { DirectoryArchiveStore, type EventLog, JetStreamArchiveSource } from '@sluice/event-log';
import { type Clock, messageOf } from '@sluice/kernel';
import type { RunningService } from '@sluice/messaging';
import { type Logger, type Metrics, silentMetrics } from '@sluice/observability';

import { ArchiverEngine } from './engine/archiver-engine.js';
import { type ArchiverLimits, limitsAfter } from './engine/ports.js';
import { kvFollowers } from './nats/kv-followers.js';
import { KvLease } from './nats/kv-lease.js';

export interface StartArchiverDeps {
  readonly nats: NatsConnection;
  /** The log itself, without its archive. */
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  /** Folder of the archive. */
  readonly folder: string;
  /** A rollout stays in the log for so long after it ended, in ms. */
  readonly afterMs: number;
  /** The age of the bucket of leases, in ms. */
  readonly leaseMs: number;
  readonly limits?: Partial<ArchiverLimits>;
  readonly metrics?: Metrics;
}

const STOP_MS = 10_000;

/** Archives until it is stopped, while it holds the lease. The streams and buckets must have been provisioned. */
export async function startArchiver(deps: StartArchiverDeps): Promise<RunningService> {
  const { nats, log, clock, newId, folder, afterMs, leaseMs, metrics = silentMetrics } = deps;
  const logger = deps.logger.child({ service: 'archiver' });
  const lease = await KvLease.open({ nats, clock, logger, newId, leaseMs });
  const followers = await kvFollowers(nats);
  const store = new DirectoryArchiveStore(folder);
  const source = new JetStreamArchiveSource(nats);
  const limits = { ...limitsAfter(afterMs), ...deps.limits };
  const engine = new ArchiverEngine({ log, source, store, clock, followers, lease, logger, limits });
  const unmeter = meter(engine, metrics);
  const intake = new AbortController();
  const running = engine.run(intake.signal).catch((error: unknown) => {
    logger.fatal({ reason: messageOf(error) }, 'the archiver stopped archiving; the log keeps everything');
  });
  logger.info({ folder, afterMs }, 'the archiver waits for what is over');
  const stop = async (): Promise<void> => {
    unmeter();
    intake.abort();
    await bounded(clock, running);
    await lease.stop();
    await store.close();
  };
  let stopping: Promise<void> | undefined;
  return { name: 'archiver', stop: () => (stopping ??= stop()) };
}

function meter(engine: ArchiverEngine, metrics: Metrics): () => void {
  const archived = { name: 'sluice_archived_rollouts', help: 'Rollouts that this archiver moved into the archive.' };
  const inLog = { name: 'sluice_log_rollouts', help: 'Rollouts that stand in the log, as the archiver counts them.' };
  const stops = [
    metrics.gauge(archived, () => [{ value: engine.archived.rollouts }]),
    metrics.gauge(inLog, () => [{ value: engine.inLog }]),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

async function bounded(clock: Clock, work: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const tooLong = new Promise<void>((resolve) => (cancel = clock.schedule(STOP_MS, resolve)));
  await Promise.race([work, tooLong]);
  cancel();
}
