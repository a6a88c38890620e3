import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { type CommitSource, leafOf } from '@sluice/audit';
import {
  type Checkpoint,
  consistencyRanges,
  openCheckpoint,
  parseConsistency,
  Prover,
  type VerifierKey,
  verifyConsistency,
} from '@sluice/proof';
import type { Command } from 'commander';

import { CliError, EXIT } from '../client/exit.js';
import { examples, shellOf, show, type Surroundings } from '../commands/shell.js';
import { gathered, smallFile, verifiersOf } from './files.js';
import { holding, openedCheckpoint } from './prove.js';
import { reading, type SourceOptions } from './source.js';

interface Options extends SourceOptions {
  readonly key: readonly string[];
  readonly log?: string | true;
}

const SUFFIX = '.consistency';
const MAX_PROOFS = 1_000_000;

export function addConsistency(audit: Command, surroundings: Surroundings): void {
  audit
    .command('consistency')
    .description('that the log of a newer checkpoint begins with that of an older one (exit 9 when it does not)')
    .argument('<old>', 'file of the older checkpoint')
    .argument('<new>', 'file of the newer one; the proofs beside it lead from one to the other')
    .requiredOption('--key <verifier>', 'public key of the log, or its file', gathered, [])
    .option('--log [source]', 'makes the proof from the log instead: an archive, an export, or the live log')
    .option('--nats <url>', 'where NATS listens (SLUICE_NATS_URL)')
    .option('--archive <folder>', 'of a live log (SLUICE_ARCHIVE)')
    .addHelpText(
      'after',
      examples(
        'sluice audit consistency mine.checkpoint var/checkpoints/latest.checkpoint --key log.key.pub',
        'sluice audit consistency mine.checkpoint theirs.checkpoint --key log.key.pub --log var/archive',
      ),
    )
    .action(async (oldFile: string, newFile: string, options: Options, command: Command) => {
      const [older, newer] = [
        await openedCheckpoint(oldFile, options.key),
        await openedCheckpoint(newFile, options.key),
      ];
      const steps = await proved({ older, newer, folder: dirname(newFile) }, options);
      const said = { from: older.size, to: newer.size, steps };
      show(shellOf(command, surroundings), said, () => [
        `holds: the log of ${newer.size} commits begins with the one of ${older.size} (${steps} proofs)`,
      ]);
    });
}

interface Pair {
  readonly older: Checkpoint;
  readonly newer: Checkpoint;
  readonly folder: string;
}

/** How many proofs it took. */
async function proved({ older, newer, folder }: Pair, options: Options): Promise<number> {
  if (older.size > newer.size) throw new CliError(EXIT.usage, 'give the older checkpoint first');
  if (options.log !== undefined) {
    const source = options.log === true ? undefined : options.log;
    const proof = await reading(source, options, (log) => proofFrom(log.whole(), older.size, newer.size));
    holding(() => verifyConsistency(older, newer, proof));
    return 1;
  }
  if (older.size === newer.size) {
    holding(() => verifyConsistency(older, newer, []));
    return 0;
  }
  return chained({ older, newer, folder }, await verifiersOf(options.key));
}

async function proofFrom(log: CommitSource, before: number, size: number): Promise<readonly Buffer[]> {
  const prover = new Prover(consistencyRanges(before, size));
  let seen = 0;
  for await (const commit of log) {
    if (seen === size) break;
    prover.append(leafOf(commit));
    seen += 1;
  }
  return holding(() => prover.proof());
}

/** Follows the proofs that were stored with the checkpoints, in the order of their sizes. */
async function chained({ older, newer, folder }: Pair, known: readonly VerifierKey[]): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).toSorted();
  let at: Checkpoint = older;
  let steps = 0;
  for (const name of names.slice(0, MAX_PROOFS)) {
    const { before, hashes, checkpoint } = parseConsistency(await smallFile(join(folder, name)));
    if (before !== at.size) continue;
    const next = holding(() => openCheckpoint(checkpoint, known));
    if (next.size === before || next.size > newer.size) continue;
    const from = at;
    holding(() => verifyConsistency(from, next, hashes));
    at = next;
    steps += 1;
    if (at.size === newer.size) break;
  }
  if (at.size !== newer.size)
    throw new CliError(
      EXIT.error,
      `no proof in ${folder} leads from ${at.size} to ${newer.size} commits: name the log with --log`,
    );
  holding(() => verifyConsistency(at, newer, []));
  return steps;
}
