import { type CommitSource, proveCommit } from '@sluice/audit';
import {
  hashLeaf,
  openCheckpoint,
  parseTlogProof,
  readCheckpoint,
  verifyInclusion,
  verifyTlogProof,
} from '@sluice/proof';
import type { Command } from 'commander';

import { CliError, EXIT } from '../client/exit.js';
import { examples, shellOf, show, type Surroundings } from '../commands/shell.js';
import { couldNot, gathered, newFile, smallFile, verifiersOf } from './files.js';
import { reading, type SourceOptions, withSource } from './source.js';

interface ProveOptions extends SourceOptions {
  readonly checkpoint: string;
  readonly out: string;
}

export function addProve(audit: Command, surroundings: Surroundings): void {
  withSource(
    audit
      .command('prove')
      .description('a file that proves to anybody with the public key that one commit is in the log')
      .argument('<entry>', 'log position, id of the commit, or ID:REV of a stream (exec.ID:REV, plan.ID:REV ...)'),
  )
    .requiredOption('--checkpoint <file>', 'a signed checkpoint that is newer than the commit')
    .requiredOption('--out <file>', 'a new file, by custom .tlog-proof')
    .addHelpText(
      'after',
      examples(
        'sluice audit prove 118 --checkpoint var/checkpoints/latest.checkpoint --out approval.tlog-proof',
        'sluice audit prove ID:12 --checkpoint latest.checkpoint --out approval.tlog-proof --archive var/archive',
      ),
    )
    .action(async (entry: string, source: string | undefined, options: ProveOptions, command: Command) => {
      const checkpoint = await smallFile(options.checkpoint);
      const { position, proof } = await reading(source, options, async (log) => {
        const found = await positionOf(entry, log.whole());
        return { position: found, proof: fitting(await proveCommit(() => log.whole(), found, checkpoint)) };
      });
      await newFile(options.out, proof);
      show(shellOf(command, surroundings), { position, file: options.out }, () => [
        `${options.out} proves the commit at position ${position}`,
      ]);
    });
}

/** The proof, when it leads to the root of its checkpoint: of a log that is not whole it does not. */
function fitting(proof: string): string {
  const { extra, index, hashes, checkpoint } = parseTlogProof(proof);
  const leafHash = hashLeaf(extra ?? Buffer.of());
  try {
    verifyInclusion({ index, leafHash, proof: hashes }, readCheckpoint(checkpoint));
    return proof;
  } catch {
    const words = 'this log is not the one of that checkpoint: name what was archived with --archive, and verify it';
    throw new CliError(EXIT.altered, words);
  }
}

const HEAD = /^\{"v":1,"id":"([^"\\]{0,64})","stream":"([^"\\]{1,330})","rev":(\d{1,15}),/;
const MAX_HEAD = 512;

async function positionOf(entry: string, log: CommitSource): Promise<number> {
  if (/^\d{1,15}$/.test(entry)) return Number(entry);
  const isWanted = wantedBy(entry);
  for await (const { position, bytes } of log) {
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_HEAD)).toString('latin1');
    const [, id = '', stream = '', rev = ''] = HEAD.exec(head) ?? [];
    if (isWanted({ id, place: `${stream}:${rev}` })) return position;
  }
  throw new CliError(EXIT.notFound, `the log has no commit ${entry}: history shows the revisions of a rollout`);
}

type Wanted = (commit: { readonly id: string; readonly place: string }) => boolean;

/** `ID:REV` of a rollout is what happened to it, `plan.ID:REV` its plan; without a revision it is a commit's own id. */
function wantedBy(entry: string): Wanted {
  if (!entry.includes(':')) return ({ id }) => id === entry;
  const wanted = entry.includes('.') ? entry : `exec.${entry}`;
  return ({ place }) => place === wanted;
}

export function addVerifyProof(audit: Command, surroundings: Surroundings): void {
  audit
    .command('verify-proof')
    .description('checks such a file with the public key alone: no log, no server (exit 9 when it does not hold)')
    .argument('<file>')
    .requiredOption('--key <verifier>', 'public key of the log, or its file', gathered, [])
    .option('--entry', 'prints the commit that is proved, byte for byte, and nothing else')
    .addHelpText(
      'after',
      examples(
        'sluice audit verify-proof approval.tlog-proof --key log.key.pub',
        'sluice audit verify-proof approval.tlog-proof --key log.key.pub --entry | jq .events',
      ),
    )
    .action(async (file: string, options: { key: readonly string[]; entry?: boolean }, command: Command) => {
      const [text, known] = [await smallFile(file), await verifiersOf(options.key)];
      const { index, entry, checkpoint } = holding(() => verifyTlogProof(text, known));
      if (options.entry === true) return surroundings.out(entry.toString('utf8'));
      const { origin, size, root, extensions } = checkpoint;
      const said = { index, origin, size, root: root.toString('base64'), extensions, entry: entry.toString('utf8') };
      show(shellOf(command, surroundings), said, () => [
        `holds: entry ${index} of the log ${origin}, in the checkpoint of ${size} commits`,
        ...extensions,
        said.entry,
      ]);
    });
}

/** What is proved wrong ends with 9; a key that is none with 1. */
export function holding<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new CliError(EXIT.altered, `does not hold: ${error.message}`);
  }
}

/** Opens a checkpoint that somebody names. */
export const openedCheckpoint = async (file: string, keys: readonly string[]) => {
  if (keys.length === 0) throw couldNot('name the public key of the log with --key');
  const [text, known] = [await smallFile(file), await verifiersOf(keys)];
  return holding(() => openCheckpoint(text, known));
};
