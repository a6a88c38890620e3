export { ArchiverEngine } from './engine/archiver-engine.js';
export {
  type ArchiverDeps,
  type ArchiverLease,
  type ArchiverLimits,
  DEFAULT_LIMITS,
  type FollowersPort,
} from './engine/ports.js';
export { unitOf } from './engine/units.js';
export { startArchiver, type StartArchiverDeps } from './start.js';
