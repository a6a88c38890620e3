export type { AppendFault } from './in-memory-event-log.js';
export { InMemoryEventLog } from './in-memory-event-log.js';
export type { JetStreamEventLogOptions } from './jetstream/jetstream-event-log.js';
export { JetStreamEventLog } from './jetstream/jetstream-event-log.js';
export type { CommitDraft, EventLog, Followed, FollowOptions } from './port.js';
export type { AppendedCommit, LogObserver } from './observed-event-log.js';
export { ObservedEventLog } from './observed-event-log.js';
