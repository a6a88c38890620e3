export { ArchiverEngine } from './engine/archiver-engine.js';
export {
  type ArchiverDeps,
  type ArchiverLease,
  type ArchiverLimits,
  DEFAULT_LIMITS,
  type FollowersPort,
} from './engine/ports.js';
export { unitOf } from './engine/units.js';
export { type PruneDeps, pruneArchive, type PruneReport, type PruneRequest } from './prune/prune.js';
export { startArchiver, type StartArchiverDeps } from './start.js';
export { startPrune, type StartPruneDeps } from './start-prune.js';
