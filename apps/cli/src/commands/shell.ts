import { type Command, InvalidArgumentError, Option } from 'commander';

import { parseDuration } from '@sluice/kernel';

import { Api } from '../client/api.js';
import type { ExitCode } from '../client/exit.js';

/** What a command needs of the process. */
export interface Surroundings {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** The API's address when --url is not given. */
  readonly defaultUrl: string;
  readonly newId: () => string;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Text of a file; `-` is the standard input. */
  readonly readText: (file: string) => Promise<string>;
  /** Aborted when a person presses Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** What the process ends with when the command is done. */
  readonly end: (code: ExitCode) => void;
}

/** One command's way to the API and to the person. */
export interface Shell extends Surroundings {
  readonly api: Api;
  readonly json: boolean;
}

interface GlobalOptions {
  readonly output?: 'table' | 'json';
  readonly url?: string;
  readonly actor?: string;
}

export function addGlobalOptions(program: Command): Command {
  return program
    .addOption(
      new Option('-o, --output <format>', 'how answers are printed').choices(['table', 'json']).default('table'),
    )
    .option('--url <address>', 'where the gateway listens (SLUICE_URL; http://127.0.0.1:7811)')
    .option('--actor <kind:id>', 'who says so, such as user:ana or service:scheduler');
}

export function shellOf(command: Command, surroundings: Surroundings): Shell {
  const { output, url, actor } = command.optsWithGlobals<GlobalOptions>();
  const { newId, sleep, defaultUrl } = surroundings;
  const api = new Api({ url: url ?? defaultUrl, newId, sleep, ...(actor === undefined ? {} : { actor }) });
  return { ...surroundings, api, json: output === 'json' };
}

/** Prints the value as JSON, or the lines that `asText` makes of it. */
export function show<T>(shell: Shell, value: T, asText: (value: T) => readonly string[]): void {
  if (shell.json) shell.out(JSON.stringify(value, null, 2));
  else for (const line of asText(value)) shell.out(line);
}

/** `30s`, `5m` as ms, for commander. */
export function durationArgument(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : 'no duration');
  }
}

export function countArgument(text: string): number {
  if (!/^\d{1,8}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
}

export const REASON = ['--reason <text>', 'why; it stays in the history'] as const;
export const TIMEOUT = ['--timeout <duration>', 'how long --wait waits', durationArgument, 30 * 60_000] as const;
