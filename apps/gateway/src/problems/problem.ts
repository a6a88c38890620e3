import type { Fault } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

/** The body of every error answer, `application/problem+json` (RFC 9457). `code` is stable, `detail` says what to do. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** What the state offers now (TRS-10). */
  readonly actions?: readonly string[];
  /** Every fault of a document with its path (RFC 6901). */
  readonly faults?: readonly Fault[];
  readonly details?: Readonly<Record<string, unknown>>;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request cannot be read',
  401: 'Who are you?',
  403: 'Not allowed',
  404: 'Not found',
  405: 'No such method here',
  406: 'No such representation',
  408: 'Too slow',
  409: 'Not possible now',
  410: 'Gone',
  412: 'Changed meanwhile',
  413: 'Too large',
  415: 'Unknown media type',
  422: 'The request has faults',
  431: 'Headers too large',
  429: 'Too many at once',
  500: 'A fault of ours',
  503: 'Not available now',
  504: 'No answer in time',
};

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  NOT_FOUND: 404,
  NOT_YET: 404,
  MOMENT_ARCHIVED: 404,
  CONFLICT: 409,
  NOT_OFFERED: 409,
  PLAN_CHANGED: 409,
  NOT_PLANNED: 409,
  CONCURRENCY_CONFLICT: 409,
  FORBIDDEN: 403,
  NOT_ALLOWED: 403,
  FOREIGN_ORIGIN: 403,
  TOO_MANY_TOKENS: 409,
  FROZEN: 409,
  FLEET_FULL: 409,
  TOO_MANY_VARIABLES: 409,
  TOO_MANY_FLEETS: 409,
  NOT_A_SERVICE: 403,
  VERSION_CONFLICT: 412,
  MESSAGE_TOO_LARGE: 413,
  NO_RESPONDER: 503,
  NOT_READY: 503,
  NOT_OWNER: 503,
  NO_OWNER: 503,
  STOPPING: 503,
  LOG_UNAVAILABLE: 503,
  LOG_MISSING: 503,
  PRUNED: 410,
  ARCHIVE_UNAVAILABLE: 503,
  ARCHIVE_DAMAGED: 500,
  ACCESS_NOT_RECORDED: 503,
  NATS_UNAVAILABLE: 503,
  NATS_REFUSED: 503,
  NATS_FORBIDDEN: 503,
  STREAM_MISSING: 503,
  SHUTTING_DOWN: 503,
  TOO_MANY_STREAMS: 503,
  TOO_BUSY: 503,
  BUSY: 503,
  NO_ANSWER: 504,
  INTERNAL: 500,
};

/** What stands behind a code of a command's answer: bad input unless the table says otherwise, never a 5xx by surprise. */
export const statusOfCode = (code: string): number => STATUS_OF_CODE[code] ?? 422;

export interface ProblemExtras {
  readonly status?: number;
  readonly faults?: readonly Fault[];
  readonly actions?: readonly string[];
  readonly details?: Readonly<Record<string, unknown>>;
}

export function problemOf(code: string, detail: string, extras: ProblemExtras = {}): Problem {
  const { status = statusOfCode(code), ...rest } = extras;
  return {
    type: `urn:sluice:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: TITLES[status] ?? 'Refused',
    status,
    code,
    detail,
    ...rest,
  };
}

/** Thrown inside the gateway; the filter writes it as it is. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly problem: Problem,
    options?: { readonly cause?: unknown },
  ) {
    super(problem.detail, options);
  }
}

export const refuse = (code: string, detail: string, extras?: ProblemExtras): ProblemError =>
  new ProblemError(problemOf(code, detail, extras));

/** Codes of bad input, and of a log or a bucket that is not reachable, that our own libraries throw; anything else is a fault of ours. */
const INPUT_CODES: ReadonlySet<string> = new Set([
  'BAD_NAME',
  'BAD_TOKEN',
  'BAD_MESSAGE',
  'BAD_MOMENT',
  'BAD_DURATION',
  'BAD_COMMAND',
  'BAD_ROLE',
  'TOO_MANY_TOKENS',
  'NATS_UNAVAILABLE',
  'NATS_REFUSED',
  'NATS_FORBIDDEN',
  'STREAM_MISSING',
  'NOT_FOUND',
  'PRUNED',
  'ARCHIVE_UNAVAILABLE',
  'LOG_UNAVAILABLE',
  'LOG_MISSING',
]);

/** The problem of anything thrown that is not HTTP's own; undefined when it is a fault of ours. */
export function problemOfError(error: unknown): Problem | undefined {
  if (error instanceof ProblemError) return error.problem;
  if (isSluiceError(error) && INPUT_CODES.has(error.code)) return problemOf(error.code, error.message);
  return undefined;
}
