import { MERGED, TOP_LEVEL } from './archive-writer.js';
import { keyOf, type RecordPlace } from './index-format.js';
import { type Dictionaries, IndexPart } from './index-part.js';
import { type ArchivedCommit, damaged } from './line.js';
import { Lru } from './lru.js';
import { type ArchivedPage, type ArchiveQuery, pageOf } from './page.js';
import { readManifest, type SegmentManifest, type SegmentUnit, unpackUnit } from './segment.js';
import { type ArchiveStore, NAMES, segmentOf } from './store.js';
import { readSummary, type StoredSummary, unpackSummaries } from './summaries.js';
import {
  isPruned,
  lastTombstone,
  pruned,
  type PrunedUnit,
  prunedUnit,
  type Tombstone,
  type UnitNow,
} from './tombstone.js';

export interface ArchiveReaderOptions {
  /** Bytes of archived rollouts that are kept after somebody asked for them; 16 MiB when absent. */
  readonly keptBytes?: number;
  /** Blocks of sixteen summaries that are kept; 64 when absent. */
  readonly keptBlocks?: number;
}

const KEPT_BYTES = 16 * 1024 * 1024;
const KEPT_BLOCKS = 64;
const KEPT_DICTIONARIES = 32;
const KEPT_FILES = 256;

/** The files that a segment's manifest names. */
interface SegmentFiles {
  readonly data: string;
  readonly summaries: string;
  /** Of a segment that was pruned: what became of the unit that lay there, by its first place. */
  readonly now?: ReadonlyMap<number, { readonly unit: SegmentUnit; readonly now: UnitNow }>;
}

/**
 * Finds and reads what was archived. Whatever the archive holds, in memory are the headers of the few parts that cover
 * its index, and bounded caches. Each call first looks whether there are new segments. Codes: ARCHIVE_UNAVAILABLE,
 * ARCHIVE_DAMAGED.
 */
export class ArchiveReader {
  readonly #parts = new Map<string, IndexPart>();
  readonly #dictionaries: Dictionaries = new Lru(KEPT_DICTIONARIES);
  readonly #units: Lru<{ readonly bytes: number; readonly commits: readonly ArchivedCommit[] }>;
  readonly #blocks: Lru<readonly string[]>;
  readonly #files: Lru<SegmentFiles> = new Lru(KEPT_FILES);
  #cover: readonly IndexPart[] = [];
  #segments = 0;
  #opened = false;
  #refreshing: Promise<void> | undefined;

  constructor(
    private readonly store: ArchiveStore,
    { keptBytes = KEPT_BYTES, keptBlocks = KEPT_BLOCKS }: ArchiveReaderOptions = {},
  ) {
    this.#units = new Lru(keptBytes, ({ bytes }) => bytes);
    this.#blocks = new Lru(keptBlocks);
  }

  /** Segments that can be read, when it was looked last. */
  get segments(): number {
    return this.#segments;
  }

  /** Looks for new segments; returns how many there are. */
  async refresh(): Promise<number> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    await this.#refreshing;
    return this.#segments;
  }

  /** Whether a rollout of that id was archived. */
  async has(id: string): Promise<boolean> {
    return (await this.#find(id)) !== undefined;
  }

  /**
   * The commits of an archived rollout, all writers in the order of the log; undefined when it is not in the archive.
   * Code PRUNED when its bytes were deleted.
   */
  async commitsOf(id: string): Promise<readonly ArchivedCommit[] | undefined> {
    const kept = this.#units.get(id);
    if (kept !== undefined) return kept.commits;
    const place = await this.#find(id);
    if (place === undefined) return undefined;
    const commits = unpackUnit(await this.#memberOf(id, place));
    const bytes = commits.reduce((sum, commit) => sum + commit.bytes.length, 0);
    this.#units.set(id, { bytes, commits });
    return commits;
  }

  /** What is left of an archived rollout whose bytes were deleted; undefined for any other. */
  async prunedOf(id: string): Promise<PrunedUnit | undefined> {
    const place = await this.#find(id);
    if (place === undefined) return undefined;
    const { now } = await this.#filesOf(place.segment, true);
    const found = now?.get(place.offset);
    return found === undefined || !isPruned(found.now) ? undefined : prunedUnit(found.unit, found.now);
  }

  /** Archived rollouts, the newest first. */
  async page(query: ArchiveQuery): Promise<ArchivedPage> {
    await this.refresh();
    return pageOf(this.#cover, query, (place) => this.#summaryAt(place));
  }

  /** What lists show of one archived rollout. */
  async summaryOf(id: string): Promise<StoredSummary | undefined> {
    const place = await this.#find(id);
    return place === undefined ? undefined : this.#summaryAt(place);
  }

  /** How many archived rollouts are in which state, when it was looked last. */
  countByState(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { header } of this.#cover)
      for (const [state, count] of header.states) counts.set(state, (counts.get(state) ?? 0) + count);
    return counts;
  }

  /** Ids of the rollouts of one segment. */
  async rolloutsOf(segment: number): Promise<readonly string[]> {
    const { units } = await this.#manifestOf(segment);
    return units.filter(({ kind }) => kind === 'rollout').map(({ id }) => id);
  }

  /** The last segment that was surely taken from the log; those behind it may be, in this moment. */
  async purgedThrough(): Promise<number> {
    const last = await this.refresh();
    if (last === 0) return 0;
    return (await this.store.get(NAMES.purged(last))) === undefined ? last - 1 : last;
  }

  async #find(id: string): Promise<RecordPlace | undefined> {
    await this.refresh();
    const key = keyOf(id);
    for (const part of this.#cover.toReversed()) {
      const row = await part.find(key);
      if (row !== undefined) return row.place;
    }
    return undefined;
  }

  async #summaryAt({ segment, block, blockLength, line }: RecordPlace): Promise<StoredSummary> {
    const name = `${segment}/${block}`;
    let stored = this.#blocks.get(name);
    if (stored === undefined) {
      const { summaries } = await this.#filesOf(segment);
      stored = unpackSummaries(await this.#read(summaries, block, blockLength));
      this.#blocks.set(name, stored);
    }
    const found = stored[line];
    if (found === undefined) throw damaged(`segment ${segment} lacks a summary`, { segment });
    return readSummary(found);
  }

  /** What was pruned since it was looked is found missing once, and looked up again. */
  async #memberOf(id: string, { segment, offset, length }: RecordPlace): Promise<Uint8Array> {
    for (const again of [false, true]) {
      const { data, now } = await this.#filesOf(segment, again);
      const found = now?.get(offset)?.now ?? { offset, length };
      if (isPruned(found)) throw pruned(id);
      const member = await this.store.get(data, found);
      if (member?.length === length) return member;
    }
    throw damaged(`the data of segment ${segment} is missing or too short`);
  }

  async #filesOf(segment: number, again = false): Promise<SegmentFiles> {
    const known = this.#files.get(String(segment));
    if (known !== undefined && !again) return known;
    const { data, summaries, units } = await this.#manifestOf(segment);
    const tombstone = await lastTombstone(this.store, segment);
    const files = {
      data: tombstone === undefined ? data.name : (tombstone.data?.name ?? ''),
      summaries: summaries.name,
      ...(tombstone === undefined ? {} : { now: placesNow(units, tombstone) }),
    };
    this.#files.set(String(segment), files);
    return files;
  }

  async #manifestOf(segment: number): Promise<SegmentManifest> {
    const bytes = await this.store.get(NAMES.manifest(segment));
    if (bytes === undefined) throw damaged(`the manifest of segment ${segment} is missing`, { segment });
    return readManifest(bytes, segment);
  }

  async #read(name: string, offset: number, length: number): Promise<Uint8Array> {
    const bytes = await this.store.get(name, { offset, length });
    if (bytes?.length !== length) throw damaged(`${name} is missing or too short`);
    return bytes;
  }

  async #refresh(): Promise<void> {
    let last = this.#segments;
    if (!this.#opened) {
      const names = await this.store.list(NAMES.index(0));
      last = Math.max(0, ...names.flatMap((name) => segmentOf(name) ?? []));
      this.#opened = true;
    } else while ((await this.#part(0, last + 1)) !== undefined) last += 1;
    if (last === this.#segments) return;
    this.#cover = await this.#covering(last);
    this.#segments = last;
    const used = new Set(this.#cover.map(({ name }) => name));
    for (const name of this.#parts.keys()) if (!used.has(name)) this.#parts.delete(name);
  }

  /** The fewest parts that cover the segments; a merge that is not there yet is covered by what it will be made of. */
  async #covering(last: number): Promise<readonly IndexPart[]> {
    const parts: IndexPart[] = [];
    for (let first = 1; first <= last;) {
      const part = await this.#largestAt(first, last);
      if (part === undefined)
        throw damaged(`its index lacks segment ${first}: delete the folder index, the archiver makes it anew`);
      parts.push(part);
      first += part.header.segments;
    }
    return parts;
  }

  async #largestAt(first: number, last: number): Promise<IndexPart | undefined> {
    for (let level = TOP_LEVEL; level >= 0; level -= 1) {
      const size = MERGED ** level;
      if ((first - 1) % size !== 0 || first + size - 1 > last) continue;
      const part = await this.#part(level, first);
      if (part !== undefined) return part;
    }
    return undefined;
  }

  async #part(level: number, first: number): Promise<IndexPart | undefined> {
    const name = NAMES.indexPart(level, first);
    const known = this.#parts.get(name);
    if (known !== undefined) return known;
    const part = await IndexPart.open(this.store, name, this.#dictionaries);
    if (part !== undefined) this.#parts.set(name, part);
    return part;
  }
}

function placesNow(units: readonly SegmentUnit[], tombstone: Tombstone): NonNullable<SegmentFiles['now']> {
  return new Map(
    units.flatMap((unit, i) => {
      const now = tombstone.units[i];
      return now === undefined ? [] : [[unit.offset, { unit, now }] as const];
    }),
  );
}
