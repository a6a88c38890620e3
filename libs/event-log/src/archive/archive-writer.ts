import { sha256 } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { decodeIndex, encodeIndex, type IndexRecord } from './index-format.js';
import { damaged } from './line.js';
import {
  checkData,
  manifestBytes,
  packUnits,
  readManifest,
  type SegmentManifest,
  type UnitToArchive,
} from './segment.js';
import { type ArchiveStore, NAMES, segmentOf } from './store.js';
import { checkSummaries, packSummaries, recordsOf } from './summaries.js';

/** Index parts of a level that are merged into one of the next. */
export const MERGED = 16;
/** The highest level: a part of it covers 256 segments. */
export const TOP_LEVEL = 2;
/** Writes segments, each behind the last. Codes: ARCHIVE_CONTENDED (another archiver was faster), ARCHIVE_DAMAGED. */
export class ArchiveWriter {
  #last = 0;
  #lastHash = '';

  constructor(private readonly store: ArchiveStore) {}

  /** The last segment; 0 when there is none. */
  get last(): number {
    return this.#last;
  }

  /** Finds the end of the archive, and makes what a crash left out of its index. */
  async open(): Promise<void> {
    const names = await this.store.list(NAMES.segments);
    this.#last = Math.max(0, ...names.flatMap((name) => segmentOf(name) ?? []));
    this.#lastHash = this.#last === 0 ? '' : sha256(await this.manifestFile(this.#last));
    await this.completeIndex();
  }

  /**
   * Writes the units as the next segment, reads it again from the store and compares it, then gives it its place in the
   * chain: from there on it counts. Everything of it is durable when it resolves.
   */
  async write(units: readonly UnitToArchive[], now: number): Promise<SegmentManifest> {
    const segment = this.#last + 1;
    const { data, units: packed, rawBytes, rawSha256 } = packUnits(units);
    const dataHash = sha256(data);
    const summaries = packSummaries(units);
    const summariesHash = sha256(summaries.bytes);
    const manifest: SegmentManifest = {
      v: 1,
      segment,
      prev: this.#lastHash,
      at: now,
      data: { name: NAMES.data(segment, dataHash), bytes: data.length, sha256: dataHash, rawBytes, rawSha256 },
      summaries: {
        name: NAMES.summaries(segment, summariesHash),
        bytes: summaries.bytes.length,
        sha256: summariesHash,
        blocks: summaries.blocks,
      },
      units: packed,
    };
    await this.store.put(manifest.data.name, data);
    await this.store.put(manifest.summaries.name, summaries.bytes);
    await this.verify(manifest);
    const bytes = manifestBytes(manifest);
    if (!(await this.store.put(NAMES.manifest(segment), bytes))) throw contended(segment);
    this.#last = segment;
    this.#lastHash = sha256(bytes);
    await this.index(manifest);
    return manifest;
  }

  /** Code ARCHIVE_DAMAGED unless the store gives back what the manifest says. */
  async verify(manifest: SegmentManifest): Promise<void> {
    checkData(manifest, await this.file(manifest.data.name));
    checkSummaries(manifest, await this.file(manifest.summaries.name));
  }

  async manifest(segment: number): Promise<SegmentManifest> {
    return readManifest(await this.manifestFile(segment), segment);
  }

  /** The last segment whose content was taken from the log, when the last one is not known to be: the one before it. */
  async purgedThrough(): Promise<number> {
    if (this.#last === 0) return 0;
    return (await this.store.get(NAMES.purged(this.#last))) === undefined ? this.#last - 1 : this.#last;
  }

  async markPurged(segment: number): Promise<void> {
    await this.store.put(NAMES.purged(segment), new Uint8Array());
  }

  private async completeIndex(): Promise<void> {
    let missing = this.#last;
    while (missing > 0 && (await this.store.get(NAMES.indexPart(0, missing), { offset: 0, length: 1 })) === undefined)
      missing -= 1;
    for (let segment = missing + 1; segment <= this.#last; segment += 1) await this.index(await this.manifest(segment));
    // A crash may have come between a part and the merge that it completes.
    await this.merge(this.#last);
  }

  private async index(manifest: SegmentManifest): Promise<void> {
    const { segment, summaries } = manifest;
    const records = recordsOf(manifest, await this.file(summaries.name));
    await this.store.put(NAMES.indexPart(0, segment), encodeIndex(segment, 1, records));
    await this.merge(segment);
  }

  /** Sixteen parts become one of the next level: however many segments there are, few parts cover them. */
  private async merge(last: number): Promise<void> {
    for (let level = 1, size = MERGED; level <= TOP_LEVEL; level += 1, size *= MERGED) {
      const first = last - (last % size) - size + 1;
      if (first < 1) return;
      const name = NAMES.indexPart(level, first);
      if ((await this.store.get(name, { offset: 0, length: 1 })) !== undefined) continue;
      const records: IndexRecord[] = [];
      for (let from = first; from < first + size; from += size / MERGED) {
        for (const record of decodeIndex(await this.file(NAMES.indexPart(level - 1, from)))) records.push(record);
      }
      await this.store.put(name, encodeIndex(first, size, records));
    }
  }

  private manifestFile(segment: number): Promise<Buffer> {
    return this.file(NAMES.manifest(segment));
  }

  private async file(name: string): Promise<Buffer> {
    const bytes = await this.store.get(name);
    if (bytes === undefined) throw damaged(`${name} is missing`);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

function contended(segment: number): SluiceError {
  return new SluiceError(
    'ARCHIVE_CONTENDED',
    `another archiver wrote segment ${segment}: look at what it holds, then archive the rest`,
    { segment },
  );
}
