import type { StartArchiverDeps } from '@sluice/archiver';
import {
  ArchivedEventLog,
  ArchiveReader,
  DirectoryArchiveStore,
  type EventLog,
  type LogAddress,
} from '@sluice/event-log';
import { SluiceError } from '@sluice/kernel';
import type { RunningService } from '@sluice/messaging';

export interface ArchiveSettings {
  readonly folder: string;
  /** How long a finished rollout stays in the log, ms. */
  readonly afterMs: number;
}

/** The log as services read it, and the archive behind it when there is one. */
export interface Archive {
  readonly log: EventLog;
  readonly archive?: ArchiveReader;
  close(): Promise<void>;
}

export function openArchive(log: EventLog, settings: ArchiveSettings | undefined): Archive {
  if (settings === undefined) return { log, close: async () => undefined };
  const store = new DirectoryArchiveStore(settings.folder);
  const archive = new ArchiveReader(store);
  return { log: new ArchivedEventLog(log, archive), archive, close: () => store.close() };
}

type Parts = Pick<StartArchiverDeps, 'nats' | 'log' | 'clock' | 'logger' | 'newId' | 'metrics'>;

interface ArchiverSettings {
  readonly archive?: ArchiveSettings;
  readonly log: LogAddress;
  readonly leaseMs: number;
}

/** Code BAD_CONFIG without a folder. */
export async function archiverOf(deps: Parts, { archive, log, leaseMs }: ArchiverSettings): Promise<RunningService> {
  if (archive === undefined)
    throw new SluiceError('BAD_CONFIG', 'the archiver needs a folder that all services reach: set SLUICE_ARCHIVE');
  if (log.url !== 'nats') {
    deps.logger.warn(
      {},
      'only a log on JetStream is archived: this one keeps everything, and the archiver does nothing',
    );
    return { name: 'archiver', stop: async () => undefined };
  }
  const { nats, clock, logger, newId, metrics } = deps;
  const parts = { nats, log: deps.log, clock, logger, newId, ...(metrics === undefined ? {} : { metrics }) };
  return (await import('@sluice/archiver')).startArchiver({ ...parts, ...archive, leaseMs });
}
