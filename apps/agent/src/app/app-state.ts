import { join } from 'node:path';

import type { ProcessProfile } from '@sluice/contracts';
import { messageOf, SluiceError } from '@sluice/kernel';

import { readIfThere, writeFileAtomic } from '../files/durable.js';

interface Installed {
  readonly version: string;
  /** Digest of the artifact that it was installed from. */
  readonly sha256: string;
  /** The attempt that installed it. */
  readonly attempt: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  /** Its verify passed, or was waived, since it started. */
  readonly verified: boolean;
}

/** A process that this agent started. `released` false: it is not known whether its gate was opened. */
export interface RunningProcess extends Installed {
  readonly kind: 'process';
  readonly pid: number;
  readonly life: string;
  readonly port: number | null;
  readonly released: boolean;
  /** Of its profile: what its preStop hook needs when another release takes its place. */
  readonly env?: Readonly<Record<string, string>>;
  readonly preStop?: ProcessProfile['preStop'];
  /** Its postStart hook has succeeded. */
  readonly joined?: boolean;
}

/** What the user's scripts installed: whether it lives is known to verify alone. */
export interface RunningScripts extends Installed {
  readonly kind: 'exec';
}

/** The agent itself, started by its supervisor from this release. */
export interface RunningSelf extends Installed {
  readonly kind: 'self';
}

export type Running = RunningProcess | RunningScripts | RunningSelf;

export interface AppState {
  readonly v: 1;
  /** In service: enabled, and not drained since. */
  readonly serving: boolean;
  readonly running: Running | null;
  /** What the symlink `current` names. */
  readonly current: string | null;
  /** Versions by their last use, newest first. */
  readonly recent: readonly string[];
}

const INITIAL: AppState = { v: 1, serving: false, running: null, current: null, recent: [] };

/** One app's state.json: what the agent knows after a restart. Written whole, atomically, before it is acted upon. */
export class AppStateFile {
  private constructor(
    private readonly path: string,
    private state: AppState,
  ) {}

  /** Code STATE_CORRUPT when the file cannot be read as a state. */
  static async open(folder: string): Promise<AppStateFile> {
    const path = join(folder, 'state.json');
    const text = await readIfThere(path);
    return new AppStateFile(path, text === undefined ? INITIAL : parseState(path, text));
  }

  get(): AppState {
    return this.state;
  }

  async set(change: Partial<Omit<AppState, 'v'>>): Promise<void> {
    const next = { ...this.state, ...change };
    await writeFileAtomic(this.path, `${JSON.stringify(next, null, 2)}\n`);
    this.state = next;
  }
}

function parseState(path: string, text: string): AppState {
  try {
    const state = JSON.parse(text) as AppState;
    if (state.v === 1 && typeof state.serving === 'boolean' && Array.isArray(state.recent) && hasRunning(state.running))
      return state;
    throw new Error('it is no state of version 1');
  } catch (cause) {
    throw new SluiceError(
      'STATE_CORRUPT',
      `${path} cannot be read (${messageOf(cause)}): stop the app by hand, move the file away and roll the version out again`,
      { path },
      { cause },
    );
  }
}

const hasRunning = (running: Running | null | undefined): boolean =>
  running === null ||
  (typeof running === 'object' &&
    typeof running.version === 'string' &&
    (running.kind !== 'process' || Number.isInteger(running.pid)));
