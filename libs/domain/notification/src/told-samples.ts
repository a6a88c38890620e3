import { type DomainEvent, type Plan, rolloutIdOf, shardOfId, type Writer } from '@sluice/contracts';

import type { ToldEvent } from './told.js';

export const SAMPLE_ID = rolloutIdOf('web', 'seed');
/** Holds what must never be told. */
export const SECRET_URL = 'https://deploy:hunter2@store.example/hello.tgz?token=abc';

export const SAMPLE_PLAN: Plan = {
  v: 1,
  rolloutId: SAMPLE_ID,
  requestId: 'req-1',
  app: 'hello',
  group: 'web',
  environment: 'production',
  strategy: 'canary',
  version: '2.0.0',
  spec: {
    app: 'hello',
    group: 'web',
    version: '2.0.0',
    artifact: { url: SECRET_URL, sha256: 'ab'.repeat(32) },
    profile: { kind: 'process', command: ['node', 'x.js'], env: { API_KEY: 'hunter2' }, stopGraceMs: 1_000 },
    verify: { path: '/', status: 200, successes: 1, intervalMs: 100, timeoutMs: 1_000 },
    ignoreVerify: false,
    drainWindowMs: 0,
  },
  targetCount: 12,
  canaries: 1,
  batches: [
    [3, 3],
    [2, 1],
  ],
  budget: {
    members: 12,
    percent: 25,
    maxUnavailable: 3,
    failureLimit: 3,
    failureThresholdPercent: 25,
    extraFailures: 0,
    minServing: 0,
    advisory: false,
  },
  waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
  approvals: { batches: 'required' },
  mode: 'automatic',
  gates: ['settled', 'ready'],
  onCanaryFailure: 'hold',
  leftOut: [{ host: 'h13', reason: 'down' }],
  targetsHash: 'cd'.repeat(32),
  requestedBy: { id: 'bob', kind: 'user' },
  pollAfterMs: 5_000,
  attemptDeadlineMs: 60_000,
};

/** The same as a shift of traffic. */
export const SAMPLE_SHIFT: Plan = {
  ...SAMPLE_PLAN,
  strategy: 'traffic',
  targetCount: 0,
  canaries: 0,
  batches: [],
  gates: [],
  traffic: {
    oldSide: 'flip',
    newSide: 'flop',
    services: [{ name: 'web', artifact: { url: SECRET_URL, sha256: 'ab'.repeat(32) } }],
    capacity: 'agents',
    publish: [],
    preScalePercent: 25,
    weights: [{ weight: 5 }, { weight: 50, smoke: true }, { weight: 100 }],
    approveBefore: 50,
    dwellMs: 60_000,
    readyWithinMs: 600_000,
    drainWindowMs: 30_000,
  },
};

/** An event at a place of the log, said by ana. */
export const told = (event: DomainEvent, writer: Writer = 'exec', streamId = SAMPLE_ID): ToldEvent => ({
  event,
  meta: { by: { id: 'ana', kind: 'user' }, cause: 'c', corr: 'req-1' },
  stream: { shard: shardOfId(streamId) ?? '00', writer, id: streamId },
  commitId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  index: 2,
  position: 1_234,
  at: 1_767_225_600_000,
});
