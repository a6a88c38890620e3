import { rm } from 'node:fs/promises';
import { SluiceError } from '@sluice/kernel';

import type { Origin } from '../app/release-store.js';
import { fetchArtifact } from '../artifact/fetch.js';
import { sleep } from '../time/waiting.js';
import { type StepContext, type StepNote, throwIfInterrupted } from './steps.js';

/** Out of service at once, then the window in which requests in flight end. */
export async function drain({ app, run, signal }: StepContext): Promise<undefined> {
  await app.setServing(false);
  await sleep(app.deps.clock, run.spec.drainWindowMs, signal);
  throwIfInterrupted(signal);
}

/** Into service, but only what was meant: the spec's version, alive. */
export async function enable(context: StepContext): Promise<undefined> {
  await requireVersion(context);
  await context.app.setServing(true);
}

/**
 * The *running* version is the spec's, of the spec's artifact: what `current` points to proves nothing, since a start
 * may have failed after it moved. Codes NOT_TARGET_VERSION, PROCESS_EXITED.
 */
export async function requireVersion({ app, run: { spec } }: StepContext): Promise<void> {
  const { running } = app.state;
  if (running?.version !== spec.version || running.sha256 !== spec.artifact.sha256) {
    const what =
      running === null
        ? 'nothing runs'
        : running.version === spec.version
          ? `${running.version} of another artifact runs`
          : `${running.version} runs`;
    throw new SluiceError(
      'NOT_TARGET_VERSION',
      `${what} on this host, not ${spec.version}: retry, so that it is installed`,
    );
  }
  if (!(await app.lives()))
    throw new SluiceError(
      'PROCESS_EXITED',
      `${spec.version} was started and does not run any more: look at ${app.logFile}`,
    );
}

/** How a fetched file becomes a release. */
export interface Placing {
  readonly form: Origin['form'];
  /** Fetch it whatever is here, and leave what is here in its place until install (XIM-05). */
  readonly fresh?: boolean;
  readonly place: (file: string, folder: string) => Promise<void>;
}

/** A version that is here whole, of the same digest, needs no download (TAR-39). */
export async function download(context: StepContext, placing: Placing): Promise<StepNote | undefined> {
  const { app, run, signal } = context;
  const { version, artifact } = run.spec;
  const { form, place, fresh = false } = placing;
  const origin: Origin = { sha256: artifact.sha256, form };
  if (!fresh && (await app.releases.holds(version, origin))) return 'local';
  const file = await app.releases.incoming(artifact.sha256);
  try {
    await fetch(context, file);
    await app.releases.add(version, origin, { staged: fresh, fill: (folder) => place(file, folder) });
  } catch (error) {
    throwIfInterrupted(signal);
    throw error;
  } finally {
    await rm(file, { force: true });
  }
  return undefined;
}

/** Which place served is of interest only where there is a choice: the one url stands in the plan. */
async function fetch({ app, run, signal, notes }: StepContext, file: string): Promise<void> {
  const { artifact } = run.spec;
  const { clock, limits, site, received } = app.deps;
  const choice = (artifact.sources ?? []).length > 0;
  const tried = (url: string, code?: string): void => {
    if (choice) notes.tried(url, code);
  };
  await fetchArtifact({ clock, limits, signal, site, tried, received }, artifact, file);
}

/** Code NOT_DOWNLOADED when the release is not here, in its place or on its way there. */
export async function requireRelease({ app, run }: StepContext, form: Origin['form']): Promise<void> {
  const { version, artifact } = run.spec;
  const origin: Origin = { sha256: artifact.sha256, form };
  if ((await app.releases.isStaged(version, origin)) || (await app.releases.holds(version, origin))) return;
  throw new SluiceError('NOT_DOWNLOADED', `${version} is not on this host: retry, so that it is downloaded`);
}
