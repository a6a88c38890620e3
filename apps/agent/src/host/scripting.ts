import { spawn } from 'node:child_process';

import { type Clock, messageOf, SluiceError } from '@sluice/kernel';

import { lastLine, TailBuffer } from '../files/tail.js';
import { deadlineAfter } from '../time/waiting.js';
import type { ProcessTable } from './process-table.js';
import { stopConfirmed } from './stopping.js';

/** From SIGTERM to SIGKILL when a script overruns its time. */
const SCRIPT_GRACE_MS = 2_000;
/** Output that is still on its way when a script ends. */
const OUTPUT_GRACE_MS = 200;

export interface ScriptSpec {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** `NAME=value` of `env` that tell this script's processes from all others. */
  readonly marks: readonly string[];
}

export interface ScriptDeps {
  readonly clock: Clock;
  readonly table: ProcessTable;
  readonly signal: AbortSignal;
}

export interface ScriptResult {
  readonly outcome: 'ok' | 'failed' | 'timeout' | 'interrupted';
  readonly words: string;
  readonly output: Buffer;
}

/** A script that overran its time is stopped to the end, even while the agent itself stops. */
const never = new AbortController().signal;

interface End {
  readonly good: boolean;
  readonly how: string;
}

/** Runs a script to its end, or stops all of it and confirms that. Codes LAUNCH_FAILED, STOP_NOT_CONFIRMED. */
export async function runScript(deps: ScriptDeps, spec: ScriptSpec): Promise<ScriptResult> {
  const tail = new TailBuffer();
  const { pid, ended, drained } = await begin(spec, tail);
  const life = await deps.table.lifeOf(pid);
  const deadline = deadlineAfter(deps.clock, spec.timeoutMs);
  const end = await Promise.race([ended, aborted(AbortSignal.any([deps.signal, deadline.signal]))]);
  const timedOut = deadline.expired();
  deadline.clear();
  if (end === undefined) {
    const leader = life === undefined ? undefined : { pid, life };
    await stopConfirmed(deps.table, deps.clock, { leader, marks: spec.marks, graceMs: SCRIPT_GRACE_MS, signal: never });
  }
  const patience = deadlineAfter(deps.clock, OUTPUT_GRACE_MS);
  await Promise.race([drained, aborted(patience.signal)]);
  patience.clear();
  return resultOf(end, { timedOut, timeoutMs: spec.timeoutMs, output: tail.read() });
}

interface HowItWent {
  readonly timedOut: boolean;
  readonly timeoutMs: number;
  readonly output: Buffer;
}

function resultOf(end: End | undefined, { timedOut, timeoutMs, output }: HowItWent): ScriptResult {
  if (end?.good === true) return { outcome: 'ok', words: '', output };
  const line = lastLine(output, 220);
  const said = line === '' ? '' : `: ${line}`;
  if (end !== undefined) return { outcome: 'failed', words: `${end.how}${said}`, output };
  if (timedOut) return { outcome: 'timeout', words: `stopped after ${timeoutMs} ms${said}`, output };
  return { outcome: 'interrupted', words: 'the agent stopped', output };
}

interface Begun {
  readonly pid: number;
  readonly ended: Promise<End>;
  readonly drained: Promise<void>;
}

async function begin(spec: ScriptSpec, tail: TailBuffer): Promise<Begun> {
  const [program = '', ...args] = spec.argv;
  try {
    const child = spawn(program, args, {
      cwd: spec.cwd,
      env: { ...spec.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => tail.write(chunk));
    const ended = new Promise<End>((resolve) => {
      child.once('exit', (code, signal) =>
        resolve({ good: code === 0, how: signal === null ? `exit code ${code ?? '?'}` : `signal ${signal}` }),
      );
    });
    // A service that the script left behind may hold the pipe open for as long as it lives.
    const drained = new Promise<void>((resolve) => child.once('close', () => resolve()));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    if (child.pid === undefined) throw new Error('the system gave it no pid');
    child.unref();
    return { pid: child.pid, ended, drained };
  } catch (cause) {
    throw new SluiceError('LAUNCH_FAILED', `cannot run ${program}: ${messageOf(cause)}`, {}, { cause });
  }
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
