import { rm } from 'node:fs/promises';

import type { ArtifactRef } from '@sluice/contracts';
import { type Clock, isSluiceError, messageOf, SluiceError } from '@sluice/kernel';

import { deadlineAfter, sleep, Watchdog } from '../time/waiting.js';
import type { ArtifactLimits } from './limits.js';
import { PartialFile } from './partial-file.js';
import { placesOf, shownUrl } from './places.js';
import { type Opened, openArtifact, type Resume } from './source.js';

/** Tries in a row that brought nothing more, and tries in all, for one place. */
const FRUITLESS_TRIES = 4;
const MAX_TRIES = 50;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5_000;

/** What another place may do better. */
const OF_THE_PLACE: ReadonlySet<string> = new Set(['BAD_DIGEST', 'TOO_LARGE', 'DOWNLOAD_REFUSED', 'DOWNLOAD_FAILED']);

export interface FetchDeps {
  readonly clock: Clock;
  readonly limits: ArtifactLimits;
  readonly signal: AbortSignal;
  /** Where this host is: places for this site come first. */
  readonly site?: string | undefined;
  /** Told of each place that was asked, with the code of its failure if it did not serve. */
  readonly tried?: (url: string, code?: string) => void;
  /** Told of the bytes as they come in. */
  readonly received?: ((bytes: number) => void) | undefined;
}

/**
 * Fetches an artifact into `file`, hashed on its way: the file is there if and only if its digest is the right one.
 * What a broken connection or a crash left behind in `<file>.part` is gone on with, whichever place has the rest.
 * Codes: BAD_DIGEST, TOO_LARGE, DOWNLOAD_REFUSED, DOWNLOAD_FAILED (after tries with growing waits), DOWNLOAD_TIMEOUT,
 * DISK_FULL, NO_PERMISSION, DISK_ERROR.
 */
export async function fetchArtifact(deps: FetchDeps, artifact: ArtifactRef, file: string): Promise<void> {
  const deadline = deadlineAfter(deps.clock, deps.limits.downloadTimeoutMs);
  const signal = AbortSignal.any([deadline.signal, deps.signal]);
  await rm(file, { force: true });
  const partial = await PartialFile.open(`${file}.part`);
  try {
    await fetchFromAny({ ...deps, signal }, artifact, partial);
    await partial.moveTo(file);
  } catch (error) {
    // Room that nothing else can use: what is on its way gives it back.
    if (isSluiceError(error, 'DISK_FULL')) await partial.remove();
    if (!deadline.expired()) throw error;
    throw new SluiceError(
      'DOWNLOAD_TIMEOUT',
      `the artifact did not arrive within ${deps.limits.downloadTimeoutMs} ms`,
      {},
      { cause: error },
    );
  } finally {
    deadline.clear();
    await partial.close();
  }
}

async function fetchFromAny(deps: FetchDeps, artifact: ArtifactRef, partial: PartialFile): Promise<void> {
  let last: unknown;
  for (const url of placesOf(artifact, deps.site)) {
    try {
      await fetchFrom(deps, { url, sha256: artifact.sha256 }, partial);
      return deps.tried?.(shownUrl(url));
    } catch (error) {
      const code = isSluiceError(error) ? error.code : '';
      if (!OF_THE_PLACE.has(code)) throw error;
      deps.tried?.(shownUrl(url), code);
      if (deps.signal.aborted) throw error;
      last = error;
    }
  }
  throw last;
}

interface Place {
  readonly url: string;
  readonly sha256: string;
}

/** A server that stumbles gets another try; a wrong digest does not: the bytes are what they are. */
async function fetchFrom(deps: FetchDeps, place: Place, partial: PartialFile): Promise<void> {
  let fruitless = 0;
  for (let i = 1; ; i += 1) {
    const before = partial.size;
    try {
      return await fetchOnce(deps, place, partial);
    } catch (error) {
      fruitless = partial.size > before ? 0 : fruitless + 1;
      const more = i < MAX_TRIES && fruitless < FRUITLESS_TRIES && !deps.signal.aborted;
      if (!more || !isSluiceError(error, 'DOWNLOAD_FAILED')) throw error;
    }
    await sleep(deps.clock, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** fruitless), deps.signal);
  }
}

async function fetchOnce(deps: FetchDeps, place: Place, partial: PartialFile): Promise<void> {
  // A crash may have come between the last byte and the end of the step.
  if (partial.size > 0 && partial.digest() === place.sha256) return;
  const watchdog = new Watchdog(deps.clock, deps.limits.stallTimeoutMs);
  const signal = AbortSignal.any([deps.signal, watchdog.signal]);
  try {
    const opened = await openFrom(place.url, partial, signal);
    const { validator } = opened;
    if (opened.from === 0) await partial.restart({ url: place.url, ...(validator === undefined ? {} : { validator }) });
    await receive(opened, partial, { watchdog, maxBytes: deps.limits.maxBytes, received: deps.received });
    await requireDigest(place.sha256, partial, opened.from > 0);
  } finally {
    watchdog.clear();
  }
}

/** With what is there already, or all of it from a server that does not go on where it ended. */
async function openFrom(url: string, partial: PartialFile, signal: AbortSignal): Promise<Opened> {
  const validator = partial.validatorOf(url);
  const resume: Resume = { from: partial.size, ...(validator === undefined ? {} : { validator }) };
  try {
    return await openArtifact(url, signal, resume);
  } catch (error) {
    if (!isSluiceError(error, 'RANGE_REFUSED')) throw error;
    await partial.restart();
    return openArtifact(url, signal);
  }
}

interface Receiving {
  readonly watchdog: Watchdog;
  readonly maxBytes: number;
  readonly received: FetchDeps['received'];
}

async function receive(
  opened: Opened,
  partial: PartialFile,
  { watchdog, maxBytes, received }: Receiving,
): Promise<void> {
  try {
    for await (const chunk of opened.bytes as AsyncIterable<Buffer>) {
      watchdog.feed();
      if (partial.size + chunk.length > maxBytes) {
        await partial.restart();
        throw new SluiceError('TOO_LARGE', `the artifact has more than ${maxBytes} bytes`);
      }
      await partial.append(chunk);
      received?.(chunk.length);
    }
  } catch (cause) {
    if (isSluiceError(cause)) throw cause;
    const how = watchdog.expired() ? `sent nothing for ${watchdog.ms} ms` : messageOf(cause);
    throw new SluiceError(
      'DOWNLOAD_FAILED',
      `the artifact broke off after ${partial.size} bytes: ${how}`,
      {},
      { cause },
    );
  }
}

/** Where part of the bytes came from elsewhere or from before, all of them deserve another try from the beginning. */
async function requireDigest(sha256: string, partial: PartialFile, resumed: boolean): Promise<void> {
  const digest = partial.digest();
  if (digest === sha256) return;
  await partial.restart();
  if (resumed)
    throw new SluiceError('DOWNLOAD_FAILED', 'what was fetched before does not fit the rest of the artifact');
  throw new SluiceError(
    'BAD_DIGEST',
    `the artifact has sha256 ${digest}, not ${sha256}: check the url and the request`,
  );
}
