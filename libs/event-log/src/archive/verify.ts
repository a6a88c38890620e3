import { sha256 } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

import { damaged } from './line.js';
import {
  checkData,
  rangesOf,
  readManifest,
  type SegmentManifest,
  type SegmentUnit,
  type StoredFile,
  type StreamRange,
} from './segment.js';
import { type ArchiveStore, NAMES, segmentOf } from './store.js';
import { checkSummaries } from './summaries.js';
import { checkPruned, isPruned, type Tombstone, tombstonesOf } from './tombstone.js';

/** What an archive is found to be. */
export interface ArchiveVerdict {
  readonly segments: number;
  readonly rollouts: number;
  readonly commits: number;
  readonly bytes: number;
  readonly rawBytes: number;
  /** Units whose bytes were deleted, each on its tombstone's word: their hashes are those of the manifests. */
  readonly pruned: number;
  /** When, by whom and why something was deleted, at most a hundred, the last ones. */
  readonly prunes: readonly Pick<Tombstone, 'segment' | 'at' | 'by' | 'reason'>[];
  /** SHA-256 of the last manifest: it stands for the whole chain. '' for an empty archive. */
  readonly head: string;
  /** What is wrong, at most a hundred; nothing when the archive is whole. */
  readonly faults: readonly string[];
  /** Files that no manifest names: what an archiver wrote before it was killed, or before another was faster. */
  readonly strays: readonly string[];
}

const MAX_FAULTS = 100;

/**
 * Reads all of an archive, needing nothing else: each file against its hash, each segment against the one before it,
 * each stream's chain, and that the parts of a stream join without a gap. One segment at a time is in memory, and the
 * ends of the streams of groups.
 */
export async function verifyArchive(store: ArchiveStore): Promise<ArchiveVerdict> {
  const names = await store.list(NAMES.segments);
  const last = Math.max(0, ...names.flatMap((name) => segmentOf(name) ?? []));
  const verifier = new Verifier(store, await store.list(NAMES.tombstones));
  for (let segment = 1; segment <= last; segment += 1) await verifier.segment(segment);
  // A prune that came meanwhile has deleted some.
  const still = new Set(await store.list(NAMES.segments));
  return verifier.verdict(names.filter((name) => still.has(name)));
}

interface Left {
  readonly tombstones: readonly Tombstone[];
  readonly stored: StoredFile | null;
  readonly data: Uint8Array | undefined;
}

class Verifier {
  private readonly faults: string[] = [];
  private readonly named = new Set<string>();
  /** Where the streams end that go on from segment to segment. */
  private readonly ends = new Map<string, StreamRange>();
  private readonly prunes: Pick<Tombstone, 'segment' | 'at' | 'by' | 'reason'>[] = [];
  private readonly sums = { pruned: 0, segments: 0, rollouts: 0, commits: 0, bytes: 0, rawBytes: 0 };
  private prev = '';

  constructor(
    private readonly store: ArchiveStore,
    private readonly tombstones: readonly string[],
  ) {}

  async segment(segment: number): Promise<void> {
    try {
      const bytes = await this.file(NAMES.manifest(segment));
      const manifest = readManifest(bytes, segment);
      const { prev } = this;
      this.prev = sha256(bytes);
      this.count(manifest, bytes.length);
      if (manifest.prev !== prev) this.fault(`segment ${segment} does not follow the one before it`);
      for (const unit of manifest.units) this.unit(segment, unit);
      await this.data(manifest, sha256(bytes));
      checkSummaries(manifest, await this.file(manifest.summaries.name));
    } catch (error) {
      if (!isSluiceError(error, 'ARCHIVE_DAMAGED')) throw error;
      this.fault(error.message);
    }
  }

  verdict(names: readonly string[]): ArchiveVerdict {
    const strays = names.filter(
      (name) => !this.named.has(`${NAMES.segments}/${name}`) && segmentOf(name) === undefined,
    );
    const prunes = this.prunes.slice(-MAX_FAULTS);
    return { ...this.sums, prunes, head: this.prev, faults: this.faults, strays };
  }

  private count({ data, summaries, units }: SegmentManifest, manifestBytes: number): void {
    this.named.add(summaries.name);
    this.sums.segments += 1;
    this.sums.rollouts += units.filter(({ kind }) => kind === 'rollout').length;
    this.sums.bytes += summaries.bytes + manifestBytes;
    this.sums.rawBytes += data.rawBytes;
    for (const { streams } of units) for (const { from, to } of streams) this.sums.commits += to - from + 1;
  }

  /** Its data as it was archived, or what prunes have left of it. */
  private async data(manifest: SegmentManifest, hash: string): Promise<void> {
    const { tombstones, stored, data } = await this.left(manifest);
    for (const { segment, at, by, reason } of tombstones) this.prunes.push({ segment, at, by, reason });
    const tombstone = tombstones.at(-1);
    if (stored !== null) this.named.add(stored.name);
    this.sums.bytes += stored?.bytes ?? 0;
    if (tombstone === undefined) return checkData(manifest, data ?? Buffer.alloc(0));
    this.sums.pruned += tombstone.units.filter(isPruned).length;
    checkPruned({ manifest, hash }, tombstone, rangesOf, data);
  }

  /** Its file is missing when a prune came meanwhile, and the tombstones then name another one. */
  private async left(manifest: SegmentManifest): Promise<Left> {
    let names = this.tombstones;
    for (let missed = ''; ;) {
      const found = await tombstonesOf(this.store, manifest.segment, names);
      const tombstones = found.map(({ tombstone }) => tombstone);
      const last = tombstones.at(-1);
      const stored = last === undefined ? manifest.data : last.data;
      if (stored === null) return { tombstones, stored, data: undefined };
      // No file of that name comes back: it ends when no further prune has come.
      const data = stored.name === missed ? await this.file(stored.name) : await this.store.get(stored.name);
      if (data !== undefined) return { tombstones, stored, data };
      missed = stored.name;
      names = await this.store.list(NAMES.tombstones);
    }
  }

  /**
   * A rollout is archived as a whole. A group goes on where its last part ended; what a killed server brought back may
   * have been archived once more, and so may a request that was refused.
   */
  private unit(segment: number, { kind, id, streams }: SegmentUnit): void {
    for (const range of streams) {
      const name = `${range.writer}.${id}`;
      const before = kind === 'group' ? this.ends.get(name) : undefined;
      const end = before?.to ?? 0;
      if (!isNext(range, before) && !isAgain(kind, range, end))
        this.fault(`segment ${segment}: ${name} does not go on where it ended: something between is missing`);
      if (kind === 'group' && range.to > end) this.ends.set(name, range);
    }
  }

  private async file(name: string): Promise<Buffer> {
    const bytes = await this.store.get(name);
    if (bytes === undefined) throw damaged(`${name} is missing`);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  private fault(words: string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(words);
  }
}

const isNext = ({ from, prev }: StreamRange, before: StreamRange | undefined): boolean =>
  from === (before?.to ?? 0) + 1 && prev === (before?.last ?? '');

const isAgain = (kind: SegmentUnit['kind'], { from }: StreamRange, end: number): boolean =>
  kind === 'refusal' || (kind === 'group' && from <= end);
