import {
  DeadlineExceededError,
  type KurrentDBClient,
  NO_STREAM,
  WrongExpectedVersionError,
} from '@kurrent/kurrentdb-client';
import { streamKey, type StreamHead, type StreamName, SUBJECTS } from '@sluice/contracts';

import { encodeNext, type NextCommit } from '../encode-next.js';
import { conflict, unavailable } from '../errors.js';
import type { OwnCommits } from '../own-commits.js';
import type { CommitDraft } from '../port.js';
import { isPassing, translated } from './outcomes.js';
import type { PlacedIds } from './placed-ids.js';
import { eventOf, numberOf, recordedOf, type StoredCommit } from './records.js';

export interface Appending {
  readonly client: KurrentDBClient;
  readonly own: OwnCommits;
  readonly placed: PlacedIds;
  /** One try, in ms: the client's streaming append waits for its answer without a bound of its own. */
  readonly tryMs: number;
  /** All tries together, in ms. */
  readonly boundMs: number;
  /** The commit that stands at a rev of the stream. */
  readonly at: (rev: number) => Promise<StoredCommit | undefined>;
}

const PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Appends one event with the expected revision, and again with the same id for as long as it is not known whether it
 * landed. Codes as the port says.
 */
export async function appendCommit(
  to: Appending,
  stream: StreamName,
  expected: StreamHead,
  draft: CommitDraft,
): Promise<StreamHead> {
  const next = encodeNext(stream, expected, draft);
  const isRepeated = to.placed.knows(draft.id, stream, expected);
  to.placed.add(draft.id, stream, expected);
  to.own.add(stream, expected, draft, next);
  const place: Place = { stream, expected, id: draft.id, next };
  const deadline = Date.now() + to.boundMs;
  for (let pause = PAUSE_MS, isRetry = isRepeated; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS), isRetry = true) {
    try {
      return await appendOnce(to, place, isRetry);
    } catch (cause) {
      if (!isPassing(cause)) throw translated(cause, `append to ${streamKey(stream)}`);
      if (Date.now() >= deadline) throw unavailable(`append to ${streamKey(stream)}`, to.boundMs, cause);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

interface Place {
  readonly stream: StreamName;
  readonly expected: StreamHead;
  readonly id: string;
  readonly next: NextCommit;
}

async function appendOnce(to: Appending, place: Place, isRetry: boolean): Promise<StreamHead> {
  const { stream, expected, id, next } = place;
  const streamState = expected.rev === 0 ? NO_STREAM : BigInt(expected.rev - 1);
  try {
    const event = eventOf(id, next.bytes);
    const sent = to.client.appendToStream(SUBJECTS.log(stream), event, { streamState, deadline: to.tryMs });
    const { position } = await within(to.tryMs, sent);
    // A try that the server knows again may be answered without a place, or with that of the end.
    if (position !== undefined && !isRetry) return next.headAt(numberOf(position.commit));
  } catch (error) {
    if (!(error instanceof WrongExpectedVersionError)) throw error;
  }
  const found = await to.at(expected.rev + 1);
  if (found?.id === id) return recordedOf(found).head;
  to.placed.remove(id);
  throw conflict(stream, expected);
}

/** Rejects with the client's own error for a call that took too long; what comes later is ignored. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineExceededError()), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
