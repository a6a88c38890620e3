import { CommanderError } from 'commander';

import { isSluiceError, messageOf } from '@sluice/kernel';

import { CliError, EXIT, type ExitCode } from './client/exit.js';
import type { Surroundings } from './commands/shell.js';
import { printable } from './output/printable.js';
import { createProgram } from './program.js';

/** Runs one command line (without `node` and the script) and returns what the process ends with. */
export async function run(args: readonly string[], parts: Omit<Surroundings, 'end'>): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const end = (ended: ExitCode): void => void (code = ended);
  const err = (text: string): void => parts.err(text.split('\n').map(printable).join('\n'));
  try {
    await createProgram({ ...parts, err, end }).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return failed(error, err);
  }
}

function failed(error: unknown, err: (line: string) => void): ExitCode {
  // Commander has told the person already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CliError) {
    err(error.message);
    return error.exit;
  }
  err(isSluiceError(error) ? `${error.code}: ${error.message}` : messageOf(error));
  return EXIT.error;
}
