import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream';
import { errors } from '@nats-io/nats-core';
import { STREAMS } from '@sluice/contracts';
import { isSluiceError, messageOf, SluiceError } from '@sluice/kernel';

/** Error codes of the JetStream API that Sluice tells apart (`err_code` of the server). */
export const SERVER_CODES = {
  streamNotFound: 10059,
  consumerNotFound: 10014,
  noMessageFound: 10037,
  wrongLastSequence: 10071,
  wrongLastSequenceUnknown: 10164,
  streamNameInUse: 10058,
  maximumMessagesExceeded: 10077,
} as const;

/** The server's code of an error, or undefined when it is none of the JetStream API. */
export function serverCodeOf(error: unknown): number | undefined {
  return error instanceof JetStreamApiError ? error.code : undefined;
}

export const isStreamMissing = (error: unknown): boolean => serverCodeOf(error) === SERVER_CODES.streamNotFound;

/** The expected last sequence of a publish was another: somebody wrote in between, or the first try did land. */
export function isWrongLastSequence(error: unknown): boolean {
  const code = serverCodeOf(error);
  return code === SERVER_CODES.wrongLastSequence || code === SERVER_CODES.wrongLastSequenceUnknown;
}

/**
 * Nobody listens on the subject. A publish into a stream that does not exist shows as JetStreamNotEnabled with this as
 * its cause.
 */
export function isNoResponders(error: unknown): boolean {
  if (error instanceof errors.RequestError) return error.isNoResponders();
  if (error instanceof errors.NoRespondersError) return true;
  return error instanceof Error && error.name === 'JetStreamNotEnabled' && isNoResponders(error.cause);
}

export const isTimeout = (error: unknown): boolean => error instanceof errors.TimeoutError;

/** Whether the client or the server of NATS threw it, and not a fault of ours. */
export const isNatsError = (error: unknown): boolean =>
  NATS_ERRORS.some((kind) => error instanceof kind) || isConnectionOver(error);

const NATS_ERRORS = [
  errors.TimeoutError,
  errors.RequestError,
  errors.NoRespondersError,
  errors.ConnectionError,
  errors.PermissionViolationError,
  JetStreamError,
  JetStreamApiError,
] as const;

/** This connection will not come back: it was closed, is being drained, or was refused for its credentials. */
export function isConnectionOver(error: unknown): boolean {
  return (
    error instanceof errors.ClosedConnectionError ||
    error instanceof errors.DrainingConnectionError ||
    error instanceof errors.AuthorizationError ||
    error instanceof errors.UserAuthenticationExpiredError
  );
}

/**
 * The one place where an error of the client or the server becomes one of ours; one that is ours already stays.
 * Codes: STREAM_MISSING (LOG_MISSING for the log), CONCURRENCY_CONFLICT, NATS_FORBIDDEN, NATS_REFUSED, NATS_UNAVAILABLE.
 * @param doing what was tried, as the end of "could not ..."
 * @param stream the JetStream stream that it was tried on
 */
export function translateNatsError(error: unknown, doing: string, stream?: string): SluiceError {
  if (isSluiceError(error)) return error;
  const { code, todo } = isStreamMissing(error) ? missing(stream) : classify(error);
  const details = { server: serverCodeOf(error) ?? null };
  return new SluiceError(code, `could not ${doing}: ${messageOf(error)}; ${todo}`, details, { cause: error });
}

/** Words of 2.10.27 for a disk without room (seen in test full-disk), and for a store that reached its limit. */
const NO_ROOM = /no space left on device|insufficient (storage )?resources|(storage )?resource limits? exceeded/;

interface Translation {
  readonly code: string;
  readonly todo: string;
}

function missing(stream: string | undefined): Translation {
  return stream === STREAMS.log
    ? { code: 'LOG_MISSING', todo: 'the log is gone: restore it from a backup, nothing creates it anew' }
    : { code: 'STREAM_MISSING', todo: 'start any service of Sluice once: it creates what is missing' };
}

function classify(error: unknown): Translation {
  if (isWrongLastSequence(error)) {
    return { code: 'CONCURRENCY_CONFLICT', todo: 'read what was written since and decide again' };
  }
  if (error instanceof errors.AuthorizationError || error instanceof errors.PermissionViolationError) {
    return { code: 'NATS_FORBIDDEN', todo: 'check the account and the permissions of this service' };
  }
  if (error instanceof JetStreamApiError && NO_ROOM.test(error.message)) {
    return {
      code: 'NATS_REFUSED',
      todo: 'the disk of nats-server is full: make room there, and all goes on by itself',
    };
  }
  if (error instanceof JetStreamApiError || error instanceof JetStreamError) {
    return { code: 'NATS_REFUSED', todo: "the server refused it: look into the server's log" };
  }
  return { code: 'NATS_UNAVAILABLE', todo: 'check that nats-server runs and can be reached, then try again' };
}
