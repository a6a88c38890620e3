import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { StartCheckpointerDeps } from '@sluice/checkpointer';
import type { SluiceConfig } from '@sluice/config';
import type { LogAddress } from '@sluice/event-log';
import { messageOf, SluiceError } from '@sluice/kernel';
import type { RunningService } from '@sluice/messaging';

import type { ArchiveSettings } from './archive.js';

export interface CheckpointSettings {
  readonly keyFile: string;
  readonly folder: string;
  readonly everyMs: number;
  readonly webhook?: string;
}

/** Nothing without a key. */
export const checkpointsOf = (
  { checkpointKey: keyFile, checkpointDir, checkpointEvery: everyMs, checkpointWebhook: webhook }: SluiceConfig,
  dataDir: string,
) =>
  keyFile === undefined
    ? {}
    : {
        checkpoints: {
          ...{ keyFile, folder: checkpointDir ?? join(dataDir, 'checkpoints'), everyMs },
          ...(webhook === undefined ? {} : { webhook }),
        },
      };

type Parts = Pick<StartCheckpointerDeps, 'nats' | 'log' | 'clock' | 'logger' | 'metrics'>;

interface CheckpointerSettings {
  readonly checkpoints?: CheckpointSettings;
  readonly archive?: ArchiveSettings;
  readonly log: LogAddress;
}

/** Codes BAD_CONFIG without a key or with a log that is not on JetStream, BAD_KEY. */
export async function checkpointerOf(
  { nats, log, clock, logger, metrics }: Parts,
  { checkpoints, archive, log: address }: CheckpointerSettings,
): Promise<RunningService> {
  if (checkpoints === undefined)
    throw new SluiceError(
      'BAD_CONFIG',
      'checkpoints are signed with a key: make one with sluice audit keygen and name its file in SLUICE_CHECKPOINT_KEY',
    );
  if (address.url !== 'nats')
    throw new SluiceError('BAD_CONFIG', 'only a log on JetStream is signed: unset SLUICE_CHECKPOINT_KEY');
  const { keyFile, ...settings } = checkpoints;
  const key = await secretIn(keyFile);
  if (key.isOpen) logger.warn({ folder: keyFile }, 'others on this machine may read the key that signs checkpoints');
  const { startCheckpointer } = await import('@sluice/checkpointer');
  return startCheckpointer({
    ...{ nats, log, clock, logger, key: key.text },
    ...settings,
    ...(metrics === undefined ? {} : { metrics }),
    ...(archive === undefined ? {} : { archiveFolder: archive.folder }),
  });
}

const OTHERS = 0o077;

async function secretIn(file: string): Promise<{ readonly text: string; readonly isOpen: boolean }> {
  try {
    const { mode } = await stat(file);
    return { text: await readFile(file, 'utf8'), isOpen: (mode & OTHERS) !== 0 };
  } catch (error) {
    throw new SluiceError('BAD_CONFIG', `SLUICE_CHECKPOINT_KEY names a file that cannot be read: ${messageOf(error)}`);
  }
}
