import { gzipSync } from 'node:zlib';

import { DOCUMENTS, sha256, type Writer } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { damaged } from './line.js';
import {
  inflated,
  type SegmentManifest,
  type SegmentUnit,
  type StoredFile,
  type StreamRange,
  unpackUnit,
} from './segment.js';
import { type ArchiveStore, NAMES, tombstoneOf } from './store.js';
import type { ArchivedCommit } from './line.js';

/** What is left of a commit: its place, its SHA-256 and its leaf hash in the tree (RFC 6962), both lower-case hex. */
export interface KeptHash {
  readonly position: number;
  readonly writer: Writer;
  readonly rev: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly sha256: string;
  readonly leaf: string;
}

/** A unit of a segment after a prune: where it lies now, or what is left of it. */
export type UnitNow =
  | { readonly offset: number; readonly length: number }
  /** `in`: the tombstone that took its bytes. */
  | { readonly in: number; readonly commits: readonly KeptHash[] };

/** Says what was deleted from a segment, when, by whom and why. Each names the one before it; the last one counts. */
export interface Tombstone {
  readonly v: 1;
  readonly schema: typeof DOCUMENTS.tombstone;
  readonly segment: number;
  /** From 1. */
  readonly n: number;
  /** SHA-256 of the tombstone before; '' for the first. */
  readonly prev: string;
  /** SHA-256 of the segment's manifest, which stays as it is. */
  readonly manifest: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  /** What ended later stayed, ms since the epoch. */
  readonly before: number;
  /** Names of the legal holds that were in force. */
  readonly holds: readonly string[];
  /** What is left of the segment's data; null when nothing is. */
  readonly data: StoredFile | null;
  /** In the order of the manifest. */
  readonly units: readonly UnitNow[];
}

export const isPruned = (unit: UnitNow | undefined): unit is Extract<UnitNow, { readonly in: number }> =>
  unit !== undefined && 'in' in unit;

/** A commit without its bytes, and what it named as the one before. */
export interface PrunedCommitLine extends KeptHash {
  readonly prev: string;
}

export type PrunedUnit = readonly PrunedCommitLine[];

/** The kept hashes of a unit as chains: what the first of each stream names is in the manifest. */
export function prunedUnit(
  { streams }: SegmentUnit,
  { commits }: { readonly commits: readonly KeptHash[] },
): PrunedUnit {
  const before = new Map<string, string>(streams.map(({ writer, prev }) => [writer, prev]));
  return commits.map((commit) => {
    const prev = before.get(commit.writer) ?? '';
    before.set(commit.writer, commit.sha256);
    return { ...commit, prev };
  });
}

/** The bytes of that unit were deleted, which is no fault. Code PRUNED. */
export const pruned = (id: string): SluiceError =>
  new SluiceError('PRUNED', `${id} was pruned from the archive: only hashes of its commits are kept`, { id });

/** The tombstones of a segment, oldest first, with the hash of each. Code ARCHIVE_DAMAGED. */
export async function tombstonesOf(
  store: ArchiveStore,
  segment: number,
  names: readonly string[],
): Promise<readonly { readonly tombstone: Tombstone; readonly hash: string }[]> {
  const count = names.filter((name) => tombstoneOf(name)?.segment === segment).length;
  const found: { readonly tombstone: Tombstone; readonly hash: string }[] = [];
  for (let n = 1; n <= count; n += 1) {
    const bytes = await store.get(NAMES.tombstone(segment, n));
    if (bytes === undefined) throw damaged(`tombstone ${n} of segment ${segment} is missing`, { segment });
    const tombstone = readTombstone(bytes, segment, n);
    if (tombstone.prev !== (found.at(-1)?.hash ?? ''))
      throw damaged(`tombstone ${n} of segment ${segment} does not follow the one before it`, { segment });
    found.push({ tombstone, hash: sha256(bytes) });
  }
  return found;
}

/** The tombstone that counts; undefined for a segment that was never pruned. Code ARCHIVE_DAMAGED. */
export async function lastTombstone(store: ArchiveStore, segment: number): Promise<Tombstone | undefined> {
  return (await tombstonesOf(store, segment, await store.list(NAMES.tombstones))).at(-1)?.tombstone;
}

export const tombstoneBytes = (tombstone: Tombstone): Buffer => gzipSync(JSON.stringify(tombstone));

function readTombstone(bytes: Uint8Array, segment: number, n: number): Tombstone {
  let value: unknown;
  try {
    value = JSON.parse(inflated(bytes).toString('utf8'));
  } catch {
    throw damaged(`tombstone ${n} of segment ${segment} cannot be read`, { segment });
  }
  const found = value as Partial<Tombstone> | null;
  const isOne = found?.v === 1 && found.schema === DOCUMENTS.tombstone && Array.isArray(found.units);
  if (!isOne || found.segment !== segment || found.n !== n)
    throw damaged(`tombstone ${n} of segment ${segment} is none of version 1`, { segment });
  return found as Tombstone;
}

/**
 * Compares what is left of a segment with its manifest and its tombstone: units that are there are what they were, and
 * the hashes of the others are those that the manifest names. `data`: undefined when nothing is left. Code ARCHIVE_DAMAGED.
 */
export function checkPruned(
  { manifest, hash }: { readonly manifest: SegmentManifest; readonly hash: string },
  tombstone: Tombstone,
  rangesOf: (id: string, commits: readonly ArchivedCommit[]) => SegmentManifest['units'][number]['streams'],
  data?: Uint8Array,
): void {
  const { segment } = manifest;
  const { data: stored, units } = tombstone;
  if (tombstone.manifest !== hash || units.length !== manifest.units.length)
    throw damaged(`the tombstone of segment ${segment} is of another manifest`, { segment });
  const left = data ?? new Uint8Array();
  if (stored !== null && sha256(left) !== stored.sha256)
    throw damaged(`what is left of segment ${segment} is not what its tombstone says`, { segment });
  for (const [i, { id, streams }] of manifest.units.entries()) {
    const found = foundOf(units[i] ?? { offset: 0, length: 0 }, { id, streams, rangesOf, data: left });
    if (JSON.stringify(found) !== JSON.stringify(streams))
      throw damaged(`what is left of ${id} in segment ${segment} is not what its manifest says`, { segment, id });
  }
}

type Ranges = SegmentManifest['units'][number]['streams'];

const foundOf = (
  now: UnitNow,
  {
    id,
    streams,
    rangesOf,
    data,
  }: Pick<SegmentUnit, 'id' | 'streams'> & {
    readonly rangesOf: (id: string, commits: readonly ArchivedCommit[]) => Ranges;
    readonly data: Uint8Array;
  },
): Ranges =>
  isPruned(now)
    ? streams.map((range) => keptRange(range, now.commits))
    : rangesOf(id, unpackUnit(data.subarray(now.offset, now.offset + now.length)));

/** The range that the kept hashes of a stream come to: revisions without a gap, at positions that grow. */
function keptRange({ writer, prev }: StreamRange, commits: readonly KeptHash[]): StreamRange {
  const own = commits.filter((commit) => commit.writer === writer);
  const [first, last] = [own[0], own.at(-1)];
  if (first === undefined || last === undefined || !isDense(own))
    return { writer, from: 0, prev, first: '', to: 0, last: '', through: 0 };
  const { rev: from, sha256: begin } = first;
  // In the order in which a manifest has them: they are compared as text.
  return { writer, from, prev, first: begin, to: last.rev, last: last.sha256, through: last.position };
}

const isDense = (commits: readonly KeptHash[]): boolean =>
  commits.every(({ rev, position }, i) => {
    const before = commits[i - 1];
    return before === undefined || (rev === before.rev + 1 && position > before.position);
  });
