import type { DomainEvent } from '../events/index.js';
import { DEPENDENCY_SAMPLES } from './dependency-samples.js';
import { GROUP_SAMPLES } from './group-samples.js';
import { MEMBER_SAMPLES } from './member-samples.js';
import { PLAN_SAMPLES } from './plan-samples.js';
import { RECORD_SAMPLES } from './record-samples.js';
import { FREEZE_SAMPLES, TRAFFIC_SAMPLES } from './traffic-samples.js';
import { VARIABLE_SAMPLES } from './variable-samples.js';

/** At least one sample of every event type, in all its stored shapes: what fixtures and schemas are tested with. */
type Samples = { readonly [T in DomainEvent['type']]: readonly Extract<DomainEvent, { readonly type: T }>[] };

const earlier = 'r13-0123456789ABCDEFGHJKMNPQRS';
const planHash = 'cd'.repeat(32);
const sha256 = 'ab'.repeat(32);
const counts = { done: 7, skipped: 1, failed: 1, unknown: 1, excluded: 1, untouched: 89 };

export const EVENT_SAMPLES: Samples = {
  ...MEMBER_SAMPLES,
  ...PLAN_SAMPLES,
  ...DEPENDENCY_SAMPLES,
  ...TRAFFIC_SAMPLES,
  ...VARIABLE_SAMPLES,
  ...FREEZE_SAMPLES,
  ...RECORD_SAMPLES,
  RampSeen: [
    { type: 'RampSeen', phase: 'ramping', to: 250, hosts: 1_000 },
    { type: 'RampSeen', phase: 'stopped', to: 250, hosts: 1_000, words: 'logins fail: 12 of 1,000 in 5m' },
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
    { type: 'WaitStarted', wait: 'dwell', stage: 1, until: 1_767_225_900_000 },
    { type: 'WaitStarted', wait: 'capacity', stage: 1, until: 1_767_225_900_000 },
    { type: 'WaitStarted', wait: 'drain', stage: 8, until: 1_767_225_900_000 },
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
    {
      type: 'StepFailed',
      target: 6,
      step: 'drain',
      n: 1,
      ms: 0,
      code: 'DEPENDENCY_DOWN',
      message: 'main is required and does not answer',
      serving: true,
      again: 0,
    },
  ],
  DrainSkipped: [
    {
      type: 'DrainSkipped',
      target: 4,
      n: 1,
      step: 'drain',
      dependency: 'main',
      words: 'main is open: 5 of 5 calls failed, the last with connect ECONNREFUSED',
    },
    { type: 'DrainSkipped', target: 4, n: 1, step: 'enable', dependency: 'main', words: 'main is forced open' },
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
    {
      type: 'GatesRequested',
      stage: 2,
      round: 1,
      gates: ['errors'],
      passNotBefore: 1_767_225_900_000,
      phase: 'entry',
    },
  ],
  GateRecorded: [
    { type: 'GateRecorded', stage: 1, round: 1, gate: 'ready', verdict: 'fail', words: 'not ready 3 > limit 2' },
    {
      type: 'GateRecorded',
      stage: 1,
      round: 1,
      gate: 'errors',
      verdict: 'fail',
      words: 'failed 1 > limit 0: 3 of the last 5 values above 0.01',
      phase: 'during',
    },
  ],
  StagePassed: [{ type: 'StagePassed', stage: 1 }],
  RolloutBraked: [
    {
      type: 'RolloutBraked',
      cause: { kind: 'budget', words: 'lost 3 >= limit 3', numbers: { lost: 3, limit: 3 }, targets: [1, 5, 7] },
    },
    { type: 'RolloutBraked', cause: { kind: 'gate', words: 'ready failed', numbers: {} } },
    {
      type: 'RolloutBraked',
      cause: { kind: 'dependency', words: 'main is required and down: forced open', numbers: {}, targets: [4] },
    },
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
  RolloutSucceeded: [
    { type: 'RolloutSucceeded', counts },
    { type: 'RolloutSucceeded', counts, behind: { count: 1, members: [{ host: 'web-90', running: '1.0.0' }] } },
  ],
  RolloutFailed: [
    { type: 'RolloutFailed', counts, notServing: [4, 5] },
    {
      type: 'RolloutFailed',
      counts,
      notServing: [],
      behind: { count: 1, members: [{ host: 'web-90', running: null }] },
    },
  ],
  RolloutCancelled: [
    { type: 'RolloutCancelled', cause: 'rollback', counts, notServing: [] },
    {
      type: 'RolloutCancelled',
      cause: 'cancelled',
      counts,
      notServing: [],
      behind: { count: 1, members: [{ host: 'web-90', running: '1.0.0' }] },
    },
  ],
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
  ...GROUP_SAMPLES,
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
    {
      type: 'GateJudged',
      stage: 1,
      round: 1,
      gate: 'errors',
      verdict: 'inconclusive',
      words: 'no data: 0 of 5 values',
      inputs: { gate: 'errors' },
      policyHash: sha256,
      phase: 'during',
      shadow: true,
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
