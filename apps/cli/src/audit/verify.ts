import { type AuditCounts, type AuditReport, reportWords, verifyLog } from '@sluice/audit';
import { type Checkpoint, openCheckpoint } from '@sluice/proof';
import type { Command } from 'commander';

import { CliError, EXIT } from '../client/exit.js';
import { examples, shellOf, show, type Surroundings } from '../commands/shell.js';
import { couldNot, gathered, smallFile, verifiersOf } from './files.js';
import { reading, type SourceOptions, withSource } from './source.js';

interface Options extends SourceOptions {
  readonly checkpoint: readonly string[];
  readonly key: readonly string[];
  readonly events: boolean;
  readonly threads?: string;
}

const PROGRESS_MS = 1_000;
/** A log has 16 shards. */
const MAX_THREADS = 16;
const MEGA = 1_000_000;

export function addVerify(audit: Command, surroundings: Surroundings): void {
  withSource(
    audit
      .command('verify')
      .description('reads a whole log and says what is wrong with it (exit 0 nothing, 9 findings, 1 it could not)'),
  )
    .option('--checkpoint <file...>', 'signed checkpoints that the log must begin with', gathered, [])
    .option('--key <verifier>', 'public key of who signed them, or its file; several times', gathered, [])
    .option('--threads <count>', 'that share a long log: 1 to 16; as many as there are cores when left out, at most 4')
    .option('--no-events', 'hash chains and checkpoints alone, some ten times as fast')
    .addHelpText(
      'after',
      examples(
        'sluice audit verify',
        'sluice audit verify --archive var/archive --checkpoint var/checkpoints/latest.checkpoint --key log.key.pub',
        'sluice audit verify export/000001-0001.commits.jsonl --no-events -o json',
      ),
    )
    .action(async (source: string | undefined, options: Options, command: Command) => {
      const checkpoints = await checkpointsOf(options);
      const progress = progressOn(surroundings);
      const report = await reading(source, options, (log) =>
        verifyLog(log.whole(), { ...threadsOf(options), checkpoints, events: options.events, tree: true, progress }),
      );
      show(shellOf(command, surroundings), report, textOf);
      if (!report.ok) surroundings.end(EXIT.altered);
    });
}

function threadsOf({ threads }: Options): { readonly threads?: number } {
  if (threads === undefined) return {};
  const count = Number(threads);
  if (!Number.isInteger(count) || count < 1 || count > MAX_THREADS)
    throw new CliError(EXIT.usage, `--threads is a number from 1 to ${MAX_THREADS}`);
  return { threads: count };
}

async function checkpointsOf({ checkpoint, key }: Options): Promise<readonly Checkpoint[]> {
  if (checkpoint.length === 0) return [];
  if (key.length === 0) throw couldNot('a checkpoint is worth what its signature is: name the public key with --key');
  const known = await verifiersOf(key);
  return Promise.all(checkpoint.map(async (file) => openCheckpoint(await smallFile(file), known)));
}

/** A line on stderr now and then; nothing for a log that is read within a second. */
export function progressOn({ err, now }: Surroundings): (counts: Pick<AuditCounts, 'commits' | 'bytes'>) => void {
  let next = now() + PROGRESS_MS;
  return ({ commits, bytes }) => {
    if (now() < next) return;
    next = now() + PROGRESS_MS;
    err(`${commits} commits, ${Math.round(bytes / MEGA)} MB read`);
  };
}

const textOf = (report: AuditReport): readonly string[] => reportWords(report);
