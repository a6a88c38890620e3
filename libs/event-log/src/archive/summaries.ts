import { gzipSync } from 'node:zlib';

import { sha256 } from '@sluice/contracts';

import { type IndexRecord, keyOf, parse } from './index-format.js';
import { damaged } from './line.js';
import { type ArchivedEntry, inflated, type SegmentManifest, type UnitToArchive } from './segment.js';

/** Summaries that are compressed together: a page of a list reads few blocks, and a line of one is found by counting. */
const IN_BLOCK = 16;

/** A rollout of the archive as lists show it. */
export interface StoredSummary {
  readonly id: string;
  readonly entry: ArchivedEntry;
}

const isRollout = (unit: UnitToArchive): unit is Extract<UnitToArchive, { readonly kind: 'rollout' }> =>
  unit.kind === 'rollout';

/** One line per rollout of the segment, by position. `blocks`: lengths of the gzip members that they are packed in. */
export function packSummaries(units: readonly UnitToArchive[]): { readonly bytes: Buffer; readonly blocks: number[] } {
  const stored = units.filter(isRollout).map(({ id, entry }): StoredSummary => ({ id, entry }));
  const lines = stored.toSorted((a, b) => a.entry.position - b.entry.position).map((line) => JSON.stringify(line));
  const members: Buffer[] = [];
  for (let from = 0; from < lines.length; from += IN_BLOCK)
    members.push(gzipSync(`${lines.slice(from, from + IN_BLOCK).join('\n')}\n`));
  return { bytes: Buffer.concat(members), blocks: members.map(({ length }) => length) };
}

/** The lines of one block. Code ARCHIVE_DAMAGED. */
export const unpackSummaries = (member: Uint8Array): readonly string[] =>
  inflated(member).toString('utf8').trimEnd().split('\n');

/** Code ARCHIVE_DAMAGED. */
export const readSummary = (line: string): StoredSummary => parse<StoredSummary>(Buffer.from(line));

/** The index records of a segment's rollouts. Code ARCHIVE_DAMAGED when summaries and units are not of one another. */
export function recordsOf(manifest: SegmentManifest, summaries: Buffer): readonly IndexRecord[] {
  const units = new Map(manifest.units.filter(({ kind }) => kind === 'rollout').map((unit) => [unit.id, unit]));
  const records: IndexRecord[] = [];
  let block = 0;
  for (const blockLength of manifest.summaries.blocks) {
    const stored = unpackSummaries(summaries.subarray(block, block + blockLength));
    for (const [line, text] of stored.entries()) {
      const { id, entry } = readSummary(text);
      const unit = units.get(id);
      if (unit === undefined) throw damaged(`segment ${manifest.segment} has a summary of ${id} and no commits`);
      const { position, plannedAt, app, group, state } = entry;
      const { offset, length } = unit;
      const { segment } = manifest;
      records.push({
        ...{ position, plannedAt, app, group, state, key: keyOf(id) },
        ...{ segment, offset, length, block, blockLength, line },
      });
    }
    block += blockLength;
  }
  if (records.length !== units.size) throw damaged(`segment ${manifest.segment} lacks summaries`);
  return records;
}

/** Compares the summaries with the manifest. Code ARCHIVE_DAMAGED. */
export function checkSummaries(manifest: SegmentManifest, bytes: Buffer): void {
  const { segment, summaries } = manifest;
  if (bytes.length !== summaries.bytes || sha256(bytes) !== summaries.sha256)
    throw damaged(`the summaries of segment ${segment} are not what its manifest says`, { segment });
  recordsOf(manifest, bytes);
}
