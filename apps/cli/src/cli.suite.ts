import { setTimeout as sleep } from 'node:timers/promises';

import { newUlid } from '@sluice/observability';

import { run } from './run.js';

/** How a command ended, and what it said. */
export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** The command line in this process. What stands for a file is its text. */
export async function sluice(url: string, ...args: string[]): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const exit = await run(['--url', url, ...args], {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    defaultUrl: url,
    newId: newUlid,
    now: Date.now,
    sleep: (ms) => sleep(ms),
    readText: (file) => Promise.resolve(file),
    interrupted: new AbortController().signal,
  });
  return { exit, out: out.join('\n'), err: err.join('\n') };
}
