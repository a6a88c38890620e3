/** Part of a stored thing, in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * Where archives are kept: named bytes that never change. A directory, or an object store that has a conditional put.
 * Names are relative paths of `[A-Za-z0-9._-]` parts. Codes thrown: ARCHIVE_UNAVAILABLE.
 */
export interface ArchiveStore {
  /** Durable when it resolves. False when something of that name stands there already: it stays as it is. */
  put(name: string, bytes: Uint8Array): Promise<boolean>;
  /** Undefined when there is nothing of that name. A range that goes beyond the end gives what is there. */
  get(name: string, range?: ByteRange): Promise<Uint8Array | undefined>;
  /** Names directly in that folder, without the folder, in no order. */
  list(folder: string): Promise<readonly string[]>;
}

/** One from which what was pruned can be deleted. */
export interface PrunableStore extends ArchiveStore {
  /** Durable when it resolves; nothing of that name is no fault. */
  remove(name: string): Promise<void>;
}

const DIGITS = 8;
const TOMBSTONE_DIGITS = 4;

const numbered = (n: number): string => String(n).padStart(DIGITS, '0');

/** Every name in an archive. Segments count from 1. */
export const NAMES = {
  segments: 'segments',
  manifest: (segment: number): string => `segments/${numbered(segment)}.manifest.json.gz`,
  /** Two archivers at once write two files, and the manifest names the one that counts. */
  data: (segment: number, sha256: string): string => `segments/${numbered(segment)}-${sha256.slice(0, 12)}.jsonl.gz`,
  summaries: (segment: number, sha256: string): string =>
    `segments/${numbered(segment)}-${sha256.slice(0, 12)}.summaries.jsonl.gz`,
  index: (level: number): string => `index/${level}`,
  /** The part of the index that covers 16^level segments from that one on. */
  indexPart: (level: number, first: number): string => `index/${level}/${numbered(first)}.idx`,
  /** Says that what the segment holds was taken from the log. */
  purged: (segment: number): string => `purged/${numbered(segment)}`,
  tombstones: 'pruned',
  /** Says what was deleted from a segment; `n` counts from 1, and the last one counts. */
  tombstone: (segment: number, n: number): string =>
    `pruned/${numbered(segment)}-${String(n).padStart(TOMBSTONE_DIGITS, '0')}.json.gz`,
} as const;

/** The segment that a manifest's or index part's file name stands for. */
export function segmentOf(fileName: string): number | undefined {
  const digits = /^(\d{8})\.(?:manifest\.json\.gz|idx)$/.exec(fileName)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The segment and number that a tombstone's file name stands for. */
export function tombstoneOf(fileName: string): { readonly segment: number; readonly n: number } | undefined {
  const [, segment, n] = /^(\d{8})-(\d{4,})\.json\.gz$/.exec(fileName) ?? [];
  return segment === undefined || n === undefined ? undefined : { segment: Number(segment), n: Number(n) };
}
