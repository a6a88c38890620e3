import { rename } from 'node:fs/promises';
import { join } from 'node:path';

import type { ExecProfile, StepName } from '@sluice/contracts';
import { SluiceError, unreachable } from '@sluice/kernel';

import { baseEnvironment } from '../host/environment.js';
import { runScript } from '../host/scripting.js';
import { stopConfirmed } from '../host/stopping.js';
import { verifyHttp } from './http-verify.js';
import { probeWith } from './probe.js';
import { stopOld } from './process-profile.js';
import { download, drain, enable, requireRelease, requireVersion } from './service.js';
import { interrupted, type StepContext, type StepSet } from './steps.js';

const ARTIFACT = 'artifact';
const OLD_PROCESS_GRACE_MS = 10_000;

/**
 * The user's scripts, after (drain, download) or instead of (install, verify) or before (enable) what the agent does
 * itself: the artifact's digest and the flag of service are never left to a script.
 * After a crash in mid-step, what is left of the script that ran then is stopped and confirmed before it runs again:
 * scripts must be repeatable, but they never run twice at once.
 */
export const execSteps: StepSet = {
  drain: async (context) => {
    await context.app.setServing(false);
    await script(context, 'drain');
    return drain(context);
  },
  download: async (context) => {
    const note = await download(context, {
      form: 'file',
      place: (file, folder) => rename(file, join(folder, ARTIFACT)),
    });
    await script(context, 'download');
    return note;
  },
  install,
  verify,
  enable: async (context) => {
    await requireVersion(context);
    await script(context, 'enable');
    return enable(context);
  },
  probe: (context) =>
    probeWith(context, async (timeoutMs) => {
      if (!(await script(context, 'probe'))) await look(context, timeoutMs);
    }),
};

async function install(context: StepContext): Promise<undefined> {
  const { app, run } = context;
  const { version, artifact } = run.spec;
  await requireRelease(context, 'file');
  await app.requireRoom();
  // The app may have been run by the agent itself up to now: its process must not live on beside the new one.
  await stopOld(context, OLD_PROCESS_GRACE_MS);
  await app.setRunning(null);
  if (!(await script(context, 'install')))
    throw new SluiceError('BAD_RUN', 'an exec profile needs a script for install');
  await app.moveCurrent(version);
  await app.setRunning({
    kind: 'exec',
    version,
    sha256: artifact.sha256,
    attempt: run.attempt,
    startedAt: app.deps.clock.now(),
    verified: false,
  });
  await app.pruneReleases();
}

async function verify(context: StepContext): Promise<'waived' | undefined> {
  const { app, run } = context;
  await requireVersion(context);
  if (!run.spec.ignoreVerify) {
    await app.setVerified(false);
    if (!(await script(context, 'verify'))) await look(context, run.spec.verify.timeoutMs);
  }
  await app.setVerified(true);
  return run.spec.ignoreVerify ? 'waived' : undefined;
}

/** Without a script for it and without a port there is nothing to look at. */
async function look({ app, run, signal }: StepContext, timeoutMs: number): Promise<void> {
  const port = run.spec.verify.port ?? app.config.port;
  if (port === undefined) return;
  await verifyHttp(
    { clock: app.deps.clock, signal, port, requireLife: () => Promise.resolve() },
    { ...run.spec.verify, timeoutMs },
  );
}

/** Runs the step's script; false when there is none. Codes SCRIPT_FAILED, SCRIPT_TIMEOUT. */
async function script(context: StepContext, step: StepName): Promise<boolean> {
  const { app, run, signal, notes } = context;
  const profile = profileOf(context);
  const argv = profile.steps[step];
  if (argv === undefined) return false;
  const { clock, table } = app.deps;
  const marks = [`SLUICE_ATTEMPT=${run.attempt}`, `SLUICE_STEP=${step}`, `SLUICE_EXEC_DIR=${app.folder}`];
  await stopConfirmed(table, clock, { leader: undefined, marks, graceMs: 0, signal });
  const env = environmentOf(context, profile, step);
  const result = await runScript(
    { clock, table, signal },
    { argv, cwd: app.folder, env, timeoutMs: profile.stepTimeoutMs, marks },
  );
  notes.output.write(result.output);
  switch (result.outcome) {
    case 'ok':
      return true;
    case 'failed':
      throw new SluiceError('SCRIPT_FAILED', `the ${step} script ended with ${result.words}`);
    case 'timeout':
      throw new SluiceError('SCRIPT_TIMEOUT', `the ${step} script was ${result.words}`);
    case 'interrupted':
      throw interrupted();
    default:
      return unreachable(result.outcome, 'outcome of a script');
  }
}

function environmentOf(
  { app, run }: StepContext,
  profile: ExecProfile,
  step: StepName,
): Readonly<Record<string, string>> {
  const { spec } = run;
  return {
    ...baseEnvironment(),
    ...app.config.env,
    ...profile.env,
    ...(app.config.port === undefined ? {} : { PORT: String(app.config.port) }),
    SLUICE_APP: spec.app,
    SLUICE_GROUP: spec.group,
    SLUICE_VERSION: spec.version,
    SLUICE_HOST: run.host,
    SLUICE_STEP: step,
    SLUICE_ARTIFACT: join(app.releases.pathOf(spec.version), ARTIFACT),
    SLUICE_ATTEMPT: run.attempt,
    SLUICE_EXEC_DIR: app.folder,
  };
}

function profileOf({ run }: StepContext): ExecProfile {
  const { profile } = run.spec;
  if (profile.kind === 'exec') return profile;
  throw new SluiceError('BAD_RUN', 'this run has no exec profile');
}
