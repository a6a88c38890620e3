import { generateKeys, isKeyName } from '@sluice/proof';
import type { Command } from 'commander';

import { CliError, EXIT } from '../client/exit.js';
import { examples, shellOf, show, type Surroundings } from '../commands/shell.js';
import { newFile } from './files.js';

const ONLY_OWNER = 0o600;

/** `sluice.example/log` is kept in `sluice.example-log.key`. */
const fileOf = (name: string): string => `${name.replaceAll(/[^\w.-]/g, '-')}.key`;

export function addKeygen(audit: Command, surroundings: Surroundings): void {
  audit
    .command('keygen')
    .description(
      'a new key that signs checkpoints: the secret in a file that only you may read, the public one beside it',
    )
    .argument('<name>', 'of the log, such as sluice.example.com/log')
    .option('--out <file>', 'of the secret (NAME.key); the public key goes to FILE.pub')
    .addHelpText(
      'after',
      examples(
        'sluice audit keygen sluice.example.com/log',
        'sluice audit keygen sluice.example.com/log --out log.key',
      ),
    )
    .action(async (name: string, { out }: { readonly out?: string }, command: Command) => {
      if (!isKeyName(name)) throw new CliError(EXIT.usage, 'the name of a key has no spaces and no plus');
      const file = out ?? fileOf(name);
      const { signer, verifier } = generateKeys(name);
      await newFile(file, `${signer}\n`, ONLY_OWNER);
      await newFile(`${file}.pub`, `${verifier}\n`);
      show(shellOf(command, surroundings), { file, publicFile: `${file}.pub`, verifier }, () => [
        `${file} holds the secret: keep it where none of the services that write the log can read it`,
        `${file}.pub is for everybody:`,
        verifier,
      ]);
    });
}
