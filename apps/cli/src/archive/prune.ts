import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';

import type { PruneReport } from '@sluice/archiver';
import { loadConfig } from '@sluice/config';
import { openEventLog } from '@sluice/event-log';
import { isSluiceError } from '@sluice/kernel';
import type { Command } from 'commander';

import { couldNot } from '../audit/files.js';
import { connected } from '../audit/source.js';
import { CliError, EXIT } from '../client/exit.js';
import {
  countArgument,
  durationArgument,
  examples,
  REASON,
  shellOf,
  show,
  type Surroundings,
} from '../commands/shell.js';

interface Options {
  readonly olderThan: number;
  readonly reason: string;
  readonly keepVersions: number;
  readonly dryRun?: boolean;
  readonly nats?: string;
}

const MEGA = 1_000_000;
const SHOWN = 50;

const DAY = 86_400_000;

/** What is kept is kept for years: days without the bound of other durations. */
function ageArgument(text: string): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  return days === undefined ? durationArgument(text) : Number(days) * DAY;
}

/** Retention: deletes the bytes of what is old, and never what a legal hold covers. */
export function addPrune(archive: Command, surroundings: Surroundings): void {
  archive
    .command('prune')
    .description('deletes the bytes of what ended long ago and no legal hold covers; hashes stay, so that proofs hold')
    .argument('[folder]', 'of the archive (SLUICE_ARCHIVE)')
    .requiredOption('--older-than <duration>', 'such as 400d', ageArgument)
    .requiredOption(...REASON)
    .option('--keep-versions <count>', 'so many successes of each group stay, whatever their age', countArgument, 10)
    .option('--dry-run', 'says what it would delete, and deletes nothing')
    .option('--nats <url>', 'where NATS listens (SLUICE_NATS_URL): the legal holds are read from the log')
    .addHelpText(
      'after',
      examples(
        'sluice archive prune var/archive --older-than 400d --reason "kept for 400 days" --dry-run',
        'sluice archive prune var/archive --older-than 400d --reason "kept for 400 days"',
      ),
    )
    .action(async (folder: string | undefined, options: Options, command: Command) => {
      const { actor = `user:${userInfo().username}` } = command.optsWithGlobals<{ readonly actor?: string }>();
      const report = await pruned(folder, { ...options, actor }, surroundings);
      show(shellOf(command, surroundings), report, pruneWords);
    });
}

/** A folder with a typing error in it would be an archive of which nothing is old. */
async function folderOf(folder: string | undefined): Promise<string> {
  if (folder === undefined) throw couldNot('name the folder of the archive, or set SLUICE_ARCHIVE');
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new CliError(EXIT.notFound, `there is no folder ${folder}`);
  return folder;
}

async function pruned(
  given: string | undefined,
  { olderThan, keepVersions, reason, dryRun = false, nats: url, actor: by }: Options & { readonly actor: string },
  { newId, now }: Surroundings,
): Promise<PruneReport> {
  const config = loadConfig();
  const folder = await folderOf(given ?? config.archive);
  if (config.log !== 'nats') throw couldNot('a log on KurrentDB is not archived: there is nothing to prune');
  const nats = await connected(url ?? config.natsUrl, config);
  try {
    const [{ startPrune }, { recordAccess }, { createLogger, systemClock }] = await Promise.all([
      import('@sluice/archiver'),
      import('@sluice/messaging'),
      import('@sluice/observability'),
    ]);
    const { log } = await openEventLog({ url: config.log, credentials: '' }, nats);
    const filter = { olderThanMs: olderThan, reason };
    if (!dryRun) await recordAccess(nats, { id: newId(), at: now(), by, account: '', what: 'prune', filter });
    const parts = { nats, log, clock: systemClock, logger: createLogger('prune', 'warn'), newId, folder };
    const request = { olderThanMs: olderThan, keepVersions, by, reason, dryRun };
    return await startPrune({ ...parts, leaseMs: config.leaseTime }, request);
  } catch (error) {
    if (isSluiceError(error, 'ARCHIVE_CONTENDED')) throw new CliError(EXIT.conflict, error.message);
    throw error;
  } finally {
    await nats.close();
  }
}

function pruneWords(report: PruneReport): readonly string[] {
  const { dryRun, before, pruned: gone, kept, keptCount, freed, leftOver, holds } = report;
  const commits = gone.reduce((sum, unit) => sum + unit.commits, 0);
  return [
    ...gone
      .slice(0, SHOWN)
      .map(({ kind, id, commits: count }) => `${dryRun ? 'would go' : 'gone'}: ${kind} ${id}, ${count} commits`),
    ...(gone.length > SHOWN ? [`and ${gone.length - SHOWN} more`] : []),
    ...kept.slice(0, SHOWN).map(({ id, why }) => `stays: ${id}: ${why}`),
    ...(keptCount > SHOWN ? [`and ${keptCount - SHOWN} more stay`] : []),
    `${gone.length} units with ${commits} commits ${dryRun ? 'would be pruned' : 'were pruned'}, ${keptCount} stay, of what ended before ${new Date(before).toISOString()}`,
    `${holds.length} legal holds${holds.length === 0 ? '' : `: ${holds.join(', ')}`}`,
    ...(dryRun
      ? []
      : [`${(freed / MEGA).toFixed(1)} MB freed${leftOver === 0 ? '' : `, ${leftOver} files of before among them`}`]),
  ];
}
