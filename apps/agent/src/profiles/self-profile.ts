import { isSluiceError, messageOf, SluiceError } from '@sluice/kernel';

import { unpack } from '../artifact/unpack.js';
import { oneLine } from '../files/tail.js';
import { deadlineAfter, sleep } from '../time/waiting.js';
import type { Self } from '../self/own-release.js';
import { probeWith } from './probe.js';
import { download, drain, enable, requireRelease, requireVersion } from './service.js';
import { interrupted, type StepContext, type StepSet, throwIfInterrupted } from './steps.js';

/** Beyond the time for verify: for the start of the new agent, which also waits for NATS. */
const START_MS = 15_000;

/**
 * The agent as an app of its own. Install hands over to the release that was unpacked: this process ends without a
 * result, the supervisor starts the new agent, and that one finds the run in the journal and does install again, which
 * is done by then. If it cannot, the supervisor brings the old agent back, which says so.
 */
export const selfSteps: StepSet = {
  drain,
  download: (context) =>
    download(context, {
      form: 'tree',
      place: (file, folder) => unpack({ file, folder, limits: context.app.deps.limits, signal: context.signal }),
    }),
  install,
  verify,
  enable,
  probe: (context) => probeWith(context, (timeoutMs) => look(context, timeoutMs)),
};

function selfOf({ app }: StepContext): Self {
  const { self } = app.deps;
  if (self !== undefined) return self;
  throw new SluiceError(
    'NOT_SUPERVISED',
    'this agent has no supervisor that could start another one: run it with --supervise, as `sluice agent install` does',
  );
}

async function install(context: StepContext): Promise<undefined> {
  const { app, run } = context;
  const { release } = selfOf(context);
  const { version, artifact, verify: wanted } = run.spec;
  await requireRelease(context, 'tree');
  if (release.isOf({ version, sha256: artifact.sha256 })) return adopt(context);
  const failure = release.failureOf(run.attempt);
  if (failure !== undefined) throw new SluiceError('HANDOVER_FAILED', failure);
  if (app.state.running?.kind === 'process')
    throw new SluiceError(
      'BAD_RUN',
      `${app.config.app} runs as an app that is not the agent: give the agent another name`,
    );
  await app.requireRoom();
  throwIfInterrupted(context.signal);
  const next = {
    app: app.config.app,
    version,
    sha256: artifact.sha256,
    attempt: run.attempt,
    folder: app.releases.pathOf(version),
    command: commandOf(context),
  };
  await release.handOver(next, wanted.timeoutMs + START_MS);
  throw interrupted();
}

function commandOf({ run }: StepContext): readonly string[] {
  const { profile } = run.spec;
  if (profile.kind === 'process') return profile.command;
  throw new SluiceError('BAD_RUN', 'this run has no process profile');
}

/** This process is the new agent. */
async function adopt(context: StepContext): Promise<undefined> {
  const { app, run } = context;
  const { version, artifact } = run.spec;
  await app.moveCurrent(version);
  await app.setRunning({
    kind: 'self',
    version,
    sha256: artifact.sha256,
    attempt: run.attempt,
    startedAt: selfOf(context).startedAt,
    verified: false,
  });
  await app.pruneReleases();
}

async function verify(context: StepContext): Promise<'waived' | undefined> {
  const { app, run } = context;
  const self = selfOf(context);
  await requireVersion(context);
  if (!run.spec.ignoreVerify) {
    await app.setVerified(false);
    await look(context, run.spec.verify.timeoutMs);
  }
  await app.setVerified(true);
  await self.release.confirm();
  return run.spec.ignoreVerify ? 'waived' : undefined;
}

/** It is what it was said to be, and answers n times in a row. Codes VERSION_MISMATCH, VERIFY_TIMEOUT. */
async function look(context: StepContext, timeoutMs: number): Promise<void> {
  const { app, run, signal } = context;
  const self = selfOf(context);
  const { version, verify: wanted } = run.spec;
  if (self.version !== version)
    throw new SluiceError('VERSION_MISMATCH', `this agent calls itself ${self.version}, not ${version}: pack it anew`);
  const deadline = deadlineAfter(app.deps.clock, timeoutMs);
  const either = AbortSignal.any([signal, deadline.signal]);
  let seen = 'no answer';
  try {
    for (let row = 0; row < wanted.successes;) {
      throwIfInterrupted(signal);
      if (deadline.expired())
        throw new SluiceError('VERIFY_TIMEOUT', `not verified within ${timeoutMs} ms; seen last: ${seen}`);
      seen = await answerOf(self);
      row = seen === '' ? row + 1 : 0;
      if (row < wanted.successes) await sleep(app.deps.clock, wanted.intervalMs, either);
    }
  } finally {
    deadline.clear();
  }
}

/** '' when it answered, what went wrong otherwise. */
async function answerOf(self: Self): Promise<string> {
  try {
    await self.answers();
    return '';
  } catch (error) {
    return isSluiceError(error) ? error.message : oneLine(messageOf(error), 120);
  }
}
