import { type StreamHead, streamKey, type StreamName } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

export function conflict(stream: StreamName, expected: StreamHead): SluiceError {
  const message = `${streamKey(stream)} is no longer at rev ${expected.rev}: read what was written since and decide again`;
  return new SluiceError('CONCURRENCY_CONFLICT', message, { rev: expected.rev, position: expected.position });
}

/** The log ends before a place that was seen in it. */
export function regressed(seen: number, position: number): SluiceError {
  const message = `the log ends at position ${position}, but position ${seen} was read from it before: it lost its tail. Brake what runs, and restore the log or accept the loss by hand`;
  return new SluiceError('LOG_REGRESSED', message, { seen, position });
}

export function logMissing(): SluiceError {
  return new SluiceError('LOG_MISSING', 'the log is gone: restore it from a backup, nothing creates it anew');
}

export function unavailable(doing: string, waitedMs: number, cause?: unknown): SluiceError {
  const message = `could not ${doing} within ${waitedMs} ms, and it is not known whether it landed: try again with the same commit id`;
  return new SluiceError('LOG_UNAVAILABLE', message, { waitedMs }, { cause });
}

export function idReused(id: string): SluiceError {
  return new SluiceError(
    'INVARIANT_BROKEN',
    `the commit id ${id} already stands elsewhere in the log: every commit needs an id of its own`,
  );
}
