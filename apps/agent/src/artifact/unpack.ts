import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import { isSluiceError, messageOf, SluiceError } from '@sluice/kernel';
import { Parser, type ReadEntry, x as extract } from 'tar';

import { diskFault } from '../files/disk-fault.js';
import { oneLine } from '../files/tail.js';
import type { ArtifactLimits } from './limits.js';

const FILES: ReadonlySet<string> = new Set(['File', 'OldFile', 'ContiguousFile']);
const MAX_DEPTH = 64;
const MAX_PATH = 1_024;

const bad = (message: string): SluiceError => new SluiceError('BAD_ARCHIVE', `${message}: pack the release anew`);

export interface Unpacking {
  readonly file: string;
  /** Empty. */
  readonly folder: string;
  readonly limits: ArtifactLimits;
  /** Ends it before its next entry, with what it has written so far. */
  readonly signal: AbortSignal;
}

/**
 * Unpacks a tar or tar.gz of plain files and folders into an empty folder. The whole archive is read and judged before
 * its first byte is written: anything else in it (links, devices, `..`, absolute or repeated names, too much) is
 * refused with BAD_ARCHIVE. Codes DISK_FULL and NO_PERMISSION, too.
 */
export async function unpack(unpacking: Unpacking): Promise<void> {
  const { file, folder, signal } = unpacking;
  await judge(unpacking);
  try {
    await extract({
      file,
      cwd: folder,
      strict: true,
      preserveOwner: false,
      noMtime: true,
      maxDepth: MAX_DEPTH,
      filter: (path, entry) => !signal.aborted && plainModes(path, entry),
    });
  } catch (cause) {
    const fault = diskFault(cause, folder);
    if (fault !== undefined) throw fault;
    throw new SluiceError(
      'BAD_ARCHIVE',
      `the archive does not unpack (${oneLine(messageOf(cause))}): pack the release anew`,
      {},
      { cause },
    );
  }
  signal.throwIfAborted();
}

/** No set-uid bits, nothing that others may write, nothing that its owner cannot read. */
function plainModes(_path: string, entry: unknown): boolean {
  const { type, mode } = entry as ReadEntry;
  (entry as ReadEntry).mode = ((mode ?? 0o644) & 0o755) | (type === 'Directory' ? 0o700 : 0o600);
  return true;
}

async function judge({ file, limits, signal }: Unpacking): Promise<void> {
  const seen: Seen = { names: new Set(), entries: 0, bytes: 0, end: false };
  const parser = new Parser({ strict: true });
  const check = (entry: ReadEntry): void => {
    const fault = faultOf(entry, seen, limits);
    if (fault === undefined) entry.resume();
    else parser.emit('error', bad(fault));
  };
  parser.on('entry', check);
  parser.on('ignoredEntry', check);
  parser.on('eof', () => (seen.end = true));
  try {
    await pipeline(createReadStream(file), parser as unknown as NodeJS.WritableStream, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    if (isSluiceError(cause)) throw cause;
    throw new SluiceError(
      'BAD_ARCHIVE',
      `this is no whole tar or tar.gz (${oneLine(messageOf(cause))}): pack the release anew`,
      {},
      { cause },
    );
  }
  if (!seen.end) throw bad('the archive ends too early');
  if (seen.entries === 0) throw bad('the archive is empty');
}

interface Seen {
  readonly names: Set<string>;
  entries: number;
  bytes: number;
  /** The archive's own end was read: what is cut off between two entries would pass for whole. */
  end: boolean;
}

function faultOf(entry: ReadEntry, seen: Seen, limits: ArtifactLimits): string | undefined {
  const where = `"${oneLine(entry.path, 80)}"`;
  if (entry.type !== 'Directory' && !FILES.has(entry.type))
    return `${where} in the archive is a ${entry.type}; only files and folders are taken`;
  const name = faultOfName(entry.path);
  if (name !== undefined) return `${where} in the archive ${name}`;
  const key = entry.path.split('/').filter(isPart).join('/');
  if (seen.names.has(key) && entry.type !== 'Directory') return `${where} is in the archive twice`;
  seen.names.add(key);
  seen.entries += 1;
  seen.bytes += entry.size;
  if (seen.entries > limits.maxEntries) return `the archive has more than ${limits.maxEntries} entries`;
  if (seen.bytes > limits.maxUnpackedBytes) return `the archive holds more than ${limits.maxUnpackedBytes} bytes`;
  return undefined;
}

const isPart = (part: string): boolean => part !== '' && part !== '.';

function faultOfName(path: string): string | undefined {
  if (path.length > MAX_PATH || path.split('/').length > MAX_DEPTH) return 'has too long a name';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'has an absolute name';
  if (path.split('/').includes('..')) return 'climbs out of its folder with ".."';
  // eslint-disable-next-line no-control-regex -- such names are an attack on whoever lists the folder
  if (/[\\\u0000-\u001f\u007f]/.test(path)) return 'has a name with control characters or backslashes';
  return undefined;
}
