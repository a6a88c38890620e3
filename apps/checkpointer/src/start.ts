import type { NatsConnection } from '@nats-io/nats-core';
import { archivedLog, type CommitSource, inLogOrder } from '@sluice/audit';
import { SUBJECTS } from '@sluice/contracts';
import { DirectoryArchiveStore, type EventLog, rawLog } from '@sluice/event-log';
import { type Clock, messageOf } from '@sluice/kernel';
import { type RunningService, serveJson } from '@sluice/messaging';
import { type Logger, type Metrics, silentMetrics } from '@sluice/observability';
import { parseSignerKey } from '@sluice/proof';

import { Checkpointer } from './engine/checkpointer.js';
import type { SignedLog } from './engine/ports.js';
import { meter } from './metrics.js';
import { streamPublisher } from './publish/stream-publisher.js';
import { webhookPublisher } from './publish/webhook-publisher.js';
import { FolderStore } from './store/folder-store.js';

export interface StartCheckpointerDeps {
  readonly nats: NatsConnection;
  /** The log itself, without its archive. */
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The secret key as keygen wrote it. */
  readonly key: string;
  /** Where checkpoints are kept, in ms how often one is made. */
  readonly folder: string;
  readonly everyMs: number;
  /** Folder of the archive that commits were moved into. */
  readonly archiveFolder?: string;
  readonly webhook?: string;
  readonly metrics?: Metrics;
}

const STOP_MS = 10_000;

/** Signs until it is stopped. Code BAD_KEY. The streams must have been provisioned. */
export async function startCheckpointer(deps: StartCheckpointerDeps): Promise<RunningService> {
  const { nats, clock, folder, everyMs, webhook } = deps;
  const signer = parseSignerKey(deps.key);
  const logger = deps.logger.child({ service: 'checkpointer' });
  const archive = deps.archiveFolder === undefined ? undefined : new DirectoryArchiveStore(deps.archiveFolder);
  const checkpointer = new Checkpointer({
    log: signedLog(deps, archive),
    store: await FolderStore.open(folder, signer.verifier.text),
    publishers: [streamPublisher(nats), ...(webhook === undefined ? [] : [webhookPublisher(webhook, clock)])],
    ...{ signer, clock, logger, everyMs },
  });
  const unmeter = meter(checkpointer.turns, clock, deps.metrics ?? silentMetrics);
  const status = serveJson(nats, SUBJECTS.checkpointerStatus, () => checkpointer.turns.status, { log: logger });
  const intake = new AbortController();
  const running = checkpointer.run(intake.signal).catch((error: unknown) => {
    logger.fatal({ reason: messageOf(error) }, 'no checkpoints are signed any more');
  });
  logger.info({ folder, waitMs: everyMs }, 'the log is signed on a schedule');
  const stop = async (): Promise<void> => {
    unmeter();
    intake.abort();
    await status.stop();
    await bounded(clock, running);
    await archive?.close();
  };
  let stopping: Promise<void> | undefined;
  return { name: 'checkpointer', stop: () => (stopping ??= stop()) };
}

function signedLog({ nats, log }: StartCheckpointerDeps, archive: DirectoryArchiveStore | undefined): SignedLog {
  const from = (position: number): CommitSource => rawLog(nats, position);
  const live = { position: () => log.position(), from };
  if (archive === undefined) return live;
  return {
    ...live,
    withArchive: (position) => inLogOrder([behind(archivedLog(archive), position), from(position)]),
  };
}

async function* behind(commits: CommitSource, position: number): CommitSource {
  for await (const commit of commits) if (commit.position >= position) yield commit;
}

async function bounded(clock: Clock, work: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const tooLong = new Promise<void>((resolve) => (cancel = clock.schedule(STOP_MS, resolve)));
  await Promise.race([work, tooLong]);
  cancel();
}
