import type { RawCommit } from '../recorded.js';
import { damaged } from './line.js';
import { readManifest, type SegmentUnit, unpackUnit } from './segment.js';
import { type ArchiveStore, NAMES, segmentOf } from './store.js';
import { isPruned, pruned, type PrunedUnit, prunedUnit, tombstonesOf, type UnitNow } from './tombstone.js';

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
}

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
    const name = last === undefined ? data.name : (last.data?.name ?? '');
    for (const [i, unit] of units.entries())
      yield { segment, ...whatOf(unit), ...unitAt(store, { segment, name, unit, now: last?.units[i] }) };
  }
}

interface Place {
  readonly segment: number;
  /** Of the file that holds what is left of the segment. */
  readonly name: string;
  readonly unit: SegmentUnit;
  readonly now: UnitNow | undefined;
}

function unitAt(
  store: ArchiveStore,
  { segment, name, unit, now = unit }: Place,
): Pick<ArchivedUnit, 'pruned' | 'read'> {
  if (isPruned(now)) return { pruned: prunedUnit(unit, now), read: () => Promise.reject(pruned(unit.id)) };
  const { offset, length } = now;
  return {
    read: async () => {
      const member = await store.get(name, { offset, length });
      if (member?.length !== length) throw damaged(`${name} is missing or too short`, { segment });
      return unpackUnit(member);
    },
  };
}

const whatOf = ({ kind, id, streams }: SegmentUnit): Pick<ArchivedUnit, 'kind' | 'id' | 'through'> => ({
  ...{ kind, id, through: Math.max(0, ...streams.map(({ through }) => through)) },
});
