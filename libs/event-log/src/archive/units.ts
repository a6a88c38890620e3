import type { RawCommit } from '../recorded.js';
import { damaged } from './line.js';
import { readManifest, type SegmentUnit, unpackUnit } from './segment.js';
import { type ArchiveStore, NAMES, segmentOf } from './store.js';

/** What was archived together: a rollout, a part of a group's stream, or a refused request. */
export interface ArchivedUnit {
  readonly segment: number;
  readonly kind: SegmentUnit['kind'];
  readonly id: string;
  /** Its commits in the order of the log, byte for byte. Codes ARCHIVE_DAMAGED, ARCHIVE_UNAVAILABLE. */
  read(): Promise<readonly RawCommit[]>;
}

/** Everything that an archive holds, segment by segment. Codes ARCHIVE_DAMAGED, ARCHIVE_UNAVAILABLE. */
export async function* archivedUnits(store: ArchiveStore): AsyncIterable<ArchivedUnit> {
  const names = await store.list(NAMES.segments);
  const last = Math.max(0, ...names.flatMap((name) => segmentOf(name) ?? []));
  for (let segment = 1; segment <= last; segment += 1) {
    const bytes = await store.get(NAMES.manifest(segment));
    if (bytes === undefined) throw damaged(`the manifest of segment ${segment} is missing`, { segment });
    const { data, units } = readManifest(bytes, segment);
    for (const { kind, id, offset, length } of units) {
      const read = async (): Promise<readonly RawCommit[]> => {
        const member = await store.get(data.name, { offset, length });
        if (member?.length !== length) throw damaged(`${data.name} is missing or too short`, { segment });
        return unpackUnit(member);
      };
      yield { segment, kind, id, read };
    }
  }
}
