import {
  AccessDeniedError,
  CancelledError,
  DeadlineExceededError,
  NotLeaderError,
  StreamNotFoundError,
  TimeoutError,
  UnavailableError,
  UnknownError,
} from '@kurrent/kurrentdb-client';
import { SluiceError } from '@sluice/kernel';

/** Errors after which the same call may succeed: the server is away, is electing, or did not answer in time. */
const PASSING = [UnavailableError, DeadlineExceededError, TimeoutError, CancelledError, NotLeaderError] as const;

/** What the client says of a server that closed the connection in mid-answer has no class of its own. */
const CUT = /connection|transport|reset|broken pipe|goaway|closed/i;

export function isPassing(error: unknown): boolean {
  if (PASSING.some((kind) => error instanceof kind)) return true;
  return error instanceof UnknownError && CUT.test(error.message);
}

/** A stream that nobody has written yet. */
export const isNeverWritten = (error: unknown): boolean => error instanceof StreamNotFoundError;

/** What a call of KurrentDB failed with, in the log's words. Codes LOG_DENIED, LOG_UNAVAILABLE. */
export function translated(error: unknown, doing: string): unknown {
  if (error instanceof SluiceError) return error;
  if (error instanceof AccessDeniedError) {
    const message = `KurrentDB does not let this service ${doing}: check the user and the password in SLUICE_LOG and the rights of that user`;
    return new SluiceError('LOG_DENIED', message, {}, { cause: error });
  }
  const message = `could not ${doing}: KurrentDB answered with an error that Sluice does not expect; see its cause`;
  return new SluiceError('LOG_UNAVAILABLE', message, {}, { cause: error });
}
