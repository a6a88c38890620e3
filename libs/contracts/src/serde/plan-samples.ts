import type { DomainEvent, PlanEvent } from '../events/index.js';
import type { InventoryUsed } from '../inventory.js';
import type { Plan } from '../plan.js';
import { SAMPLE_SPEC } from '../schemas/message-samples.js';
import { SAMPLE_GATES, SAMPLE_SHIFT } from './traffic-samples.js';

const rolloutId = 'r13-36S5GNQ1R58CN0TCZZ4BB6S3NP';
const earlier = 'r13-0123456789ABCDEFGHJKMNPQRS';
const planHash = 'cd'.repeat(32);
const sha256 = 'ab'.repeat(32);

const SAMPLE_PLAN: Plan = {
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

const balancedPlan: Plan = {
  ...SAMPLE_PLAN,
  spec: { ...SAMPLE_SPEC, balanced: true },
  lb: { balancer: 'main', backend: 'hello', mode: 'degrade' },
};

const trafficPlan: Plan = {
  ...SAMPLE_PLAN,
  strategy: 'traffic',
  targetCount: 0,
  canaries: 0,
  batches: [],
  gateSpecs: SAMPLE_GATES,
  traffic: SAMPLE_SHIFT,
};

const rampPlan: Plan = {
  ...SAMPLE_PLAN,
  strategy: 'ramp',
  targetCount: 0,
  canaries: 0,
  batches: [],
  ramp: {
    fleet: 'backend',
    spec: {
      name: 'docker',
      type: 'string',
      from: '1.9.0',
      to: '2.0.0',
      schedule: { kind: 'linear', durationMs: 1_209_600_000 },
      limits: { '*': { maxPercent: 30, minHosts: 1, pace: { changes: 5, windowMs: 600_000 } } },
      salt: '',
    },
  },
};

const rollbackPlan: Plan = {
  ...SAMPLE_PLAN,
  strategy: 'rollback',
  canaries: 0,
  batches: [[50, 2]],
  rollbackOf: earlier,
};

/** Samples of what the planner writes. */
export const PLAN_SAMPLES: {
  readonly [T in PlanEvent['type']]: readonly Extract<DomainEvent, { readonly type: T }>[];
} = {
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
    {
      type: 'RolloutPlanned',
      plan: SAMPLE_PLAN,
      planHash,
      drift: { count: 1, hosts: [{ host: 'web-03', recorded: '1.0.0', running: '0.9.0' }] },
    },
    { type: 'RolloutPlanned', plan: SAMPLE_PLAN, planHash, unreachable: { count: 2, hosts: ['web-04', 'web-05'] } },
    { type: 'RolloutPlanned', plan: balancedPlan, planHash },
    { type: 'RolloutPlanned', plan: { ...SAMPLE_PLAN, labels: { cluster: 'fra', disk: 'ssd' } }, planHash },
    { type: 'RolloutPlanned', plan: trafficPlan, planHash },
    { type: 'RolloutPlanned', plan: rampPlan, planHash },
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
};
