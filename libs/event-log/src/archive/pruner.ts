import { createHash } from 'node:crypto';

import { DOCUMENTS, sha256 } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { type ArchivedCommit, damaged } from './line.js';
import { readManifest, type SegmentManifest, type SegmentUnit, type StoredFile, unpackUnit } from './segment.js';
import { type ArchiveStore, NAMES, type PrunableStore, segmentOf } from './store.js';
import { isPruned, type KeptHash, type Tombstone, tombstoneBytes, tombstonesOf, type UnitNow } from './tombstone.js';

/** One unit that is old enough to be pruned. */
export interface PruneCandidate {
  readonly segment: number;
  readonly kind: SegmentUnit['kind'];
  readonly id: string;
  /** Of its first and its last commit, ms since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly commits: readonly ArchivedCommit[];
}

/** Why a unit stays; undefined: it may go. */
export type Keep = (candidate: PruneCandidate) => string | undefined;

export interface PruneOptions {
  /** ms since the epoch. */
  readonly now: number;
  readonly by: string;
  readonly reason: string;
  /** What ended later stays, ms since the epoch. */
  readonly before: number;
  /** Asked before each segment: what is in force then. Whatever it throws ends the prune before anything is deleted. */
  readonly rules: () => Promise<{ readonly keep: Keep; readonly holds: readonly string[] }>;
  /** Asked before something is written or deleted; code ARCHIVE_CONTENDED when it says no. */
  readonly isHeld: () => boolean;
  /** Nothing is written and nothing deleted. */
  readonly dryRun?: boolean;
}

export interface PrunedSegment {
  readonly segment: number;
  readonly pruned: readonly { readonly id: string; readonly kind: SegmentUnit['kind']; readonly commits: number }[];
  readonly kept: readonly { readonly id: string; readonly why: string }[];
  /** Bytes of files that were deleted, less those that were written. */
  readonly freed: number;
  /** Files that an earlier prune had left over. */
  readonly leftOver: number;
}

interface Opened {
  readonly manifest: SegmentManifest;
  readonly hash: string;
  readonly last: { readonly tombstone: Tombstone; readonly hash: string } | undefined;
  readonly data: Buffer;
}

/**
 * Deletes the bytes of old units and keeps the hashes that chains and trees are proved with. What is left of a segment is
 * written beside, then the tombstone, which is the moment at which the segment is pruned, and only then the old data is
 * deleted. Killed anywhere, the next prune deletes what this one left over. Codes: ARCHIVE_DAMAGED, ARCHIVE_UNAVAILABLE,
 * ARCHIVE_CONTENDED (another one prunes it).
 */
export async function* pruneSegments(store: PrunableStore, options: PruneOptions): AsyncGenerator<PrunedSegment> {
  const names = await store.list(NAMES.segments);
  const last = Math.max(0, ...names.flatMap((name) => segmentOf(name) ?? []));
  // The last segment may still be taken from the log: its archiver reads it once more.
  const through = (await store.get(NAMES.purged(last))) === undefined ? last - 1 : last;
  for (let segment = 1; segment <= through; segment += 1) {
    const done = await pruneSegment(store, segment, options);
    if (done !== undefined) yield done;
  }
}

async function pruneSegment(
  store: PrunableStore,
  segment: number,
  options: PruneOptions,
): Promise<PrunedSegment | undefined> {
  const dryRun = options.dryRun === true;
  const { leftOver, freed: before } = dryRun ? NOTHING_LEFT : await finish(store, segment, options);
  const opened = await open(store, segment);
  const { units, pruned, kept, holds } = await sorted(opened, options);
  if (pruned.length + kept.length + leftOver === 0) return undefined;
  const isDone = pruned.length === 0 || dryRun;
  const freed = isDone ? 0 : await replace(store, { opened, units, holds }, options);
  return { segment, pruned, kept, freed: before + freed, leftOver };
}

/** What goes and what stays, by the rules that are in force now. */
async function sorted(
  opened: Opened,
  options: PruneOptions,
): Promise<Pick<PrunedSegment, 'pruned' | 'kept'> & Omit<Replacement, 'opened'>> {
  const { candidates, units } = oldUnits(opened, options);
  if (candidates.size === 0) return { units, pruned: [], kept: [], holds: [] };
  const kept: PrunedSegment['kept'][number][] = [];
  const pruned: PrunedSegment['pruned'][number][] = [];
  const { keep, holds } = await options.rules();
  for (const [i, candidate] of candidates) {
    const why = keep(candidate);
    const { id, kind, commits } = candidate;
    if (why !== undefined) {
      kept.push({ id, why });
      continue;
    }
    pruned.push({ id, kind, commits: commits.length });
    units[i] = { in: (opened.last?.tombstone.n ?? 0) + 1, commits: commits.map(hashesOf) };
  }
  return { units, pruned, kept, holds };
}

async function open(store: ArchiveStore, segment: number): Promise<Opened> {
  const bytes = await store.get(NAMES.manifest(segment));
  if (bytes === undefined) throw damaged(`the manifest of segment ${segment} is missing`, { segment });
  const manifest = readManifest(bytes, segment);
  const last = (await tombstonesOf(store, segment, await store.list(NAMES.tombstones))).at(-1);
  const stored = last === undefined ? manifest.data : last.tombstone.data;
  const data = stored === null ? Buffer.alloc(0) : await store.get(stored.name);
  if (data === undefined) throw damaged(`the data of segment ${segment} is missing`, { segment });
  if (stored !== null && sha256(data) !== stored.sha256)
    throw damaged(`the data of segment ${segment} is not what it was`, { segment });
  return { manifest, hash: sha256(bytes), last, data: Buffer.from(data.buffer, data.byteOffset, data.length) };
}

/** Where each unit lies now, and those that are old enough by their place in the manifest. */
function oldUnits(
  { manifest, last, data }: Opened,
  { before }: PruneOptions,
): { readonly candidates: ReadonlyMap<number, PruneCandidate>; readonly units: UnitNow[] } {
  const candidates = new Map<number, PruneCandidate>();
  const units: UnitNow[] = [];
  for (const [i, { kind, id, offset, length }] of manifest.units.entries()) {
    const now = last?.tombstone.units[i] ?? { offset, length };
    units.push(now);
    if (isPruned(now)) continue;
    const commits = unpackUnit(data.subarray(now.offset, now.offset + now.length));
    const times = commits.map(({ at }) => at);
    const to = Math.max(...times);
    if (to < before) candidates.set(i, { segment: manifest.segment, kind, id, from: Math.min(...times), to, commits });
  }
  return { candidates, units };
}

interface Replacement {
  readonly opened: Opened;
  readonly units: UnitNow[];
  readonly holds: readonly string[];
}

/** Returns the bytes that were freed. */
async function replace(
  store: PrunableStore,
  { opened, units, holds }: Replacement,
  { now: at, by, reason, before, isHeld }: PruneOptions,
): Promise<number> {
  const { manifest, hash, last, data: old } = opened;
  const { segment } = manifest;
  const { data, moved } = compacted(old, units);
  const name = NAMES.data(segment, sha256(data));
  const stored = data.length === 0 ? null : { name, bytes: data.length, sha256: sha256(data) };
  const tombstone: Tombstone = {
    ...{ v: 1, schema: DOCUMENTS.tombstone, segment, n: (last?.tombstone.n ?? 0) + 1, prev: last?.hash ?? '' },
    ...{ manifest: hash, at, by, reason, before, holds, data: stored, units: moved },
  };
  assertHeld(isHeld, segment);
  if (stored !== null) await putWhole(store, stored.name, data);
  assertHeld(isHeld, segment);
  if (!(await store.put(NAMES.tombstone(segment, tombstone.n), tombstoneBytes(tombstone)))) throw contended(segment);
  // Whoever got the lease meanwhile may have taken it for a left-over, as no tombstone named it.
  if (stored !== null) await putWhole(store, stored.name, data);
  const { freed } = await finish(store, segment, { isHeld });
  return freed - data.length;
}

/** The members of the units that stay, one after another, byte for byte. */
function compacted(
  old: Buffer,
  units: readonly UnitNow[],
): { readonly data: Buffer; readonly moved: readonly UnitNow[] } {
  const members: Buffer[] = [];
  let offset = 0;
  const moved = units.map((unit): UnitNow => {
    if (isPruned(unit)) return unit;
    members.push(old.subarray(unit.offset, unit.offset + unit.length));
    offset += unit.length;
    return { offset: offset - unit.length, length: unit.length };
  });
  return { data: Buffer.concat(members), moved };
}

async function putWhole(store: ArchiveStore, name: string, data: Buffer): Promise<void> {
  await store.put(name, data);
  const found = await store.get(name);
  if (found === undefined || Buffer.compare(found, data) !== 0)
    throw damaged(`${name} is not what was written there: nothing was deleted`);
}

interface Finished {
  readonly leftOver: number;
  readonly freed: number;
}

const NOTHING_LEFT: Finished = { leftOver: 0, freed: 0 };

/**
 * Deletes the files of a segment that neither its manifest nor its last tombstone names: what a prune left over, and what
 * an archiver wrote before it was killed, which may hold what is pruned elsewhere.
 */
async function finish(
  store: PrunableStore,
  segment: number,
  { isHeld }: Pick<PruneOptions, 'isHeld'>,
): Promise<Finished> {
  const { data, summaries } = await filesOf(store, segment);
  const named = new Set([data?.name ?? '', summaries]);
  const [prefix = ''] = NAMES.manifest(segment).split('.', 1);
  let [leftOver, freed] = [0, 0];
  for (const name of await store.list(NAMES.segments)) {
    const full = `${NAMES.segments}/${name}`;
    if (!full.startsWith(`${prefix}-`) || named.has(full)) continue;
    // Nothing goes before what stays was seen to be there.
    if (leftOver === 0) await assertThere(store, segment, data);
    assertHeld(isHeld, segment);
    freed += await removed(store, segment, full);
    leftOver += 1;
  }
  return { leftOver, freed };
}

/** Returns its bytes. One that a pruner without a lease has named meanwhile is put back: it looks again after its tombstone. */
async function removed(store: PrunableStore, segment: number, name: string): Promise<number> {
  const bytes = await store.get(name);
  await store.remove(name);
  const { data } = await filesOf(store, segment);
  if (bytes === undefined || data?.name !== name) return bytes?.length ?? 0;
  await putWhole(store, name, Buffer.from(bytes));
  throw contended(segment);
}

/** The file that holds what is left of a segment, none when nothing is, and its summaries. Code ARCHIVE_DAMAGED. */
async function filesOf(
  store: ArchiveStore,
  segment: number,
): Promise<{ readonly data: StoredFile | null; readonly summaries: string }> {
  const bytes = await store.get(NAMES.manifest(segment));
  if (bytes === undefined) throw damaged(`the manifest of segment ${segment} is missing`, { segment });
  const { data, summaries } = readManifest(bytes, segment);
  const last = (await tombstonesOf(store, segment, await store.list(NAMES.tombstones))).at(-1)?.tombstone;
  if (last !== undefined && last.manifest !== sha256(bytes))
    throw damaged(`the tombstone of segment ${segment} is of another manifest`, { segment });
  return { data: last === undefined ? data : last.data, summaries: summaries.name };
}

async function assertThere(store: ArchiveStore, segment: number, data: StoredFile | null): Promise<void> {
  if (data === null) return;
  const found = await store.get(data.name);
  if (found === undefined || sha256(found) !== data.sha256)
    throw damaged(`the data of segment ${segment} is missing or not what it was: nothing of it was deleted`, {
      segment,
    });
}

function hashesOf({ position, stream, rev, at, hash, bytes }: ArchivedCommit): KeptHash {
  const leaf = createHash('sha256').update(Uint8Array.of(0)).update(bytes).digest('hex');
  return { position, writer: stream.writer, rev, at, sha256: hash, leaf };
}

function assertHeld(isHeld: () => boolean, segment: number): void {
  if (!isHeld()) throw contended(segment);
}

const contended = (segment: number): SluiceError =>
  new SluiceError(
    'ARCHIVE_CONTENDED',
    `somebody else prunes segment ${segment}: wait until that has ended, then prune again`,
    { segment },
  );
