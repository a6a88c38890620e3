import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { delimiter, dirname } from 'node:path';

import { SluiceError } from '@sluice/kernel';

/** Programs of the user get a small environment of their own: that of this process holds credentials. */
const environment = (): Readonly<Record<string, string>> => ({
  PATH: ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', dirname(process.execPath)].join(
    delimiter,
  ),
  HOME: homedir(),
  LANG: 'C.UTF-8',
});

const MAX_OUTPUT_BYTES = 1024 * 1024;

export interface RunOptions {
  readonly withinMs: number;
  readonly input?: string;
}

export interface Ran {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end, in a process group of its own, without a shell. Codes PROGRAM_FAILED (it cannot be
 * started, or says too much) and PROGRAM_SLOW: it and what it has started are killed then.
 */
export function runBounded(argv: readonly string[], { withinMs, input = '' }: RunOptions): Promise<Ran> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { detached: true, stdio: ['pipe', 'pipe', 'pipe'], env: environment() });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let bytes = 0;
    const give = (code: string, message: string): void => {
      clearTimeout(timer);
      killGroup(child.pid);
      reject(new SluiceError(code, `${program}: ${message}`));
    };
    const timer = setTimeout(() => give('PROGRAM_SLOW', `it did not end within ${withinMs} ms`), withinMs);
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_OUTPUT_BYTES) give('PROGRAM_FAILED', `it said more than ${MAX_OUTPUT_BYTES} bytes`);
        else output[name].push(chunk);
      });
    child.on('error', (error) => give('PROGRAM_FAILED', error.message));
    child.on('close', (status) => {
      clearTimeout(timer);
      const [stdout, stderr] = [output.stdout, output.stderr].map((chunks) => Buffer.concat(chunks).toString('utf8'));
      resolve({ status, stdout: stdout ?? '', stderr: stderr ?? '' });
    });
    // A program that does not read its input may end before all of it is written.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** The last words of what it said, on one line. */
export const lastWords = ({ stdout, stderr }: Ran): string =>
  (stderr.trim() === '' ? stdout : stderr).trim().replaceAll(/\s+/g, ' ').slice(-300);
