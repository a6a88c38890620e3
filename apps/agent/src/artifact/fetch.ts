import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { ArtifactRef } from '@sluice/contracts';
import { type Clock, isSluiceError, messageOf, SluiceError } from '@sluice/kernel';

import { deadlineAfter, sleep } from '../time/waiting.js';
import type { ArtifactLimits } from './limits.js';
import { openArtifact } from './source.js';

const TRIES = 3;
const FIRST_WAIT_MS = 500;

export interface FetchDeps {
  readonly clock: Clock;
  readonly limits: ArtifactLimits;
  readonly signal: AbortSignal;
}

/**
 * Fetches an artifact into `file`, hashed on its way. The file is there if and only if its digest is the right one.
 * Codes: BAD_DIGEST, TOO_LARGE, DOWNLOAD_REFUSED, DOWNLOAD_FAILED (after three tries), DOWNLOAD_TIMEOUT.
 */
export async function fetchArtifact(deps: FetchDeps, artifact: ArtifactRef, file: string): Promise<void> {
  const deadline = deadlineAfter(deps.clock, deps.limits.downloadTimeoutMs);
  const signal = AbortSignal.any([deadline.signal, deps.signal]);
  try {
    await tryFetching({ ...deps, signal }, artifact, file);
  } catch (error) {
    await rm(file, { force: true });
    if (!deadline.expired()) throw error;
    throw new SluiceError(
      'DOWNLOAD_TIMEOUT',
      `the artifact did not arrive within ${deps.limits.downloadTimeoutMs} ms`,
      {},
      { cause: error },
    );
  } finally {
    deadline.clear();
  }
}

/** A server that stumbles gets another try; a wrong digest does not: the bytes are what they are. */
async function tryFetching(deps: FetchDeps, artifact: ArtifactRef, file: string): Promise<void> {
  for (let i = 1; ; i += 1) {
    try {
      return await fetchOnce(deps, artifact, file);
    } catch (error) {
      if (!isSluiceError(error, 'DOWNLOAD_FAILED') || i >= TRIES || deps.signal.aborted) throw error;
    }
    await sleep(deps.clock, FIRST_WAIT_MS * 2 ** (i - 1), deps.signal);
  }
}

async function fetchOnce(deps: FetchDeps, artifact: ArtifactRef, file: string): Promise<void> {
  const source = await openArtifact(artifact.url, deps.signal);
  const hash = createHash('sha256');
  let size = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      hash.update(chunk);
      done(
        size > deps.limits.maxBytes
          ? new SluiceError('TOO_LARGE', `the artifact has more than ${deps.limits.maxBytes} bytes`)
          : null,
        chunk,
      );
    },
  });
  try {
    await pipeline(source, meter, createWriteStream(file, { mode: 0o640 }), { signal: deps.signal });
  } catch (cause) {
    if (isSluiceError(cause)) throw cause;
    throw new SluiceError(
      'DOWNLOAD_FAILED',
      `the artifact broke off after ${size} bytes: ${messageOf(cause)}`,
      {},
      { cause },
    );
  }
  const digest = hash.digest('hex');
  if (digest !== artifact.sha256) {
    throw new SluiceError(
      'BAD_DIGEST',
      `the artifact has sha256 ${digest}, not ${artifact.sha256}: check the url and the request`,
    );
  }
}
