/**
 * The one error type of Sluice. `code` is stable and is what callers branch on; `message` says what to do next;
 * `details` holds the numbers behind it and never a secret.
 */
export class SluiceError extends Error {
  override readonly name: string = 'SluiceError';

  constructor(
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** True for a SluiceError, and only one with that code when `code` is given. */
export function isSluiceError(error: unknown, code?: string): error is SluiceError {
  return error instanceof SluiceError && (code === undefined || error.code === code);
}

/** A broken invariant of our own: a bug, never bad input. */
export function invariant(
  condition: boolean,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): asserts condition {
  if (!condition) throw new SluiceError('INVARIANT_BROKEN', message, details);
}

/** Closes a switch over a union: the compiler refuses it while a case is missing. */
export function unreachable(value: never, what: string): never {
  throw new SluiceError('INVARIANT_BROKEN', `unknown ${what}: ${JSON.stringify(value)}`);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
