import type { DomainEvent } from '../events/index.js';
import type { InventoryUsed } from '../inventory.js';
import type { Plan } from '../plan.js';
import { SAMPLE_SPEC } from '../schemas/message-samples.js';

/** At least one sample of every event type, in all its stored shapes: what fixtures and schemas are tested with. */
type Samples = { readonly [T in DomainEvent['type']]: readonly Extract<DomainEvent, { readonly type: T }>[] };

const rolloutId = 'r13-36S5GNQ1R58CN0TCZZ4BB6S3NP';
const earlier = 'r13-0123456789ABCDEFGHJKMNPQRS';
const planHash = 'cd'.repeat(32);
const sha256 = 'ab'.repeat(32);
const counts = { done: 7, skipped: 1, failed: 1, unknown: 1, excluded: 1, untouched: 89 };

export const SAMPLE_PLAN: Plan = {
  v: 1,
  rolloutId,
  requestId: 'req-1',
  app: 'hello',
  group: 'hello-web',
  environment: 'production',
  strategy: 'canary',
  version: '2.0.0',
  spec: SAMPLE_SPEC,
  targetCount: 100,
  canaries: 1,
  batches: [
    [25, 3],
    [24, 1],
  ],
  budget: {
    members: 100,
    percent: 25,
    maxUnavailable: 25,
    failureLimit: 25,
    failureThresholdPercent: 25,
    extraFailures: 0,
    minServing: 10,
    advisory: false,
  },
  waits: { intervalMs: 300_000, tailIntervalMs: 60_000, tailFrom: 3, bakeMs: 600_000 },
  approvals: { batches: 'required' },
  mode: 'automatic',
  gates: ['settled', 'ready'],
  onCanaryFailure: 'hold',
  leftOut: [{ host: 'web-99', reason: 'excluded by bo: disk' }],
  targetsHash: 'ef'.repeat(32),
  requestedBy: { id: 'ana', kind: 'user' },
  reason: 'faster search',
  pollAfterMs: 5_000,
  attemptDeadlineMs: 600_000,
  documentHash: 'ac'.repeat(32),
};

const mixedPlan: Plan = {
  ...SAMPLE_PLAN,
  profiles: [{ kind: 'exec', steps: { install: ['/opt/install', '--arm'] }, stepTimeoutMs: 60_000 }],
};

const agedInventory: InventoryUsed = {
  source: 'cmdb',
  version: 42,
  fetchedAt: 1_700_000_000_000,
  ageMs: 90_000,
  note: 'the CMDB did not answer; what it said 1m30s ago is used',
};

const rollbackPlan: Plan = {
  ...SAMPLE_PLAN,
  strategy: 'rollback',
  canaries: 0,
  batches: [[50, 2]],
  rollbackOf: earlier,
};

export const EVENT_SAMPLES: Samples = {
  PlanTargetsAdded: [
    {
      type: 'PlanTargetsAdded',
      from: 0,
      targets: [{ host: 'web-01', site: 'fra', from: '1.0.0' }, { host: 'web-02', drained: true }, { host: 'web-03' }],
    },
    { type: 'PlanTargetsAdded', from: 3, targets: [{ host: 'web-04', profile: 0 }, { host: 'web-05' }] },
  ],
  RolloutPlanned: [
    { type: 'RolloutPlanned', plan: SAMPLE_PLAN, planHash },
    { type: 'RolloutPlanned', plan: rollbackPlan, planHash, trace: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` },
    { type: 'RolloutPlanned', plan: mixedPlan, planHash },
    { type: 'RolloutPlanned', plan: SAMPLE_PLAN, planHash, inventory: agedInventory },
  ],
  RequestRefused: [
    {
      type: 'RequestRefused',
      requestId: 'req-2',
      faults: [{ path: '/artifact/sha256', code: 'MISSING', message: 'say the sha256 of the artifact' }],
      documentHash: sha256,
    },
    {
      type: 'RequestRefused',
      requestId: 'req-3',
      faults: [{ path: '/group', code: 'EMPTY_GROUP', message: 'the group has no host' }],
      documentHash: sha256,
      app: 'hello',
      group: 'hello-web',
    },
  ],
  RolloutStarted: [
    { type: 'RolloutStarted', token: 7 },
    { type: 'RolloutStarted', token: 8, rollbackTo: { rolloutId: earlier, version: '1.0.0' } },
  ],
  ApprovalRequested: [{ type: 'ApprovalRequested', approval: 'canary', planHash }],
  ApprovalGranted: [
    { type: 'ApprovalGranted', approval: 'canary', planHash },
    { type: 'ApprovalGranted', approval: 'batches', planHash, reason: 'graphs are flat' },
  ],
  ApprovalRejected: [
    { type: 'ApprovalRejected', approval: 'batches' },
    { type: 'ApprovalRejected', approval: 'canary', reason: 'slow' },
  ],
  WaitStarted: [
    { type: 'WaitStarted', wait: 'interval', stage: 2, until: 1_767_225_900_000 },
    { type: 'WaitStarted', wait: 'bake', stage: 0, until: 1_767_225_900_000 },
  ],
  BatchAwaited: [{ type: 'BatchAwaited', stage: 2 }],
  BatchProceeded: [{ type: 'BatchProceeded', stage: 2 }],
  StageEntered: [{ type: 'StageEntered', stage: 1 }],
  TargetsAdmitted: [
    { type: 'TargetsAdmitted', run: 'roll', targets: [1, 2, 3, 4, 9], deadline: 1_767_225_900_000 },
    { type: 'TargetsAdmitted', run: 'probe', targets: [9, 2, 3], deadline: 1_767_225_900_000 },
    { type: 'TargetsAdmitted', run: 'enable', targets: [0], deadline: 1_767_225_900_000 },
  ],
  StepSucceeded: [
    { type: 'StepSucceeded', target: 3, step: 'drain', n: 1, ms: 2_004 },
    { type: 'StepSucceeded', target: 3, step: 'download', n: 1, ms: 3, note: 'local' },
    { type: 'StepSucceeded', target: 3, step: 'install', n: 1, ms: 800 },
    { type: 'StepSucceeded', target: 3, step: 'verify', n: 1, ms: 0, note: 'waived' },
    { type: 'StepSucceeded', target: 3, step: 'enable', n: 2, ms: 1 },
    { type: 'StepSucceeded', target: 3, step: 'probe', n: 3, ms: 15 },
    { type: 'StepSucceeded', target: 4, step: 'download', n: 1, ms: 90, source: 'https://fra.example/hello.tgz' },
    {
      type: 'StepSucceeded',
      target: 5,
      step: 'download',
      n: 1,
      ms: 900,
      source: 'https://store.example/hello.tgz',
      fellBack: [{ url: 'https://fra.example/hello.tgz', code: 'DOWNLOAD_FAILED' }],
    },
  ],
  StepFailed: [
    {
      type: 'StepFailed',
      target: 4,
      step: 'verify',
      n: 1,
      ms: 60_000,
      code: 'VERIFY_TIMEOUT',
      message: 'GET /healthz answered 500: read the log of the app',
      serving: false,
    },
    {
      type: 'StepFailed',
      target: 4,
      step: 'download',
      n: 2,
      ms: 10,
      code: 'DOWNLOAD_FAILED',
      message: 'the connection was closed',
      serving: true,
      again: 1,
    },
    {
      type: 'StepFailed',
      target: 5,
      step: 'download',
      n: 1,
      ms: 60,
      code: 'DOWNLOAD_REFUSED',
      message: 'https://store.example answered 404 for the artifact',
      serving: true,
      fellBack: [
        { url: 'https://fra.example/hello.tgz', code: 'DOWNLOAD_FAILED' },
        { url: 'https://store.example/hello.tgz', code: 'DOWNLOAD_REFUSED' },
      ],
    },
  ],
  VerifyWaived: [
    { type: 'VerifyWaived', target: 4, by: 'ana' },
    { type: 'VerifyWaived', target: 4, by: 'ana', reason: 'its health check is broken, not the app' },
  ],
  TargetUnknown: [
    { type: 'TargetUnknown', target: 5, step: 'install', n: 1, code: 'DEADLINE' },
    { type: 'TargetUnknown', target: 6, step: 'drain', n: 2, code: 'UNREACHABLE' },
  ],
  TargetExcluded: [{ type: 'TargetExcluded', target: 8, reason: 'broken disk' }],
  StageSettled: [{ type: 'StageSettled', stage: 1, counts }],
  GatesRequested: [
    { type: 'GatesRequested', stage: 1, round: 1, gates: ['settled', 'ready'], passNotBefore: 1_767_225_900_000 },
  ],
  GateRecorded: [
    { type: 'GateRecorded', stage: 1, round: 1, gate: 'ready', verdict: 'fail', words: 'not ready 3 > limit 2' },
  ],
  StagePassed: [{ type: 'StagePassed', stage: 1 }],
  RolloutBraked: [
    {
      type: 'RolloutBraked',
      cause: { kind: 'budget', words: 'lost 3 >= limit 3', numbers: { lost: 3, limit: 3 }, targets: [1, 5, 7] },
    },
    { type: 'RolloutBraked', cause: { kind: 'gate', words: 'ready failed', numbers: {} } },
  ],
  BrakeReleased: [
    { type: 'BrakeReleased', by: 'retry' },
    { type: 'BrakeReleased', by: 'override', reason: 'known fault' },
  ],
  BudgetChanged: [
    { type: 'BudgetChanged', members: 99, maxUnavailable: 24, failureLimit: 24, extraFailures: 0 },
    {
      type: 'BudgetChanged',
      members: 99,
      maxUnavailable: 24,
      failureLimit: 24,
      extraFailures: 2,
      reason: 'known fault',
    },
  ],
  RetryOrdered: [
    { type: 'RetryOrdered', redo: [4, 7], probe: [5, 1] },
    { type: 'RetryOrdered', redo: [], probe: [1, 2, 3], reason: 'disk replaced' },
  ],
  SkipOrdered: [
    { type: 'SkipOrdered', target: 4 },
    { type: 'SkipOrdered', target: 4, reason: 'done by hand' },
  ],
  RolloutPaused: [{ type: 'RolloutPaused' }, { type: 'RolloutPaused', reason: 'lunch' }],
  RolloutResumed: [{ type: 'RolloutResumed' }, { type: 'RolloutResumed', reason: 'back' }],
  ModeChanged: [
    { type: 'ModeChanged', mode: 'manual' },
    { type: 'ModeChanged', mode: 'automatic', reason: 'calm' },
  ],
  IntervalsChanged: [
    { type: 'IntervalsChanged', intervalMs: 0, tailIntervalMs: 60_000 },
    { type: 'IntervalsChanged', intervalMs: 1, tailIntervalMs: 2, reason: 'in haste' },
  ],
  RolloutSettling: [
    { type: 'RolloutSettling', cause: 'cancelled' },
    { type: 'RolloutSettling', cause: 'superseded', by: earlier, reason: 'a newer request' },
  ],
  RolloutSucceeded: [{ type: 'RolloutSucceeded', counts }],
  RolloutFailed: [{ type: 'RolloutFailed', counts, notServing: [4, 5] }],
  RolloutCancelled: [{ type: 'RolloutCancelled', cause: 'rollback', counts, notServing: [] }],
  RolloutClosed: [
    { type: 'RolloutClosed', cause: 'closed' },
    { type: 'RolloutClosed', cause: 'superseded', reason: 'a newer request' },
  ],
  RollbackRequested: [
    {
      type: 'RollbackRequested',
      to: { rolloutId: earlier, version: '1.0.0' },
      targets: [0, 1, 2, 5],
      down: [5],
      ordinal: 1,
    },
    {
      type: 'RollbackRequested',
      to: { rolloutId: earlier, version: '1.0.0' },
      targets: [3, 1],
      down: [3, 1],
      ordinal: 2,
      reason: 'errors',
    },
  ],
  LeaseGranted: [{ type: 'LeaseGranted', rolloutId, token: 8 }],
  LeaseQueued: [{ type: 'LeaseQueued', rolloutId, behind: earlier, version: '2.0.0', strategy: 'canary' }],
  LeaseDropped: [{ type: 'LeaseDropped', rolloutId, reason: 'a newer one waits' }],
  LeaseReleased: [{ type: 'LeaseReleased', rolloutId, outcome: 'succeeded' }],
  VersionSucceeded: [
    { type: 'VersionSucceeded', version: '2.0.0', rolloutId, strategy: 'canary', sha256 },
    { type: 'VersionSucceeded', version: '1.0.0', rolloutId, strategy: 'rollback', sha256, restores: earlier },
  ],
  VersionBlocked: [
    { type: 'VersionBlocked', version: '3.0.0', reason: 'rolled back' },
    { type: 'VersionBlocked', version: '3.0.0', reason: 'rolled back', rolloutId },
  ],
  VersionUnblocked: [{ type: 'VersionUnblocked', version: '3.0.0', reason: 'rollback cancelled' }],
  HostExcluded: [{ type: 'HostExcluded', host: 'web-08', reason: 'broken disk' }],
  HostIncluded: [{ type: 'HostIncluded', host: 'web-08', reason: 'disk replaced' }],
  GroupCheckpointed: [
    {
      type: 'GroupCheckpointed',
      token: 0,
      history: [],
      blocked: [],
      excluded: [],
      dropped: [],
      blockedFor: [],
    },
    {
      type: 'GroupCheckpointed',
      token: 7,
      active: rolloutId,
      waiting: { rolloutId: earlier, version: '2.0.0', strategy: 'canary' },
      history: [
        { version: '1.0.0', rolloutId: earlier, strategy: 'canary', sha256 },
        { version: '1.0.0', rolloutId, strategy: 'rollback', sha256, restores: earlier },
      ],
      blocked: [
        { version: '3.0.0', reason: 'rolled back', rolloutId },
        { version: '4.0.0', reason: 'by hand' },
      ],
      excluded: [{ host: 'web-08', reason: 'broken disk' }],
      dropped: [{ rolloutId: earlier, reason: 'a newer one waits' }],
      blockedFor: [rolloutId],
    },
  ],
  GateJudged: [
    {
      type: 'GateJudged',
      stage: 1,
      round: 1,
      gate: 'ready',
      verdict: 'pass',
      words: 'ready 25 of 25',
      inputs: { ready: 25, expected: 25, hosts: ['web-01'] },
      policyHash: sha256,
    },
  ],
  NoticeDelivered: [
    {
      type: 'NoticeDelivered',
      notificationId: '01ARZ3NDEKTSV4RRFFQ69G5FAV.0',
      notificationType: 'sluice.rollout.braked.v1',
      severity: 'critical',
      position: 42,
    },
  ],
};
