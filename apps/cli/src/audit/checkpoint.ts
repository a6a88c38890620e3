import { findingWords, verifyLog } from '@sluice/audit';
import { openCheckpoint, signCheckpoint } from '@sluice/proof';
import type { Command } from 'commander';

import { CliError, EXIT } from '../client/exit.js';
import { examples, type Surroundings } from '../commands/shell.js';
import { couldNot, gathered, newFile, signerOf, smallFile, verifiersOf } from './files.js';
import { reading, type SourceOptions, withSource } from './source.js';
import { progressOn } from './verify.js';

interface Options extends SourceOptions {
  readonly signer: string;
  readonly before: readonly string[];
  readonly key: readonly string[];
  readonly out?: string;
}

export function addCheckpoint(audit: Command, surroundings: Surroundings): void {
  withSource(audit.command('checkpoint').description('signs what the log is now, after its chains were checked'))
    .requiredOption('--signer <file>', 'the secret key, as keygen wrote it')
    .option('--before <file...>', 'older checkpoints: nothing is signed unless the log begins with each', gathered, [])
    .option('--key <verifier>', 'public key of who signed those; that of the signer when left out', gathered, [])
    .option('--out <file>', 'a new file for it; the standard output when left out')
    .addHelpText(
      'after',
      examples(
        'sluice audit checkpoint --signer log.key',
        'sluice audit checkpoint --archive var/archive --signer log.key --before old.checkpoint --out new.checkpoint',
      ),
    )
    .action(async (source: string | undefined, options: Options) => {
      const note = await signed(source, options, surroundings);
      if (options.out === undefined) surroundings.out(note.trimEnd());
      else await newFile(options.out, note);
    });
}

async function signed(source: string | undefined, options: Options, surroundings: Surroundings): Promise<string> {
  const signer = await signerOf(options.signer);
  const known = options.key.length === 0 ? [signer.verifier] : await verifiersOf(options.key);
  const before = await Promise.all(options.before.map(async (file) => openCheckpoint(await smallFile(file), known)));
  const parts = { checkpoints: before, events: false, tree: true, progress: progressOn(surroundings) };
  const { ok, findings, tree, position, isDense } = await reading(source, options, async (log) => ({
    ...(await verifyLog(log.whole(), parts)),
    isDense: log.isDense !== false,
  }));
  if (!ok || tree === undefined) {
    for (const finding of findings.slice(0, 20)) surroundings.err(findingWords(finding));
    throw new CliError(EXIT.altered, 'nothing was signed: this log is not whole');
  }
  if (tree.size === 0) throw couldNot('the log is empty: there is nothing to sign');
  // A checkpoint is of all commits that there ever were, and positions of JetStream are dense; elsewhere the chains alone say that none is missing.
  if (isDense && tree.size !== position)
    throw couldNot(
      `${position - tree.size} of ${position} commits are not there: name what was archived with --archive`,
    );
  const head = { origin: signer.name, size: tree.size, root: Buffer.from(tree.root, 'base64') };
  const extensions = [`time ${new Date(surroundings.now()).toISOString()}`];
  return signCheckpoint({ ...head, extensions }, [signer]);
}
