import { isSluiceError, messageOf, SluiceError } from '@sluice/kernel';

import { oneLine } from '../files/tail.js';
import { requireVersion } from './service.js';
import type { StepContext } from './steps.js';

/** A probe is a quick look: what needs longer than this is not there already. */
const PROBE_TIMEOUT_MS = 10_000;

/**
 * Is the target already what the rollout wants? Only if the running process, started by an install that was recorded,
 * is of the spec's version and artifact, verifies now, and is in service. Codes NOT_TARGET_VERSION, PROCESS_EXITED,
 * VERIFY_FAILED, NOT_SERVING.
 */
export async function probeWith(
  context: StepContext,
  verify: (timeoutMs: number) => Promise<void>,
): Promise<undefined> {
  const { app, run } = context;
  await requireVersion(context);
  try {
    await verify(Math.min(run.spec.verify.timeoutMs, PROBE_TIMEOUT_MS));
  } catch (error) {
    if (isSluiceError(error, 'INTERRUPTED')) throw error;
    await app.setVerified(false);
    throw new SluiceError('VERIFY_FAILED', oneLine(messageOf(error)), {}, { cause: error });
  }
  await app.setVerified(true);
  if (!app.state.serving)
    throw new SluiceError(
      'NOT_SERVING',
      `${run.spec.version} runs and verifies, but is out of service: retry, so that it is enabled`,
    );
}
