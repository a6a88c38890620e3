import type { DomainEvent, Plan, Writer } from '@sluice/contracts';
import type { CommitView } from '@sluice/gateway';

const HASH = 'cd'.repeat(32);

/** A plan that shifts traffic from flip to flop by 5 and 100 percent, with a gate of each kind of consequence. */
export const SHIFT_PLAN: Plan = {
  v: 1,
  rolloutId: 'r07-0123456789ABCDEFGHJKMNPQRS',
  requestId: 'req',
  app: 'search',
  group: 'search',
  environment: 'production',
  strategy: 'traffic',
  version: '3.1.0',
  spec: {
    app: 'search',
    group: 'search',
    version: '3.1.0',
    artifact: { url: 'file:///a', sha256: HASH },
    profile: { kind: 'process', command: ['node'], stopGraceMs: 1 },
    verify: { path: '/', status: 200, successes: 1, intervalMs: 1, timeoutMs: 1 },
    ignoreVerify: false,
    drainWindowMs: 0,
  },
  targetCount: 0,
  canaries: 0,
  batches: [],
  budget: {
    members: 0,
    percent: 50,
    maxUnavailable: 1,
    failureLimit: 1,
    failureThresholdPercent: 50,
    extraFailures: 0,
    minServing: 0,
    advisory: false,
  },
  waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
  approvals: { batches: 'required' },
  mode: 'automatic',
  gates: [],
  gateSpecs: (['brake', 'record'] as const).map((onFail) => ({
    ...{ name: onFail === 'brake' ? 'errors' : 'latency', source: 'prom', onFail, intervalMs: 1_000 },
    at: onFail === 'brake' ? (['during', 'exit', 'entry'] as const) : (['during'] as const),
    limits: { fail: 0, inconclusive: 3, error: 3, passes: 1 },
    measure: { kind: 'threshold', query: 'q', windowMs: 60_000, stepMs: 1_000, bound: 'max', limit: 1, n: 1, of: 1 },
  })),
  onCanaryFailure: 'hold',
  leftOut: [],
  targetsHash: HASH,
  requestedBy: { id: 'ana', kind: 'user' },
  pollAfterMs: 5_000,
  attemptDeadlineMs: 60_000,
  traffic: {
    oldSide: 'flip',
    newSide: 'flop',
    services: [{ name: 'index' }, { name: 'web' }],
    capacity: 'cloud',
    publish: [],
    preScalePercent: 25,
    smokeDark: true,
    weights: [{ weight: 5, smoke: true }, { weight: 100 }],
    approveBefore: 100,
    dwellMs: 60_000,
    readyWithinMs: 600_000,
    drainWindowMs: 30_000,
  },
};

const START = 1_767_225_600_000;
let position = 0;

/** One commit, so many ms after the first. */
export function commitAt(after: number, by: string, ...events: DomainEvent[]): CommitView {
  const meta = { by: { id: by, kind: 'service' as const }, cause: 'c', corr: 'r' };
  position += 1;
  const writer: Writer = by === 'planner' ? 'plan' : 'exec';
  return {
    position,
    at: START + after,
    writer,
    stream: SHIFT_PLAN.rolloutId,
    rev: position,
    commit: `c${position}`,
    events: events.map((event) => ({ ...event, meta })),
  };
}

const seen = (side: string, desired: number, ready: number): DomainEvent => ({
  type: 'SideSeen',
  side,
  services: ['index', 'web'].map((service) => ({ service, desired, created: desired, ready })),
});
const FIVE = { flip: 95, flop: 5 };
const BACK = { flip: 100, flop: 0 };
const counts = { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0 };

/** A shift that is frozen, hotfixed, moved by hand and rolled back. */
export const SHIFT_STORY: readonly CommitView[] = [
  commitAt(0, 'planner', { type: 'RolloutPlanned', plan: SHIFT_PLAN, planHash: HASH }),
  commitAt(100, 'executor', { type: 'RolloutStarted', token: 4 }, { type: 'StageEntered', stage: 0 }),
  commitAt(
    200,
    'executor',
    { type: 'WaitStarted', wait: 'capacity', stage: 0, until: START + 600_200 },
    seen('flip', 100, 100),
    seen('flop', 0, 0),
    { type: 'SideScaleOrdered', stage: 0, side: 'flop', services: [{ service: 'index', desired: 25 }] },
  ),
  commitAt(1_000, 'executor', seen('flop', 25, 3)),
  commitAt(2_000, 'executor', seen('flop', 25, 20)),
  commitAt(
    3_000,
    'executor',
    seen('flop', 25, 25),
    { type: 'StagePassed', stage: 0 },
    { type: 'StageEntered', stage: 1 },
    { type: 'WeightSet', stage: 1, weights: FIVE, why: 'stage' },
  ),
  commitAt(
    3_100,
    'executor',
    { type: 'WeightPublished', weights: FIVE, version: 7 },
    { type: 'WaitStarted', wait: 'dwell', stage: 1, until: START + 63_100 },
  ),
  commitAt(4_000, 'executor', {
    type: 'GateRecorded',
    ...{ stage: 1, round: 1, gate: 'errors', verdict: 'pass', words: '0 of 1 > 1', phase: 'during' },
  }),
  commitAt(5_000, 'executor', { type: 'RolloutFrozen', freeze: 'f-1', until: START + 60_000, words: 'holidays' }),
  commitAt(6_000, 'bo', { type: 'FreezeOverridden', by: 'user:bo', reason: 'repairs the outage' }),
  commitAt(7_000, 'bo', {
    type: 'WeightSet',
    ...{ stage: 1, weights: { flip: 75, flop: 25 }, why: 'manual', reason: 'graphs are flat' },
  }),
  commitAt(8_000, 'executor', { type: 'RolloutThawed', freeze: 'f-1' }),
  commitAt(
    9_000,
    'bo',
    { type: 'WeightSet', stage: 1, weights: BACK, why: 'back', reason: 'orders fail' },
    { type: 'RolloutSettling', cause: 'rollback', reason: 'orders fail' },
  ),
  commitAt(
    9_100,
    'executor',
    { type: 'WeightPublished', weights: BACK, version: 8 },
    { type: 'RolloutCancelled', cause: 'rollback', counts, notServing: [] },
  ),
];

/** The end of one that came through. */
export const SHIFT_END: readonly CommitView[] = [
  commitAt(10_000, 'executor', { type: 'WaitStarted', wait: 'drain', stage: 3, until: START + 40_000 }),
  commitAt(40_000, 'executor', { type: 'SideRetireOrdered', side: 'flip' }),
  commitAt(41_000, 'executor', { type: 'SideRetired', side: 'flip' }, { type: 'RolloutSucceeded', counts }),
];
