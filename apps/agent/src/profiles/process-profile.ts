import { rename } from 'node:fs/promises';
import { connect } from 'node:net';

import type { ProcessProfile, StepSpec } from '@sluice/contracts';
import { isSluiceError, SluiceError } from '@sluice/kernel';

import type { AppHost } from '../app/app-host.js';
import type { RunningProcess } from '../app/app-state.js';
import { unpack } from '../artifact/unpack.js';
import { isErrno } from '../files/durable.js';
import { KEPT_OUTPUT_BYTES, lastLine, tailOf } from '../files/tail.js';
import { baseEnvironment } from '../host/environment.js';
import { launchGated } from '../host/launching.js';
import { stopConfirmed } from '../host/stopping.js';
import { type HookPlace, runHook } from './hooks.js';
import { sleep } from '../time/waiting.js';
import { verifyHttp } from './http-verify.js';
import { probeWith } from './probe.js';
import { download, drain, enable, requireRelease, requireVersion } from './service.js';
import type { Step, StepContext, StepSet } from './steps.js';

/**
 * The agent's own way to run an app. Each step may be done again after a crash of the agent in its middle:
 * - drain: takes the app out of service once more and waits the whole window again.
 * - download: a release is in place whole or not at all; what was half unpacked is thrown away at the start.
 * - install: hooks may run again; the process is recorded before its first instruction, so whatever the first try started is either found
 *   running under this very attempt (done), or stopped and confirmed before another is started.
 * - verify: asks only; its deadline begins anew.
 * - enable: sets a flag that may be set twice, after looking that the right version runs.
 * - probe: asks only.
 */
export const processSteps: StepSet = {
  drain,
  download: (context) => download(context, { form: 'tree', fresh: isFresh(context), place: unpacking(context) }),
  install: withLog(install),
  verify: withLog(verify),
  enable,
  probe: withLog((context) => probeWith(context, (timeoutMs) => verifyOnce(context, timeoutMs))),
};

const isFresh = ({ run }: StepContext): boolean => profileOf(run.spec).recreate === true;

const unpacking =
  ({ app, signal }: StepContext) =>
  (file: string, folder: string): Promise<void> =>
    unpack({ file, folder, limits: app.deps.limits, signal });

/** The output of a step is what the app has written by its end. */
function withLog(step: Step): Step {
  return async (context) => {
    try {
      return await step(context);
    } finally {
      context.notes.output.write(await tailOf(context.app.logFile, KEPT_OUTPUT_BYTES + 1));
    }
  };
}

async function install(context: StepContext): Promise<undefined> {
  const { app, run } = context;
  const profile = profileOf(run.spec);
  if (!(await isInstalled(context))) await replaceOld(context, profile);
  await join(context, profile);
  await app.pruneReleases();
}

async function replaceOld(context: StepContext, profile: ProcessProfile): Promise<void> {
  const { app, run } = context;
  const { version, artifact } = run.spec;
  await requireRelease(context, 'tree');
  await app.requireRoom();
  await stopOld(context, profile.stopGraceMs);
  const port = portOf(context);
  await requireFreePort(port);
  if (profile.recreate === true) await app.releases.unstage(version, { sha256: artifact.sha256, form: 'tree' });
  await app.moveCurrent(version);
  await start(context, profile, port);
}

/** Once for each start that succeeded; the agent may have crashed between the start and this. */
async function join(context: StepContext, { postStart }: ProcessProfile): Promise<void> {
  const { app } = context;
  const { running } = app.state;
  if (postStart === undefined || running?.kind !== 'process' || running.joined === true) return;
  await runHook(context, 'postStart', postStart, placeOf(app, running));
  await app.setRunning({ ...running, joined: true });
}

/** The old release leaves what it belongs to, while it still runs. Only if it is `required`, its failure is one. */
async function leave(context: StepContext): Promise<void> {
  const { app, notes } = context;
  const { running } = app.state;
  if (running?.kind !== 'process' || running.preStop === undefined || !(await app.lives())) return;
  try {
    await runHook(context, 'preStop', running.preStop, placeOf(app, running));
  } catch (error) {
    if (running.preStop.required === true || !isSluiceError(error, 'HOOK_FAILED')) throw error;
    notes.say(`${error.message}; it is not required`);
  }
}

const placeOf = (app: AppHost, running: RunningProcess): HookPlace => ({
  cwd: app.releases.pathOf(running.version),
  env: environmentOf(app, running),
});

/** This attempt did it before the agent crashed: the process was let go and lives. */
async function isInstalled({ app, run }: StepContext): Promise<boolean> {
  const { running } = app.state;
  return running?.kind === 'process' && running.attempt === run.attempt && running.released && (await app.lives());
}

/** Stops what this agent started for the app, whatever came of it, and confirms that it is gone (XIM-06). */
export async function stopOld(context: StepContext, graceMs: number): Promise<void> {
  const { app, signal } = context;
  await leave(context);
  const { running } = app.state;
  const leader = running?.kind === 'process' ? running : undefined;
  await stopConfirmed(app.deps.table, app.deps.clock, { leader, marks: [markOf(app)], graceMs, signal });
  if (leader !== undefined) await app.setRunning(null);
}

/** In the environment of each process of the app: unique on this machine, since no two agents share a data folder. */
const markOf = (app: AppHost): string => `SLUICE_APP_DIR=${app.folder}`;

async function start(context: StepContext, profile: ProcessProfile, port: number): Promise<void> {
  const { app, run } = context;
  const { version, artifact } = run.spec;
  await rotateLog(app);
  const launched = await launchGated({
    command: profile.command,
    cwd: app.releases.pathOf(version),
    env: environmentOf(app, { version, attempt: run.attempt, port, env: profile.env }),
    logFile: app.logFile,
  });
  void launched.ended.then((how) => app.noteExit(run.attempt, how));
  const life = await app.deps.table.lifeOf(launched.pid);
  if (life === undefined)
    throw new SluiceError('LAUNCH_FAILED', `${profile.command[0] ?? 'the app'} was gone before it began: retry`);
  const record: RunningProcess = {
    kind: 'process',
    version,
    sha256: artifact.sha256,
    attempt: run.attempt,
    startedAt: app.deps.clock.now(),
    verified: false,
    pid: launched.pid,
    life,
    port,
    released: false,
    ...(profile.env === undefined ? {} : { env: profile.env }),
    ...(profile.preStop === undefined ? {} : { preStop: profile.preStop }),
  };
  await app.setRunning(record);
  await launched.release();
  await app.setRunning({ ...record, released: true });
}

interface Started {
  readonly version: string;
  readonly attempt: string;
  readonly port: number | null;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Of the app and of its hooks, each with what its own release was installed with. */
function environmentOf(app: AppHost, { version, attempt, port, env }: Started): Readonly<Record<string, string>> {
  return {
    ...baseEnvironment(),
    ...app.config.env,
    ...env,
    ...(port === null ? {} : { PORT: String(port) }),
    SLUICE_APP: app.config.app,
    SLUICE_GROUP: app.config.group,
    SLUICE_VERSION: version,
    SLUICE_HOST: app.deps.host,
    SLUICE_ATTEMPT: attempt,
    SLUICE_APP_DIR: app.folder,
  };
}

async function rotateLog(app: AppHost): Promise<void> {
  await rename(app.logFile, `${app.logFile}.1`).catch((error: unknown) => {
    if (!isErrno(error, 'ENOENT')) throw error;
  });
}

/** Somebody else on the port would answer our verify in the app's place. */
async function requireFreePort(port: number): Promise<void> {
  const taken = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.setTimeout(1_000, () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  if (taken)
    throw new SluiceError(
      'PORT_IN_USE',
      `a process that this agent did not start listens on port ${port}: stop it, then retry`,
    );
}

async function verify(context: StepContext): Promise<'waived' | undefined> {
  const { app, run } = context;
  await requireVersionOrExit(context);
  if (run.spec.ignoreVerify) {
    await app.setVerified(true);
    return 'waived';
  }
  await app.setVerified(false);
  await verifyOnce(context, run.spec.verify.timeoutMs);
  await app.setVerified(true);
  return undefined;
}

async function verifyOnce(context: StepContext, timeoutMs: number): Promise<void> {
  const { app, run, signal } = context;
  const requireLife = async (): Promise<void> => {
    if (!(await app.lives())) throw await exitError(context);
  };
  await verifyHttp(
    { clock: app.deps.clock, signal, port: portOf(context), requireLife },
    { ...run.spec.verify, timeoutMs },
  );
}

async function requireVersionOrExit(context: StepContext): Promise<void> {
  try {
    await requireVersion(context);
  } catch (error) {
    if (isSluiceError(error, 'PROCESS_EXITED')) throw await exitError(context);
    throw error;
  }
}

/** The process is gone: its last words say more than a refused connection. */
async function exitError({ app, signal }: StepContext): Promise<SluiceError> {
  const { running } = app.state;
  // The process table may know of an end a little earlier than who waits for the child.
  for (let i = 0; i < 10 && running !== null && app.exitOf(running.attempt) === undefined; i += 1) {
    await sleep(app.deps.clock, 20, signal);
  }
  const how = running === null ? undefined : app.exitOf(running.attempt);
  const words = lastLine(await tailOf(app.logFile), 200);
  return new SluiceError(
    'PROCESS_EXITED',
    `the process exited${how === undefined ? '' : ` with ${how}`}${words === '' ? '' : `: ${words}`}`,
  );
}

function portOf({ app, run }: StepContext): number {
  const port = run.spec.verify.port ?? app.config.port;
  if (port === undefined)
    throw new SluiceError('NO_PORT', `the agent knows no port of ${run.spec.app}: add it to its configuration`);
  return port;
}

function profileOf({ profile }: StepSpec): ProcessProfile {
  if (profile.kind === 'process') return profile;
  throw new SluiceError('BAD_RUN', 'this run has no process profile');
}
