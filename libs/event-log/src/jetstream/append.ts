import { decodeCommit, STREAMS, streamKey, type StreamHead, type StreamName, SUBJECTS } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import {
  isConnectionOver,
  isNoResponders,
  isTimeout,
  isWrongLastSequence,
  translateNatsError,
} from '@sluice/messaging';

import { encodeNext, type NextCommit } from '../encode-next.js';
import { conflict, idReused, unavailable } from '../errors.js';
import type { OwnCommits } from '../own-commits.js';
import type { CommitDraft } from '../port.js';
import { recordedCommit } from '../recorded.js';
import type { ConnectionWatch } from './connection-watch.js';
import { isTransient, type LogStream } from './log-stream.js';

export interface Appending {
  readonly log: LogStream;
  readonly watch: ConnectionWatch;
  /** One try, in ms. */
  readonly tryMs: number;
  /** All tries together, in ms. */
  readonly boundMs: number;
  /** Where it is remembered, for followers in this process. */
  readonly own: OwnCommits;
}

/** The commit, where it goes, and what it expects to find there. */
interface Attempt {
  readonly stream: StreamName;
  readonly subject: string;
  readonly expected: StreamHead;
  readonly id: string;
  readonly next: NextCommit;
}

type Outcome =
  | { readonly kind: 'landed'; readonly position: number }
  /** The expectation was refused, or the id is known: our first try, or somebody else's commit. */
  | { readonly kind: 'contested'; readonly duplicate: boolean }
  /** No answer: it may have landed. */
  | { readonly kind: 'unsure'; readonly cause: unknown };

const PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Publishes a commit with the expected last sequence of its subject, and again with the same id for as long as it is
 * not known whether it landed.
 */
export async function appendCommit(
  to: Appending,
  stream: StreamName,
  expected: StreamHead,
  draft: CommitDraft,
): Promise<StreamHead> {
  const next = encodeNext(stream, expected, draft);
  const attempt: Attempt = { stream, subject: SUBJECTS.log(stream), expected, id: draft.id, next };
  to.own.add(stream, expected, draft, next);
  const deadline = Date.now() + to.boundMs;
  for (let pause = PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const outcome = await settled(to, attempt, await publish(to, attempt));
    if (!('cause' in outcome)) return outcome;
    const left = deadline - Date.now();
    if (left <= 0 || to.watch.isClosed) throw unavailable(`append to ${streamKey(stream)}`, to.boundMs, outcome.cause);
    await to.watch.untilUp(pause, left);
  }
}

async function publish({ log, watch, tryMs }: Appending, attempt: Attempt): Promise<Outcome> {
  if (!watch.isUp) return { kind: 'unsure', cause: new Error('there is no connection') };
  const { subject, next, id, expected } = attempt;
  try {
    const ack = await watch.whileUp(
      log.client.publish(subject, next.bytes, {
        msgID: id,
        expect: { streamName: STREAMS.log, lastSubjectSequence: expected.position },
        timeout: tryMs,
      }),
    );
    if (ack === 'lost') return { kind: 'unsure', cause: new Error('the connection was lost before the answer') };
    return ack.duplicate ? { kind: 'contested', duplicate: true } : { kind: 'landed', position: ack.seq };
  } catch (error) {
    if (isWrongLastSequence(error)) return { kind: 'contested', duplicate: false };
    if (isTimeout(error) || isTransient(error) || isConnectionOver(error)) return { kind: 'unsure', cause: error };
    // Nobody takes the subject: no stream is bound to it, or the server has just started.
    if (isNoResponders(error)) return { kind: 'unsure', cause: await whyNobodyListens(log, error) };
    throw translateNatsError(error, `append to ${streamKey(attempt.stream)}`, STREAMS.log);
  }
}

/** Throws LOG_MISSING when that is the reason. */
async function whyNobodyListens(log: LogStream, error: unknown): Promise<unknown> {
  try {
    await log.position();
    return error;
  } catch (cause) {
    if (isSluiceError(cause, 'LOG_MISSING')) throw cause;
    return cause;
  }
}

type Unsure = Extract<Outcome, { readonly kind: 'unsure' }>;

async function settled(to: Appending, attempt: Attempt, outcome: Outcome): Promise<StreamHead | Unsure> {
  if (outcome.kind === 'unsure') return outcome;
  if (outcome.kind === 'landed') return attempt.next.headAt(outcome.position);
  try {
    return await ownSuccessor(to.log, attempt, outcome.duplicate);
  } catch (cause) {
    if (isSluiceError(cause, 'NATS_UNAVAILABLE')) return { kind: 'unsure', cause };
    throw cause;
  }
}

/**
 * The commit that stands behind the expected head, if it is ours: then the first try did land. 2.10 answers such a
 * retry with `duplicate`, 2.15 with error 10071, and neither says which commit it was.
 */
async function ownSuccessor(
  log: LogStream,
  { stream, subject, expected, id }: Attempt,
  duplicate: boolean,
): Promise<StreamHead> {
  const found = await log.nextOf(subject, expected.position);
  if (found !== undefined && decodeCommit(found.data).id === id) {
    return recordedCommit({ stream, position: found.seq, bytes: found.data }).head;
  }
  // A duplicate that is not behind its own head was written as something else; refusals come first on newer servers.
  if (duplicate) throw idReused(id);
  throw conflict(stream, expected);
}
