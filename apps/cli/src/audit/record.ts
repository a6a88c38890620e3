import { userInfo } from 'node:os';

import {
  type BuiltRecord,
  recordMarkdown,
  recordOf,
  type RecordVerdict,
  verifyRecord,
  writeProvedRecord,
  writeRecord,
} from '@sluice/audit';
import { isSluiceError } from '@sluice/kernel';
import type { AccessDraft } from '@sluice/messaging';
import type { Command } from 'commander';

import { CliError, EXIT } from '../client/exit.js';
import { examples, shellOf, show, type Surroundings } from '../commands/shell.js';
import { couldNot, gathered, smallFile, verifiersOf } from './files.js';
import { reading, type SourceOptions, withSource } from './source.js';

interface Options extends SourceOptions {
  readonly out?: string;
  readonly checkpoint?: string;
}

export function addRecord(audit: Command, surroundings: Surroundings): void {
  withSource(
    audit
      .command('record')
      .description('the change record of a rollout: who, what, when, why, approved by whom, what became of each target')
      .argument('<id>', 'of the rollout'),
  )
    .option('--out <folder>', 'record.json, record.md and targets.jsonl into a new folder; printed when left out')
    .option('--checkpoint <file>', 'a signed checkpoint: with a proof of every commit, for verify-record')
    .addHelpText(
      'after',
      examples(
        'sluice audit record ID',
        'sluice audit record ID --archive var/archive --out records/ID',
        'sluice audit record ID --checkpoint var/checkpoints/latest.checkpoint --out records/ID',
      ),
    )
    .action(async (id: string, source: string | undefined, options: Options, command: Command) => {
      if (options.checkpoint !== undefined && options.out === undefined)
        throw couldNot('proofs are files: name a new folder for them with --out');
      const { actor = `user:${userInfo().username}` } = command.optsWithGlobals<{ readonly actor?: string }>();
      const access = { id: surroundings.newId(), at: surroundings.now(), by: actor };
      const built = await recorded(id, source, { ...options, access });
      show(shellOf(command, surroundings), built.record, () =>
        options.out === undefined
          ? [recordMarkdown(built.record, built.targets()).trimEnd()]
          : writtenWords(built, options),
      );
    });
}

const writtenWords = ({ record }: BuiltRecord, { out, checkpoint }: Options): readonly string[] => [
  `${record.rollout}: ${record.state}, ${record.outcome.targets.lines} targets, ${record.commits.length} commits`,
  ...record.warnings.map((words) => `to look at: ${words}`),
  `record.json, record.md and targets.jsonl are in ${out ?? ''}${checkpoint === undefined ? '' : ', with a proof of each commit'}`,
];

async function recorded(
  id: string,
  source: string | undefined,
  options: Options & { readonly access: Pick<AccessDraft, 'id' | 'at' | 'by'> },
): Promise<BuiltRecord> {
  const checkpoint = options.checkpoint === undefined ? undefined : await smallFile(options.checkpoint);
  try {
    return await reading(source, options, async (log) => {
      await log.record?.({ ...options.access, what: 'export', format: 'record', filter: { rollout: id } });
      if (options.out === undefined) return recordOf(log.whole(), id);
      if (checkpoint !== undefined)
        return writeProvedRecord(options.out, () => log.whole(), { rollout: id, checkpoint });
      const built = await recordOf(log.whole(), id);
      await writeRecord(options.out, built);
      return built;
    });
  } catch (error) {
    if (isSluiceError(error, 'NOT_PLANNED')) throw new CliError(EXIT.notFound, error.message);
    if (isSluiceError(error, 'NOT_THIS_LOG') || isSluiceError(error, 'UNREADABLE_HISTORY'))
      throw new CliError(EXIT.altered, error.message);
    throw error;
  }
}

export function addVerifyRecord(audit: Command, surroundings: Surroundings): void {
  audit
    .command('verify-record')
    .description('checks a record with its proofs and the public key alone: no log, no server (exit 9 for a fault)')
    .argument('<folder>', 'as `audit record --checkpoint --out` wrote it')
    .requiredOption('--key <verifier>', 'public key of the log, or its file', gathered, [])
    .addHelpText('after', examples('sluice audit verify-record records/ID --key log.key.pub'))
    .action(async (folder: string, options: { readonly key: readonly string[] }, command: Command) => {
      const verdict = await verifyRecord(folder, await verifiersOf(options.key));
      show(shellOf(command, surroundings), verdict, verdictWords);
      if (verdict.faults.length > 0) surroundings.end(EXIT.altered);
    });
}

const verdictWords = ({ rollout, state, commits, size, faults }: RecordVerdict): readonly string[] => [
  `${rollout}, ${state}: ${commits} commits, proved in the checkpoint of ${size}`,
  ...faults.map((fault) => `FAULT: ${fault}`),
  faults.length === 0
    ? 'holds: the record is what these commits say, byte for byte'
    : `${faults.length} faults: this is not the record of that rollout`,
];
