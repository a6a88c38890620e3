import { join } from 'node:path';

import { messageOf, SluiceError } from '@sluice/kernel';

import { readIfThere, writeFileAtomic } from '../files/durable.js';

/** A release of the agent as an app of its own: where it is and how it starts. */
export interface SelfRelease {
  readonly app: string;
  readonly version: string;
  readonly sha256: string;
  readonly attempt: string;
  readonly folder: string;
  /** argv; the configuration's file is added to it. `node` is the one that the supervisor runs under. */
  readonly command: readonly string[];
}

/** Which agent the supervisor runs. `null` is the agent that was installed with the supervisor itself. */
export interface SelfState {
  readonly v: 1;
  readonly current: SelfRelease | null;
  /** `current` is on trial: unless it confirms in time, `previous` takes its place again. */
  readonly trial?: { readonly previous: SelfRelease | null; readonly confirmWithinMs: number };
  /** The trial that ended so. */
  readonly failed?: { readonly attempt: string; readonly words: string };
}

const INITIAL: SelfState = { v: 1, current: null };

const pathIn = (dataDir: string): string => join(dataDir, 'self.json');

/** Code STATE_CORRUPT when the file cannot be read as a state. */
export async function readSelf(dataDir: string): Promise<SelfState> {
  const path = pathIn(dataDir);
  try {
    const text = await readIfThere(path);
    const state = text === undefined ? INITIAL : (JSON.parse(text) as SelfState);
    if (state.v === 1 && (state.current === null || Array.isArray(state.current.command))) return state;
    throw new Error('it is no state of version 1');
  } catch (cause) {
    const what = `${path} cannot be read (${messageOf(cause)}): move it away, and the agent that was installed starts`;
    throw new SluiceError('STATE_CORRUPT', what, { path }, { cause });
  }
}

/** Written by the agent just before it hands over, and by the supervisor only while no agent runs. */
export async function writeSelf(dataDir: string, state: SelfState): Promise<void> {
  await writeFileAtomic(pathIn(dataDir), `${JSON.stringify(state, null, 2)}\n`);
}

/** A supervised agent's view of its own release. */
export class OwnRelease {
  private constructor(
    private readonly dataDir: string,
    private readonly leave: () => void,
    private state: SelfState,
  ) {}

  /** `leave` ends this agent's process in peace, with the exit code that asks for the next one. */
  static async open(dataDir: string, leave: () => void): Promise<OwnRelease> {
    return new OwnRelease(dataDir, leave, await readSelf(dataDir));
  }

  get current(): SelfRelease | null {
    return this.state.current;
  }

  /** It has not confirmed yet. */
  get onTrial(): boolean {
    return this.state.trial !== undefined;
  }

  /** This process was started from that very release. */
  isOf({ version, sha256 }: Pick<SelfRelease, 'version' | 'sha256'>): boolean {
    return this.state.current?.version === version && this.state.current.sha256 === sha256;
  }

  /** Why the agent of an attempt did not prove itself; undefined when it was not tried. */
  failureOf(attempt: string): string | undefined {
    return this.state.failed?.attempt === attempt ? this.state.failed.words : undefined;
  }

  async handOver(next: SelfRelease, confirmWithinMs: number): Promise<void> {
    const previous = this.state.trial?.previous ?? this.state.current;
    await writeSelf(this.dataDir, { v: 1, current: next, trial: { previous, confirmWithinMs } });
    this.leave();
  }

  async confirm(): Promise<void> {
    if (this.state.trial === undefined) return;
    const confirmed: SelfState = { v: 1, current: this.state.current };
    await writeSelf(this.dataDir, confirmed);
    this.state = confirmed;
  }
}

/** What a supervised agent knows of itself. */
export interface Self {
  readonly release: OwnRelease;
  /** What this build calls itself. */
  readonly version: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  /** One request to itself over NATS, as others send it; rejects when it is not answered. */
  readonly answers: () => Promise<void>;
}
