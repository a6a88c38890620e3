import { gunzipSync, gzipSync } from 'node:zlib';

import { sha256, streamKey, type Writer } from '@sluice/contracts';

import type { RawCommit } from '../recorded.js';
import { type ArchivedCommit, commitsOf, damaged, lineOf } from './line.js';

/** What a rollout's entry in the index is made of. */
export interface ArchivedEntry {
  /** Log position of the sealed plan: the order of every list. */
  readonly position: number;
  /** ms since the epoch. */
  readonly plannedAt: number;
  readonly app: string;
  readonly group: string;
  readonly state: string;
  /** A JSON value, given back as it was. */
  readonly summary: unknown;
}

/**
 * What is archived together: a finished rollout with all its streams, a part of a group's streams, or a request that was
 * refused. Only rollouts have an entry, and are found by id.
 */
export type UnitToArchive = { readonly id: string; readonly commits: readonly RawCommit[] } & (
  { readonly kind: 'rollout'; readonly entry: ArchivedEntry } | { readonly kind: 'group' | 'refusal' }
);

/** Commits `from` to `to` of one stream. `prev`: what the first of them names as the one before; '' for rev 1. */
export interface StreamRange {
  readonly writer: Writer;
  readonly from: number;
  readonly to: number;
  readonly prev: string;
  readonly first: string;
  readonly last: string;
  /** Log position of the last one. */
  readonly through: number;
}

/** Where a unit lies in its segment's data: a gzip member of its own, so that it is read without the others. */
export interface SegmentUnit {
  readonly kind: UnitToArchive['kind'];
  readonly id: string;
  readonly offset: number;
  readonly length: number;
  readonly streams: readonly StreamRange[];
}

export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a segment holds; `prev` is the SHA-256 of the manifest before it, so that segments are a chain. */
export interface SegmentManifest {
  readonly v: 1;
  readonly segment: number;
  readonly prev: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly data: StoredFile & { readonly rawBytes: number; readonly rawSha256: string };
  /** `blocks`: lengths of its gzip members. */
  readonly summaries: StoredFile & { readonly blocks: readonly number[] };
  readonly units: readonly SegmentUnit[];
}

export interface PackedUnits {
  readonly data: Buffer;
  readonly rawBytes: number;
  readonly rawSha256: string;
  readonly units: readonly SegmentUnit[];
}

/** The data of a segment: one gzip member per unit; `zcat` shows all of it. */
export function packUnits(units: readonly UnitToArchive[]): PackedUnits {
  const members: Buffer[] = [];
  const raws: Buffer[] = [];
  const packed: SegmentUnit[] = [];
  let offset = 0;
  for (const { kind, id, commits } of units) {
    const raw = Buffer.concat(commits.map(lineOf));
    const member = gzipSync(raw);
    packed.push({ kind, id, offset, length: member.length, streams: rangesOf(id, commitsOf(raw)) });
    members.push(member);
    raws.push(raw);
    offset += member.length;
  }
  const raw = Buffer.concat(raws);
  return { data: Buffer.concat(members), rawBytes: raw.length, rawSha256: sha256(raw), units: packed };
}

/** The commits of one unit from its gzip member. Code ARCHIVE_DAMAGED. */
export function unpackUnit(member: Uint8Array): readonly ArchivedCommit[] {
  return commitsOf(inflated(member));
}

/** Code ARCHIVE_DAMAGED. */
export function inflated(bytes: Uint8Array): Buffer {
  try {
    return gunzipSync(bytes);
  } catch {
    throw damaged('what was compressed cannot be read');
  }
}

/** The ranges of the streams of an id, checked: revisions without a gap, each commit naming the one before it. */
export function rangesOf(id: string, commits: readonly ArchivedCommit[]): readonly StreamRange[] {
  const ranges = new Map<string, StreamRange>();
  for (const { stream, rev, prev, hash, position } of commits) {
    if (stream.id !== id) throw damaged(`the unit of ${id} holds a commit of ${streamKey(stream)}`);
    const before = ranges.get(stream.writer);
    const isNext = before === undefined || (rev === before.to + 1 && prev === before.last && position > before.through);
    if (!isNext) throw damaged(`commit ${rev} of ${streamKey(stream)} does not follow the one before it`);
    const { writer } = stream;
    const first = before ?? { writer, from: rev, prev, first: hash };
    ranges.set(writer, { ...first, to: rev, last: hash, through: position });
  }
  return [...ranges.values()];
}

/** Compares what a segment's data says with its manifest. Code ARCHIVE_DAMAGED. */
export function checkData(manifest: SegmentManifest, data: Uint8Array): void {
  const { segment, data: stored, units } = manifest;
  if (data.length !== stored.bytes || sha256(data) !== stored.sha256)
    throw damaged(`the data of segment ${segment} is not what its manifest says`, { segment });
  const raw = inflated(data);
  if (raw.length !== stored.rawBytes || sha256(raw) !== stored.rawSha256)
    throw damaged(`the content of segment ${segment} is not what its manifest says`, { segment });
  let end = 0;
  for (const { id, offset, length, streams } of units) {
    const found = rangesOf(id, unpackUnit(data.subarray(offset, offset + length)));
    if (offset !== end || JSON.stringify(found) !== JSON.stringify(streams))
      throw damaged(`${id} in segment ${segment} is not what the manifest says`, { segment, id });
    end = offset + length;
  }
  if (end !== data.length) throw damaged(`segment ${segment} holds more than its manifest says`, { segment });
}

export function manifestBytes(manifest: SegmentManifest): Buffer {
  return gzipSync(JSON.stringify(manifest));
}

/** Code ARCHIVE_DAMAGED for what is no manifest of that segment. */
export function readManifest(bytes: Uint8Array, segment: number): SegmentManifest {
  let manifest: unknown;
  try {
    manifest = JSON.parse(inflated(bytes).toString('utf8'));
  } catch {
    throw damaged(`the manifest of segment ${segment} cannot be read`, { segment });
  }
  if (!isManifest(manifest) || manifest.segment !== segment)
    throw damaged(`the manifest of segment ${segment} is none of version 1`, { segment });
  return manifest;
}

const isManifest = (value: unknown): value is SegmentManifest =>
  typeof value === 'object' &&
  value !== null &&
  'v' in value &&
  value.v === 1 &&
  'units' in value &&
  'segment' in value;
