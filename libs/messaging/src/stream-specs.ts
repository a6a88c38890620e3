import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import { BUCKETS, STREAMS, SUBJECTS } from '@sluice/contracts';

/** What a stream must be like. Only these fields are compared: what a server adds to them is its own business. */
export type StreamSpec = Pick<StreamConfig, 'name' | 'subjects' | 'retention' | 'storage' | 'discard'> &
  Partial<StreamConfig>;

export interface SpecOptions {
  /** Copies of each stream: 3 in a cluster. What stands there is kept when absent. */
  readonly replicas?: number;
  /** How long notifications are kept, in ms; 7 days when absent. */
  readonly notifyRetentionMs?: number;
  /** A lease that is not renewed for so long is gone, in ms; 10 s when absent. */
  readonly leaseMs?: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 1_440 * MINUTE;

const limits = { retention: RetentionPolicy.Limits, storage: StorageType.File } as const;

const CHECKPOINTS: StreamSpec = {
  ...limits,
  name: STREAMS.checkpoints,
  subjects: [SUBJECTS.checkpoint],
  discard: DiscardPolicy.Old,
  // One an hour for ten years.
  max_msgs: 100_000,
  max_age: 0,
  deny_delete: true,
  duplicate_window: nanos(2 * MINUTE),
};

/** What was recorded of a reader is not taken back: no age, no deletion, and when it is full nothing is exported. */
const ACCESS: StreamSpec = {
  ...limits,
  name: STREAMS.access,
  subjects: [SUBJECTS.access],
  discard: DiscardPolicy.New,
  max_msgs: 1_000_000,
  max_age: 0,
  deny_delete: true,
  deny_purge: true,
  duplicate_window: nanos(2 * MINUTE),
};

/** Every stream and bucket of Sluice (design 3): the only table of them. */
export function streamSpecs(options: SpecOptions = {}): readonly StreamSpec[] {
  const { notifyRetentionMs = 7 * DAY, leaseMs = 10 * SECOND, replicas } = options;
  const specs: readonly StreamSpec[] = [
    {
      name: STREAMS.requests,
      subjects: [SUBJECTS.allRequests],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      // A full queue refuses the publisher: an acknowledged request is never dropped.
      discard: DiscardPolicy.New,
      max_msgs: 100_000,
      duplicate_window: nanos(2 * MINUTE),
    },
    {
      ...limits,
      name: STREAMS.log,
      subjects: [SUBJECTS.wholeLog],
      discard: DiscardPolicy.New,
      max_age: 0,
      deny_delete: true,
      // The archiver purges a subject after its segment was verified.
      deny_purge: false,
      duplicate_window: nanos(2 * MINUTE),
      // A direct get may be answered by a replica that lags; what the log says must come from its leader.
      allow_direct: false,
    },
    {
      ...limits,
      name: STREAMS.notify,
      subjects: [SUBJECTS.allNotifications],
      discard: DiscardPolicy.Old,
      max_age: nanos(notifyRetentionMs),
      duplicate_window: nanos(Math.min(10 * MINUTE, notifyRetentionMs)),
    },
    CHECKPOINTS,
    ACCESS,
    bucketSpec(BUCKETS.inventory),
    bucketSpec(BUCKETS.index),
    // A token that was taken back must be refused at once: reads come from the leader.
    bucketSpec(BUCKETS.tokens, { allow_direct: false }),
    bucketSpec(BUCKETS.meta),
    // The last weights of each group are its history, and a read after a publication shows it.
    bucketSpec(BUCKETS.weights, { max_msgs_per_subject: 64, allow_direct: false }),
    bucketSpec(BUCKETS.leases, {
      max_age: nanos(leaseMs),
      duplicate_window: nanos(Math.min(2 * MINUTE, leaseMs)),
      allow_direct: false,
    }),
  ];
  return replicas === undefined ? specs : specs.map((spec) => ({ ...spec, num_replicas: replicas }));
}

/** The stream behind a KV bucket, as the KV client makes it. */
function bucketSpec(bucket: string, more: Partial<StreamConfig> = {}): StreamSpec {
  return {
    ...limits,
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    discard: DiscardPolicy.New,
    max_msgs_per_subject: 1,
    allow_rollup_hdrs: true,
    allow_direct: true,
    deny_delete: true,
    ...more,
  };
}
