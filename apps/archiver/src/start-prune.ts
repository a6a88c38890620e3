import type { NatsConnection } from '@nats-io/nats-core';
import { DirectoryArchiveStore, type EventLog } from '@sluice/event-log';
import { type Clock, SluiceError } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

import { KvLease } from './nats/kv-lease.js';
import { pruneArchive, type PruneReport, type PruneRequest } from './prune/prune.js';

export interface StartPruneDeps {
  readonly nats: NatsConnection;
  /** The log itself, without its archive. */
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  /** Folder of the archive. */
  readonly folder: string;
  /** The age of the bucket of leases, in ms. */
  readonly leaseMs: number;
}

/** Prunes the archive in that folder, alone: key `pruner` in `sluice_leases` is held meanwhile. Codes as pruneArchive. */
export async function startPrune(deps: StartPruneDeps, request: PruneRequest): Promise<PruneReport> {
  const { nats, log, clock, logger, newId, folder, leaseMs } = deps;
  const lease = await KvLease.open({ nats, clock, logger, newId, leaseMs, key: 'pruner' });
  const store = new DirectoryArchiveStore(folder);
  try {
    if (!request.dryRun && !lease.isHeld())
      throw new SluiceError(
        'ARCHIVE_CONTENDED',
        'somebody else prunes this archive now: wait until that has ended, or for half a minute after it was killed',
      );
    return await pruneArchive({ log, store, lease, clock }, request);
  } finally {
    await lease.stop();
    await store.close();
  }
}
