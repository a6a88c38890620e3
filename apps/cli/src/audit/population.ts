import { userInfo } from 'node:os';

import { noteIn, type Population, populationOf, verifyPopulation, writePopulation } from '@sluice/audit';
import { isSluiceError } from '@sluice/kernel';
import { type Checkpoint, openCheckpoint } from '@sluice/proof';
import type { Command } from 'commander';

import { CliError, EXIT } from '../client/exit.js';
import { countArgument, examples, shellOf, show, type Surroundings } from '../commands/shell.js';
import { table } from '../output/table.js';
import { couldNot, gathered, smallFile, verifiersOf } from './files.js';
import { reading, type SourceOptions, withSource } from './source.js';
import { timeOf } from './time.js';
import { progressOn } from './verify.js';

interface Options extends SourceOptions {
  readonly since?: string;
  readonly until?: string;
  readonly checkpoint?: string;
  readonly key: readonly string[];
  readonly out?: string;
  readonly sample: number;
}

const SHOWN = 200;
const KEPT = 'when and where each was planned, and the hash; the rest of those rows is only what the folder says';

export function addPopulation(audit: Command, surroundings: Surroundings): void {
  withSource(
    audit
      .command('population')
      .description('all rollouts and refused requests of a period, with what proves that none is left out'),
  )
    .option('--since <time>', 'planned from then on: 90d ago (`90d`), or a time (2026-01-01T00:00:00Z)')
    .option('--until <time>', 'planned before then')
    .option('--checkpoint <file>', 'a signed checkpoint: the log as it was then, and not a commit less')
    .option('--key <verifier>', 'public key of who signed it, or its file', gathered, [])
    .option('--out <folder>', 'population.json, population.csv and the checkpoint into a new folder')
    .option('--sample <count>', 'with a proof each of so many, drawn by the root of the log', countArgument, 0)
    .addHelpText(
      'after',
      examples(
        'sluice audit population --since 2026-01-01T00:00:00Z --until 2026-04-01T00:00:00Z --archive var/archive',
        'sluice audit population --since 90d --checkpoint latest.checkpoint --key log.key.pub --out q1 --sample 25',
      ),
    )
    .action(async (source: string | undefined, options: Options, command: Command) => {
      const { actor = `user:${userInfo().username}` } = command.optsWithGlobals<{ readonly actor?: string }>();
      const population = await made(source, { ...options, actor }, surroundings);
      show(shellOf(command, surroundings), population, () => populationWords(population, options.out));
    });
}

async function made(
  source: string | undefined,
  options: Options & { readonly actor: string },
  surroundings: Surroundings,
): Promise<Population> {
  const { out: folder, sample, actor: by } = options;
  const now = surroundings.now();
  const id = surroundings.newId();
  const signed = await signedBy(options);
  if (sample > 0 && (folder === undefined || signed === undefined))
    throw couldNot('a sample is proofs in files: name a --checkpoint, and a new folder with --out');
  const parts = {
    ...(options.since === undefined ? {} : { since: timeOf(options.since, now) }),
    ...(options.until === undefined ? {} : { until: timeOf(options.until, now) }),
    ...(signed === undefined ? {} : { checkpoint: signed.checkpoint }),
    progress: progressOn(surroundings),
  };
  return complete(() =>
    reading(source, options, async (log) => {
      const filter = { since: options.since, until: options.until };
      await log.record?.({ id, at: now, by, what: 'export', format: 'population', filter });
      if (folder === undefined) return populationOf(log.whole(), parts);
      return writePopulation(() => log.whole(), { ...parts, folder, sample, ...noted(signed) });
    }),
  );
}

const noted = (signed: { readonly note: string } | undefined) => (signed === undefined ? {} : { note: signed.note });

async function signedBy({
  checkpoint: file,
  key,
}: Pick<Options, 'checkpoint' | 'key'>): Promise<
  { readonly note: string; readonly checkpoint: Checkpoint } | undefined
> {
  if (file === undefined) return undefined;
  if (key.length === 0) throw couldNot('a checkpoint is worth what its signature is: name the public key with --key');
  const note = await smallFile(file);
  return { note, checkpoint: openCheckpoint(note, await verifiersOf(key)) };
}

/** A log that is not whole ends with 9: a list of its changes would be none. */
async function complete<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (isSluiceError(error, 'INCOMPLETE')) throw new CliError(EXIT.altered, error.message);
    throw error;
  }
}

function populationWords({ coverage, totals, items }: Population, folder: string | undefined): readonly string[] {
  const { commits, streams, firstPosition, lastPosition, root, checkpoint } = coverage;
  const states = Object.entries(totals.states).map(([state, count]) => `${count} ${state}`);
  const rows = items.slice(0, folder === undefined ? SHOWN : 0);
  return [
    ...(rows.length === 0 ? [] : populationTable(rows)),
    ...(folder === undefined && items.length > SHOWN
      ? [`and ${items.length - SHOWN} more: name a folder with --out`]
      : []),
    `${totals.rollouts} rollouts, ${totals.refused} refused requests, ${totals.pruned} pruned (${states.join(', ')})`,
    `read: ${commits} commits of ${streams} streams, positions ${firstPosition} to ${lastPosition} without a gap, root ${root}`,
    checkpoint === undefined
      ? 'held against no checkpoint: what was cut off at the end would not be missed'
      : `held against the checkpoint of ${checkpoint.size} commits that ${checkpoint.origin} signed`,
    ...(folder === undefined ? [] : [`population.json and population.csv are in ${folder}`]),
  ];
}

const populationTable = (items: Population['items']): readonly string[] =>
  table(
    ['PLANNED', 'ID', 'APP', 'GROUP', 'VERSION', 'BY', 'APPROVED', 'STATE', 'POSITION'],
    items.map(({ planned, id, app, group, version, requestedBy, approvedBy, state, position }) => [
      ...[planned, id, app, group, version, requestedBy, approvedBy.join('; '), state, String(position)],
    ]),
  );

export function addVerifyPopulation(audit: Command, surroundings: Surroundings): void {
  withSource(
    audit
      .command('verify-population')
      .description('makes a population anew from the log and compares, byte for byte (exit 9 for a difference)')
      .argument('<folder>', 'as `audit population --out` wrote it'),
  )
    .option('--key <verifier>', 'public key of who signed its checkpoint, or its file', gathered, [])
    .addHelpText('after', examples('sluice audit verify-population q1 --archive var/archive --key log.key.pub'))
    .action(
      async (
        folder: string,
        source: string | undefined,
        options: Pick<Options, 'key'> & SourceOptions,
        command: Command,
      ) => {
        const note = await noteIn(folder);
        if (note !== undefined && options.key.length === 0)
          throw couldNot('its checkpoint is worth what its signature is: name the public key with --key');
        const parts = note === undefined ? {} : { checkpoint: openCheckpoint(note, await verifiersOf(options.key)) };
        const progress = progressOn(surroundings);
        const { population, onStoredText, faults } = await complete(() =>
          reading(source, options, (log) => verifyPopulation(folder, log.whole(), { ...parts, progress })),
        );
        show(
          shellOf(command, surroundings),
          { coverage: population.coverage, totals: population.totals, onStoredText, faults },
          () => [
            ...faults.map((fault) => `FAULT: ${fault}`),
            faults.length === 0
              ? `holds: ${population.items.length} changes, and the log of ${population.coverage.commits} commits has no other`
              : `${faults.length} faults`,
            ...(onStoredText === 0 ? [] : [`${onStoredText} rows were pruned since: the log still proves ${KEPT}`]),
          ],
        );
        if (faults.length > 0) surroundings.end(EXIT.altered);
      },
    );
}
