import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

import { messageOf, SluiceError } from '@sluice/kernel';

export interface LaunchSpec {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

export interface Launched {
  readonly pid: number;
  /** Lets the program begin. Until then, and if the agent dies before, nothing of it has run. */
  release(): Promise<void>;
  /** How it ended, as long as this agent lives: `code 1` or `signal SIGSEGV`. */
  readonly ended: Promise<string>;
}

/**
 * The shell waits for one line on stdin and then becomes the program, under the same pid and start time. So the agent
 * can record the process before its first instruction: an agent that is killed between the two leaves a shell that
 * reads the end of its input and exits, and never a program that nobody knows of.
 */
const GATE = 'IFS= read -r _ || exit 125; exec "$@" < /dev/null';

/** Starts a program in a session of its own, so that it outlives the agent; its output goes to a file. Code LAUNCH_FAILED. */
export async function launchGated(spec: LaunchSpec): Promise<Launched> {
  const log = openSync(spec.logFile, 'a', 0o640);
  try {
    const child = spawn('/bin/sh', ['-c', GATE, 'sh', ...spec.command], {
      cwd: spec.cwd,
      env: { ...spec.env },
      detached: true,
      stdio: ['pipe', log, log],
    });
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal === null ? `code ${code ?? '?'}` : `signal ${signal}`));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const { pid, stdin } = child;
    if (pid === undefined || stdin === null) throw new Error('the system gave it no pid');
    return { pid, release: () => openGate(stdin), ended };
  } catch (cause) {
    throw new SluiceError(
      'LAUNCH_FAILED',
      `cannot start ${spec.command[0] ?? 'the app'} in ${spec.cwd}: ${messageOf(cause)}`,
      {},
      { cause },
    );
  } finally {
    closeSync(log);
  }
}

/** A gate whose shell is gone already (killed from outside) is found out by verify, not here. */
function openGate(stdin: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    stdin.once('error', () => resolve());
    stdin.end('go\n', () => resolve());
  });
}
