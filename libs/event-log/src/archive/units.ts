import type { RawCommit } from '../recorded.js';
import { damaged } from './line.js';
import { readManifest, type SegmentUnit, unpackUnit } from './segment.js';
import { type ArchiveStore, NAMES, segmentOf } from './store.js';
import {
  isPruned,
  lastTombstone,
  pruned,
  type PrunedUnit,
  prunedUnit,
  type Tombstone,
  tombstonesOf,
  type UnitNow,
} from './tombstone.js';

/** What was archived together: a rollout, a part of a group's stream, or a refused request. */
export interface ArchivedUnit {
  readonly segment: number;
  readonly kind: SegmentUnit['kind'];
  readonly id: string;
  /** Log position of its last commit. */
  readonly through: number;
  /** What is left of one whose bytes were deleted. */
  readonly pruned?: PrunedUnit;
  /** Its commits in the order of the log, byte for byte. Codes ARCHIVE_DAMAGED, ARCHIVE_UNAVAILABLE, PRUNED. */
  readonly read: () => Promise<readonly RawCommit[]>;
  /** The same, or what is left of it when it was pruned, also since it was listed. Codes as `read`, but PRUNED. */
  readonly content: () => Promise<UnitContent>;
}

export type UnitContent =
  | { readonly commits: readonly RawCommit[]; readonly left?: undefined }
  | { readonly left: PrunedUnit; readonly commits?: undefined };

/** Prunes that may come between a look and the next one. */
const MAX_LOOKED = 8;

/** Everything that an archive holds, segment by segment. Codes ARCHIVE_DAMAGED, ARCHIVE_UNAVAILABLE. */
export async function* archivedUnits(store: ArchiveStore): AsyncIterable<ArchivedUnit> {
  const names = await store.list(NAMES.segments);
  const tombstones = await store.list(NAMES.tombstones);
  const last = Math.max(0, ...names.flatMap((name) => segmentOf(name) ?? []));
  for (let segment = 1; segment <= last; segment += 1) {
    const bytes = await store.get(NAMES.manifest(segment));
    if (bytes === undefined) throw damaged(`the manifest of segment ${segment} is missing`, { segment });
    const { data, units } = readManifest(bytes, segment);
    const last = (await tombstonesOf(store, segment, tombstones)).at(-1)?.tombstone;
    for (const [i, unit] of units.entries()) {
      const found = last === undefined ? { name: data.name, now: unit } : foundIn(last, unit, i);
      yield { segment, ...whatOf(unit), ...unitAt(store, { segment, unit, i }, found) };
    }
  }
}

interface Place {
  readonly segment: number;
  readonly unit: SegmentUnit;
  /** In the order of the manifest. */
  readonly i: number;
}

/** Where a unit lay when that was read. */
interface Found {
  /** Of the file that holds what is left of the segment. */
  readonly name: string;
  readonly now: UnitNow;
}

function unitAt(store: ArchiveStore, place: Place, found: Found): Pick<ArchivedUnit, 'pruned' | 'read' | 'content'> {
  const { unit } = place;
  if (isPruned(found.now)) {
    const left = prunedUnit(unit, found.now);
    return { pruned: left, read: () => Promise.reject(pruned(unit.id)), content: () => Promise.resolve({ left }) };
  }
  const content = (): Promise<UnitContent> => contentOf(store, place, found);
  const read = async (): Promise<readonly RawCommit[]> => {
    const { commits } = await content();
    if (commits === undefined) throw pruned(unit.id);
    return commits;
  };
  return { read, content };
}

/** What was pruned since it was found is missing there, and the last tombstone says where it is, or what is left. */
async function contentOf(store: ArchiveStore, { segment, unit, i }: Place, first: Found): Promise<UnitContent> {
  let found = first;
  for (let looked = 0; looked < MAX_LOOKED; looked += 1) {
    const { name, now } = found;
    if (isPruned(now)) return { left: prunedUnit(unit, now) };
    const member = await store.get(name, { offset: now.offset, length: now.length });
    if (member?.length === now.length) return { commits: unpackUnit(member) };
    const last = await lastTombstone(store, segment);
    const isMoved = last !== undefined && last.data?.name !== name;
    if (!isMoved) break;
    found = foundIn(last, unit, i);
  }
  throw damaged(`${found.name} is missing or too short`, { segment });
}

const foundIn = ({ data, units }: Tombstone, unit: SegmentUnit, i: number): Found => ({
  name: data?.name ?? '',
  now: units[i] ?? unit,
});

const whatOf = ({ kind, id, streams }: SegmentUnit): Pick<ArchivedUnit, 'kind' | 'id' | 'through'> => ({
  ...{ kind, id, through: Math.max(0, ...streams.map(({ through }) => through)) },
});
