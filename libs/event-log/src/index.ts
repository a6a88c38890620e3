export type { CommitDraft, EventLog, Followed, FollowOptions } from './port.js';
