import { type Command, InvalidArgumentError, Option } from 'commander';

import { parseDuration } from '@sluice/kernel';
import { stringify } from 'yaml';

import { Api } from '../client/api.js';
import type { ExitCode } from '../client/exit.js';
import { printable } from '../output/printable.js';

/** A screen that can be written over. */
export interface Terminal {
  readonly columns: () => number;
  /** Text as it is, without a line end. */
  readonly write: (text: string) => void;
}

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
  /** SLUICE_TOKEN. */
  readonly defaultToken?: string;
  /** There when a person looks at the output as it comes. */
  readonly terminal?: Terminal;
  /** What the process ends with when the command is done. */
  readonly end: (code: ExitCode) => void;
}

/** One command's way to the API and to the person. */
export interface Shell extends Surroundings {
  readonly api: Api;
  readonly format: Format;
}

const FORMATS = ['table', 'json', 'yaml', 'jsonl'] as const;

export type Format = (typeof FORMATS)[number];

interface GlobalOptions {
  readonly output: Format;
  readonly url?: string;
  readonly actor?: string;
  readonly token?: string;
}

export function addGlobalOptions(program: Command): Command {
  return program
    .addOption(new Option('-o, --output <format>', 'how answers are printed').choices(FORMATS).default('table'))
    .option('--token <token>', 'bearer token (SLUICE_TOKEN: other users of this machine cannot see that one)')
    .option('--url <address>', 'where the gateway listens (SLUICE_URL; http://127.0.0.1:7811)')
    .option('--actor <kind:id>', 'who says so without tokens, such as user:ana or service:scheduler');
}

export function shellOf(command: Command, surroundings: Surroundings): Shell {
  const { output: format, url, actor, token = surroundings.defaultToken } = command.optsWithGlobals<GlobalOptions>();
  const { newId, sleep, defaultUrl } = surroundings;
  const api = new Api({
    ...{ url: url ?? defaultUrl, newId, sleep },
    ...(actor === undefined ? {} : { actor }),
    ...(token === undefined || token === '' ? {} : { token }),
  });
  return { ...surroundings, api, format };
}

/** Prints the value in the format that was asked for, or the lines that `asText` makes of it. */
export function show<T>(shell: Shell, value: T, asText: (value: T) => readonly string[]): void {
  for (const line of linesOf(shell.format, value, asText)) shell.out(line);
}

function linesOf<T>(format: Format, value: T, asText: (value: T) => readonly string[]): readonly string[] {
  switch (format) {
    case 'table':
      return asText(value).map(printable);
    case 'json':
      return [JSON.stringify(value, null, 2)];
    case 'yaml':
      return [stringify(value).trimEnd()];
    case 'jsonl':
      return Array.isArray(value) ? value.map((item) => JSON.stringify(item)) : [JSON.stringify(value)];
  }
}

/** One of many that come one after another: as JSON a line each, whatever was asked for. */
export function showNext(shell: Shell, value: unknown, asText: () => readonly string[]): void {
  if (shell.format === 'table') for (const line of asText()) shell.out(printable(line));
  else if (shell.format === 'yaml') shell.out(`---\n${stringify(value).trimEnd()}`);
  else shell.out(JSON.stringify(value));
}

/** JSON is YAML too, and the gateway reads it either way. */
export async function documentOf(shell: Shell, file: string): Promise<{ body: string; contentType: string }> {
  return { body: await shell.readText(file), contentType: 'application/yaml' };
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
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
}

/** What stands at the end of a command's help. */
export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;

export const REASON = ['--reason <text>', 'why; it stays in the history'] as const;
export const TIMEOUT = ['--timeout <duration>', 'how long --wait waits', durationArgument, 30 * 60_000] as const;
export const WAIT = ['--wait', 'until the rollout has ended (0 succeeded, 6 not) or waits for a person (7)'] as const;
export const EXPECTED = [
  '--expected-version <rev>',
  'refused (exit 5) when its rev is another by now; get (or show) tells it',
  countArgument,
] as const;

/** If-Match of a command that names what it has seen. */
export const headersOf = ({ expectedVersion }: { readonly expectedVersion?: number }): Record<string, string> =>
  expectedVersion === undefined ? {} : { 'if-match': `"${expectedVersion}"` };
