import { access, constants, open, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { encodeToken, type HelloApp } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';

import type { ArtifactLimits } from '../artifact/limits.js';
import { onDisk } from '../files/disk-fault.js';
import { tailOf } from '../files/tail.js';
import type { ProcessTable } from '../host/process-table.js';
import type { Self } from '../self/own-release.js';
import { type AppState, AppStateFile, type Running } from './app-state.js';
import { ReleaseStore } from './release-store.js';
import { StepOutputs } from './step-outputs.js';

/** Versions that stay on the host, so that a rollback downloads nothing (TAR-39). */
const KEPT_VERSIONS = 5;

/** State, journal and the first lines of an app's log need far less. */
const ROOM_BYTES = 64 * 1024;

const MAX_LOG_BYTES = 16 * 1024 * 1024;

/** One app that this agent looks after: the pair of host and app is a target. */
export interface AppConfig {
  readonly app: string;
  readonly group: string;
  /** Where the app listens. The `process` profile needs it; scripts may do without. */
  readonly port?: number;
  /** More environment for the app and its scripts; a request's own wins. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface AppDeps {
  readonly host: string;
  readonly site?: string | undefined;
  /** Where others reach the apps of this host. */
  readonly address: string;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly table: ProcessTable;
  readonly limits: ArtifactLimits;
  /** For an agent that has a supervisor, and so may be an app itself. */
  readonly self?: Self | undefined;
  /** A fact of the hello changed. */
  readonly onChange: () => void;
  /** Bytes of an artifact came in. */
  readonly received?: (bytes: number) => void;
}

/** What the agent knows of one app, and the files it keeps for it, under `<dataDir>/apps/<app>/`. */
export class AppHost {
  private exit: { readonly attempt: string; readonly how: string } | undefined;

  private constructor(
    readonly config: AppConfig,
    readonly deps: AppDeps,
    readonly folder: string,
    private readonly files: {
      readonly state: AppStateFile;
      readonly releases: ReleaseStore;
      readonly outputs: StepOutputs;
    },
  ) {}

  static async open(deps: AppDeps, config: AppConfig): Promise<AppHost> {
    const folder = join(deps.dataDir, 'apps', encodeToken(config.app));
    return new AppHost(config, deps, folder, {
      state: await AppStateFile.open(folder),
      releases: await ReleaseStore.open(folder),
      outputs: await StepOutputs.open(join(folder, 'steps')),
    });
  }

  get state(): AppState {
    return this.files.state.get();
  }

  get releases(): ReleaseStore {
    return this.files.releases;
  }

  /** Output of the app's process; rotated when it starts and when it grows. */
  get logFile(): string {
    return join(this.folder, 'app.log');
  }

  /** The process lives, or it is this agent, or scripts installed something: whether that works, verify says. */
  async lives(): Promise<boolean> {
    const { running } = this.state;
    if (running?.kind !== 'process') return running !== null;
    return (await this.deps.table.lifeOf(running.pid)) === running.life;
  }

  /** In service, alive and verified: what a failure report calls serving. */
  async serves(): Promise<boolean> {
    const { serving, running } = this.state;
    return serving && running?.verified === true && (await this.lives());
  }

  async setServing(serving: boolean): Promise<void> {
    if (this.state.serving === serving) return;
    await this.files.state.set({ serving });
    this.deps.onChange();
  }

  async setRunning(running: Running | null): Promise<void> {
    await this.files.state.set({ running });
    this.deps.onChange();
  }

  async setVerified(verified: boolean): Promise<void> {
    const { running } = this.state;
    if (running !== null && running.verified !== verified)
      await this.files.state.set({ running: { ...running, verified } });
  }

  /** `current` names this version from now on. */
  async moveCurrent(version: string): Promise<void> {
    await this.releases.point(version);
    await this.files.state.set({
      current: version,
      recent: [version, ...this.state.recent.filter((one) => one !== version)],
    });
  }

  /** Removes what is neither running, current nor among the most recently used. */
  async pruneReleases(): Promise<void> {
    const { running, current, recent } = this.state;
    const local = new Set(await this.releases.list());
    const inUse = [running?.version, current].filter((version) => typeof version === 'string');
    const kept = [...new Set([...inUse, ...recent])].filter((version) => local.has(version)).slice(0, KEPT_VERSIONS);
    await this.releases.prune(new Set(kept));
    await this.files.state.set({ recent: recent.filter((version) => kept.includes(version)) });
    this.deps.onChange();
  }

  /** How the process of an attempt ended, where this agent saw it. */
  exitOf(attempt: string): string | undefined {
    return this.exit?.attempt === attempt ? this.exit.how : undefined;
  }

  noteExit(attempt: string, how: string): void {
    this.exit = { attempt, how };
    this.deps.onChange();
  }

  get outputs(): StepOutputs {
    return this.files.outputs;
  }

  /**
   * Looks, while the app still runs, whether the agent can write all that an install writes. Codes DISK_FULL,
   * NO_PERMISSION, DISK_ERROR.
   */
  async requireRoom(): Promise<void> {
    const probe = join(this.folder, '.room');
    try {
      await onDisk(probe, async () => writeFile(probe, Buffer.alloc(ROOM_BYTES, 1), { flush: true }));
    } finally {
      await rm(probe, { force: true }).catch(() => undefined);
    }
    await onDisk(this.logFile, async () => (await open(this.logFile, 'a', 0o640)).close());
    const { releasesFolder } = this.releases;
    await onDisk(releasesFolder, () => access(releasesFolder, constants.W_OK | constants.X_OK));
  }

  /** The app writes to its log by itself: when it grows too long, its end is kept and it begins anew. */
  async boundLog(): Promise<void> {
    const size = await stat(this.logFile).then(
      (found) => found.size,
      () => 0,
    );
    if (size <= MAX_LOG_BYTES) return;
    await writeFile(`${this.logFile}.1`, await tailOf(this.logFile, MAX_LOG_BYTES / 4), { mode: 0o640 });
    await truncate(this.logFile);
  }

  async hello(): Promise<HelloApp> {
    const { app, group, port } = this.config;
    const { serving, running } = this.state;
    const lives = await this.lives();
    return {
      app,
      group,
      running: lives ? (running?.version ?? null) : null,
      processStartedAt: lives ? (running?.startedAt ?? null) : null,
      serving: serving && lives,
      endpoint: port === undefined ? null : `${this.deps.address}:${port}`,
      localVersions: await this.releases.list(),
    };
  }
}
