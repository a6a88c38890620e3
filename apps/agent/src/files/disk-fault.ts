import { messageOf, SluiceError } from '@sluice/kernel';

/** EFBIG is what a limit on the size of files says (`ulimit -f`): to the app that is a full disk, too. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const FORBIDDEN: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);
/** What else may be forbidden, and is no file. */
const NOT_FILES = /^(spawn|connect|bind|listen|kill)/;

interface Errno {
  readonly code: string;
  readonly path?: string;
}

function errnoOf(error: unknown): Errno | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  if ('syscall' in error && NOT_FILES.test(String(error.syscall))) return undefined;
  // Of a rename that is refused, the place that it was meant for says more.
  const path = 'dest' in error ? error.dest : 'path' in error ? error.path : undefined;
  return { code: error.code, ...(typeof path === 'string' ? { path } : {}) };
}

/**
 * DISK_FULL or NO_PERMISSION with the path and what to do, for an error of the file system or one that was caused by
 * it; undefined for all others. `path` is named when the error itself names none.
 */
export function diskFault(error: unknown, path: string): SluiceError | undefined {
  let cause: unknown = error;
  for (let depth = 0; depth < 4 && cause !== undefined; depth += 1) {
    const errno = errnoOf(cause);
    if (errno !== undefined && FULL.has(errno.code)) return full(errno, path, error);
    if (errno !== undefined && FORBIDDEN.has(errno.code)) return forbidden(errno, path, error);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return undefined;
}

const full = (errno: Errno, path: string, cause: unknown): SluiceError =>
  new SluiceError(
    'DISK_FULL',
    `no room to write ${errno.path ?? path} (${errno.code}): free space there, then retry`,
    { path: errno.path ?? path },
    { cause },
  );

const forbidden = (errno: Errno, path: string, cause: unknown): SluiceError =>
  new SluiceError(
    'NO_PERMISSION',
    `the agent may not change ${errno.path ?? path} (${errno.code}): give its user (uid ${process.getuid?.() ?? '?'}) the right to, then retry`,
    { path: errno.path ?? path },
    { cause },
  );

/** Does work on the file system; whatever goes wrong there is told as DISK_FULL, NO_PERMISSION or DISK_ERROR. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw (
      diskFault(error, path) ??
      new SluiceError('DISK_ERROR', `cannot work on ${path}: ${messageOf(error)}`, { path }, { cause: error })
    );
  }
}
