import { MAX_DURATION_MS, formatDuration, parseDuration } from '@sluice/kernel';

import {
  type BalancerSetting,
  balancers,
  capacity,
  type CapacitySetting,
  collectorUrl,
  credentials,
  duration,
  groupUrl,
  host,
  httpUrl,
  integer,
  logUrl,
  natsUrls,
  oneOf,
  path,
  type Reader,
  secretReference,
  text,
  token,
  webUrl,
} from './readers.js';

/** One variable: its name, how its text is read, what it is when nobody sets it, and what it is for. */
export interface Setting<T> {
  readonly name: string;
  readonly read: Reader<T>;
  readonly fallback: T;
  readonly about: string;
}

const setting = <T>(name: string, read: Reader<T>, fallback: NoInfer<T>, about: string): Setting<T> => ({
  name,
  read,
  fallback,
  about,
});

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const anyDuration = duration(parseDuration, formatDuration(MAX_DURATION_MS));
const short = duration(parseDuration, '10m');

/** Every variable that Sluice reads, but SLUICE_NATS_SERVER, which resolveNatsServer reads. The README prints it. */
export const SETTINGS = {
  natsUrl: setting('SLUICE_NATS_URL', natsUrls, 'nats://127.0.0.1:4222', 'where NATS listens'),
  natsCredentials: setting(
    'SLUICE_NATS_CREDENTIALS',
    credentials,
    '',
    '`user:password` on NATS, where it has accounts (deploy/nats/accounts.conf)',
  ),
  log: setting(
    // oxlint-disable-next-line sluice/no-subject-literal -- the name of a variable, which is the stream's by chance
    'SLUICE_LOG',
    logUrl,
    'nats',
    'where the log lives: `nats` for JetStream, or kurrentdb://host:2113 of a KurrentDB',
  ),
  logCredentials: setting('SLUICE_LOG_CREDENTIALS', credentials, '', '`user:password` for that KurrentDB'),
  archive: setting<string | undefined>(
    'SLUICE_ARCHIVE',
    path,
    undefined,
    'folder of the archive of finished rollouts, which every service must reach; none when unset, but for `sluice up`',
  ),
  archiveAfter: setting('SLUICE_ARCHIVE_AFTER', anyDuration, 30 * DAY, 'how long a finished rollout stays in the log'),
  checkpointKey: setting<string | undefined>(
    'SLUICE_CHECKPOINT_KEY',
    path,
    undefined,
    'file of the secret key that signs checkpoints of the log (`sluice audit keygen`); none are made when unset',
  ),
  checkpointEvery: setting('SLUICE_CHECKPOINT_EVERY', anyDuration, 3_600 * SECOND, 'how often a checkpoint is signed'),
  checkpointDir: setting<string | undefined>(
    'SLUICE_CHECKPOINT_DIR',
    path,
    undefined,
    'folder of the checkpoints; `checkpoints` in SLUICE_DATA_DIR when unset',
  ),
  checkpointWebhook: setting<string | undefined>(
    'SLUICE_CHECKPOINT_WEBHOOK',
    webUrl,
    undefined,
    'address that each checkpoint is sent to, as text by POST; none when unset',
  ),
  natsReplicas: setting('SLUICE_NATS_REPLICAS', integer(1, 5), 1, 'copies of each stream: 3 in a cluster'),
  natsWait: setting('SLUICE_NATS_WAIT', short, 30 * SECOND, 'how long a start waits for NATS'),
  httpHost: setting('SLUICE_HTTP_HOST', host, '127.0.0.1', 'address that the gateway listens on'),
  httpPort: setting('SLUICE_HTTP_PORT', integer(0, 65_535), 7811, 'port of the gateway; 0 takes a free one'),
  apiUrl: setting('SLUICE_URL', httpUrl, 'http://127.0.0.1:7811', 'where the command line finds the gateway'),
  apiToken: setting('SLUICE_TOKEN', token, '', 'bearer token of the command line; `sluice token create` makes one'),
  dataDir: setting('SLUICE_DATA_DIR', path, 'var', 'folder of `sluice up` and of the agent'),
  logLevel: setting(
    'SLUICE_LOG_LEVEL',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'lowest level that is written to stderr',
  ),
  notifyRetention: setting('SLUICE_NOTIFY_RETENTION', anyDuration, 7 * DAY, 'how long notifications are kept'),
  requestRedeliveries: setting('SLUICE_REQUEST_REDELIVERIES', integer(1, 100), 5, 'tries before a request is given up'),
  metricsHost: setting('SLUICE_METRICS_HOST', host, '127.0.0.1', 'address of the metrics port'),
  metricsPort: setting<number | undefined>(
    'SLUICE_METRICS_PORT',
    integer(0, 65_535),
    undefined,
    'port where this process serves its metrics to Prometheus; none when unset, 0 takes a free one',
  ),
  traces: setting<string | undefined>(
    'SLUICE_TRACES',
    httpUrl,
    undefined,
    'collector that takes traces by OTLP over HTTP, such as http://127.0.0.1:4318; no traces when unset',
  ),
  otlpEndpoint: setting<string | undefined>(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    collectorUrl,
    undefined,
    'the same in the words of OpenTelemetry, whose other OTEL_EXPORTER_OTLP_ variables hold too',
  ),
  cmdbUrl: setting<string | undefined>(
    'SLUICE_CMDB_URL',
    groupUrl,
    undefined,
    'where a CMDB tells of a group, such as https://cmdb.example/groups/{group}; none when unset',
  ),
  cmdbCredential: setting<string | undefined>(
    'SLUICE_CMDB_CREDENTIAL',
    secretReference,
    undefined,
    'where the credential for the CMDB is: env:NAME or file:/path',
  ),
  cmdbTimeout: setting('SLUICE_CMDB_TIMEOUT', short, 3 * SECOND, 'how long one answer of the CMDB may take'),
  inventoryMaxAge: setting<number | undefined>(
    'SLUICE_INVENTORY_MAX_AGE',
    anyDuration,
    undefined,
    'how old what the CMDB told may be for a plan; 1h in production and 1d in test when unset',
  ),
  memberLife: setting(
    'SLUICE_MEMBER_LIFE',
    anyDuration,
    DAY,
    'how long a host that nothing but its heartbeats tell of stays in the inventory after the last of them',
  ),
  silentAfter: setting(
    'SLUICE_SILENT_AFTER',
    anyDuration,
    60 * SECOND,
    'without a heartbeat for so long a host of an open rollout counts as lost',
  ),
  balancers: setting<readonly BalancerSetting[]>(
    'SLUICE_BALANCERS',
    balancers,
    [],
    'load balancers that the executor drains and enables at, and where else it puts weights: name=haproxy+tcp://host:port, name=haproxy+unix:///path, name=nginx:///folder?reload=nginx+-s+reload or name=file:///folder',
  ),
  gateSources: setting(
    'SLUICE_GATE_SOURCES',
    text,
    '',
    'where gates measure: name=prometheus+http://host:9090, name=smoke+... or name=webhook+... (docs/gates.md)',
  ),
  capacity: setting<readonly CapacitySetting[]>(
    'SLUICE_CAPACITY',
    capacity,
    [],
    'commands that drive the autoscalers of sides: name=/path/of/a/program and its arguments',
  ),
  leaseTime: setting('SLUICE_LEASE_TIME', short, 10 * SECOND, 'a shard is free so long after its owner fell silent'),
  shutdownGrace: setting('SLUICE_SHUTDOWN_GRACE', short, 10 * SECOND, 'time to drain on SIGTERM and SIGINT'),
} as const;

type Value<S> = S extends Setting<infer T> ? T : never;

/** Durations in milliseconds. */
export type SluiceConfig = { readonly [K in keyof typeof SETTINGS]: Value<(typeof SETTINGS)[K]> };
