export type { AppendFault } from './in-memory-event-log.js';
export { InMemoryEventLog } from './in-memory-event-log.js';
export type { JetStreamEventLogOptions } from './jetstream/jetstream-event-log.js';
export { JetStreamEventLog } from './jetstream/jetstream-event-log.js';
export { rawLog } from './jetstream/raw-log.js';
export type { CommitDraft, EventLog, Followed, FollowOptions, LogPlace } from './port.js';
export type { AppendedCommit, LogObserver } from './observed-event-log.js';
export { ObservedEventLog } from './observed-event-log.js';
export type { LogAddress, OpenedEventLog } from './open-event-log.js';
export { openEventLog } from './open-event-log.js';
export type { ArchiveSource } from './archive/archive-source.js';
export { ArchivedEventLog } from './archive/archived-event-log.js';
export type { ArchiveReaderOptions } from './archive/archive-reader.js';
export { ArchiveReader } from './archive/archive-reader.js';
export { ArchiveWriter } from './archive/archive-writer.js';
export { DirectoryArchiveStore } from './archive/directory-store.js';
export { JetStreamArchiveSource } from './archive/jetstream-source.js';
export {
  type Keep,
  type PruneCandidate,
  type PrunedSegment,
  type PruneOptions,
  pruneSegments,
} from './archive/pruner.js';
export type { PrunedUnit, Tombstone } from './archive/tombstone.js';
export type { ArchivedPage, ArchiveQuery } from './archive/page.js';
export type { ArchivedEntry, SegmentManifest, SegmentUnit, StreamRange, UnitToArchive } from './archive/segment.js';
export type { ArchiveStore, ByteRange, PrunableStore } from './archive/store.js';
export type { StoredSummary } from './archive/summaries.js';
export { type ArchivedUnit, archivedUnits, type UnitContent } from './archive/units.js';
export type { ArchiveVerdict } from './archive/verify.js';
export { verifyArchive } from './archive/verify.js';
export { type RawCommit, recordedCommit } from './recorded.js';
