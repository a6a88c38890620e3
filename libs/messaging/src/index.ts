export { type AccessEntry, accessEntries } from './access/access-entries.js';
export { type AccessDraft, type Recorded, recordAccess, writeAccess } from './access/record-access.js';
export { type AccessServer, serveAccess } from './access/serve-access.js';
export type { ConnectNatsOptions, NatsLogin } from './connect.js';
export { connectNats, loginOf } from './connect.js';
export {
  isConnectionOver,
  isNatsError,
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
export type { Poison, PullConsumerOptions, Settlement } from './pull-consumer.js';
export { runPullConsumer } from './pull-consumer.js';
export type { RequestJsonOptions, RequestResult } from './request-json.js';
export { registered } from './registered.js';
export { requestJson } from './request-json.js';
export { Requester } from './requester.js';
export type { JsonHandler, ServeFailure, ServeJsonOptions } from './serve-json.js';
export { serveJson } from './serve-json.js';
export type { ShutdownOptions, ShutdownSignal } from './shutdown.js';
export { shutdownOnSignal, stopAll } from './shutdown.js';
export type { CommandServerOptions } from './nest/command-server.js';
export { startCommandServer } from './nest/start.js';
export type { CommandRefusal } from './nest/plain-json.js';
export { InMemoryLeases } from './leases/in-memory-leases.js';
export type { LeasesDeps } from './leases/leases.js';
export { Leases } from './leases/leases.js';
export type { Lease, LeaseEntry, LeaseHolder, LeaseStore } from './leases/ports.js';
export type { StartLeasesDeps } from './leases/start-leases.js';
export { DEFAULT_LEASE_MS, startLeases } from './leases/start-leases.js';
