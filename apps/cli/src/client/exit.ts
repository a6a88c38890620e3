import type { Problem } from '@sluice/gateway';

/** What the process ends with: scripts branch on it. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  conflict: 5,
  failed: 6,
  waiting: 7,
  timeout: 8,
  /** A record is not what it says: it was changed, or comes of another version. */
  altered: 9,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with that code and tells the message on stderr. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly exit: ExitCode,
    message: string,
    readonly problem?: Problem,
  ) {
    super(message);
  }
}

const EXIT_OF_STATUS: Readonly<Record<number, ExitCode>> = {
  401: EXIT.notAllowed,
  403: EXIT.notAllowed,
  404: EXIT.notFound,
  409: EXIT.conflict,
  412: EXIT.conflict,
  504: EXIT.timeout,
};

/** A refused call as people read it: what is wrong, every fault, and what is possible instead. */
export function errorOfProblem(problem: Problem): CliError {
  const faults = (problem.faults ?? []).map(
    ({ path, message }) => `  ${path === '' ? 'the document' : path}: ${message}`,
  );
  const offered = problem.actions === undefined ? [] : [`possible now: ${problem.actions.join(', ') || 'nothing'}`];
  const lines = [`${problem.code}: ${problem.detail}`, ...faults, ...offered];
  return new CliError(EXIT_OF_STATUS[problem.status] ?? EXIT.error, lines.join('\n'), problem);
}
