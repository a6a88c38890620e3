import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { type ArchiveVerdict, DirectoryArchiveStore, verifyArchive } from '@sluice/event-log';
import type { Command } from 'commander';

import { CliError, EXIT } from '../client/exit.js';
import { examples, shellOf, show, type Surroundings } from '../commands/shell.js';
import { addPrune } from './prune.js';

/** What works on the folder of an archive alone: no service and no NATS is needed. */
export function addArchive(program: Command, surroundings: Surroundings): void {
  const archive = program
    .command('archive')
    .description('the archive of finished rollouts, read in its folder')
    .addHelpText(
      'after',
      examples(
        'sluice archive verify var/archive',
        'sluice archive prune var/archive --older-than 400d --reason "kept for 400 days" --dry-run',
      ),
    );
  addPrune(archive, surroundings);
  archive
    .command('verify')
    .description('every hash, the chain of the segments, and that no commit of a stream is missing')
    .argument('<folder>', 'such as var/archive')
    .addHelpText(
      'after',
      examples('sluice archive verify var/archive', 'sluice archive verify /srv/sluice/archive -o json'),
    )
    .action(async (folder: string, _options: object, command: Command) => {
      const verdict = await verdictOf(resolve(folder));
      show(shellOf(command, surroundings), verdict, textOf);
      if (verdict.faults.length > 0) surroundings.end(EXIT.failed);
    });
}

async function verdictOf(folder: string): Promise<ArchiveVerdict> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new CliError(EXIT.notFound, `there is no folder ${folder}`);
  const store = new DirectoryArchiveStore(folder);
  try {
    return await verifyArchive(store);
  } finally {
    await store.close();
  }
}

function textOf({
  segments,
  rollouts,
  commits,
  bytes,
  rawBytes,
  head,
  faults,
  strays,
  pruned,
  prunes,
}: ArchiveVerdict): readonly string[] {
  return [
    `${segments} segments, ${rollouts} rollouts, ${commits} commits; ${bytes} bytes, ${rawBytes} uncompressed`,
    ...(pruned === 0 ? [] : [`${pruned} units were pruned, their hashes are whole; ${pruneText(prunes)}`]),
    ...(head === '' ? [] : [`the chain ends at ${head}`]),
    ...(strays.length === 0 ? [] : [`${strays.length} files that no segment names; they do no harm`]),
    ...faults.map((fault) => `FAULT: ${fault}`),
    faults.length === 0 ? 'whole: nothing is missing and nothing was changed' : `${faults.length} faults`,
  ];
}

function pruneText(prunes: ArchiveVerdict['prunes']): string {
  const last = prunes.reduce<ArchiveVerdict['prunes'][number] | undefined>(
    (latest, each) => (latest === undefined || each.at > latest.at ? each : latest),
    undefined,
  );
  return last === undefined ? '' : `the last time ${new Date(last.at).toISOString()} by ${last.by}: ${last.reason}`;
}
