export type { ConnectNatsOptions } from './connect.js';
export { connectNats } from './connect.js';
export {
  isConnectionOver,
  isNoResponders,
  isStreamMissing,
  isTimeout,
  isWrongLastSequence,
  SERVER_CODES,
  serverCodeOf,
  translateNatsError,
} from './nats-errors.js';
export type { Provisioned, ProvisionOptions } from './provision.js';
export { provision } from './provision.js';
export type { Log, RunningService } from './running-service.js';
export { silentLog } from './running-service.js';
export type { VersionCheck } from './server-version.js';
export { checkServerVersion } from './server-version.js';
export type { StreamDiff } from './stream-diff.js';
export { diffStream } from './stream-diff.js';
export type { SpecOptions, StreamSpec } from './stream-specs.js';
export { streamSpecs } from './stream-specs.js';
