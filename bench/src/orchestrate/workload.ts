import {
  attemptId,
  hashOf,
  type Plan,
  type PlanTarget,
  type RunCommand,
  rolloutIdOf,
  shardOfGroup,
  specHashOf,
  STEP_CHAIN,
} from '@sluice/contracts';

/** What a contender is told: where NATS is and how many targets each of its rollouts has. */
export interface RoundOrder {
  readonly servers: string;
  /** Of the rollout that is timed. */
  readonly targets: number;
  /** Rollouts of the same size before it: a service runs for months, so none is measured cold. */
  readonly warmUps: number;
}

/** What a contender reached in one timed rollout. */
export interface RoundResult {
  readonly ms: number;
  /** Steps that stand in the log. */
  readonly steps: number;
  readonly commits: number;
  /** The first rollout of the process, ms: cold code. Absent where it had another size. */
  readonly coldMs?: number;
  /** CPU time of the contender's own process during the timed part, ms. */
  readonly cpuMs: number;
}

export const STEPS_PER_TARGET = STEP_CHAIN.length;
export const GROUP = 'bench';
export const SHARD = shardOfGroup(GROUP);

const hostOf = (index: number): string => `bench-${String(index).padStart(6, '0')}`;

export const targetsOf = (count: number): PlanTarget[] =>
  Array.from({ length: count }, (_, i) => ({ host: hostOf(i) }));

const specOf = (version: string): Plan['spec'] => ({
  app: 'bench',
  group: GROUP,
  version,
  artifact: { url: `https://artifacts.invalid/bench-${version}.tgz`, sha256: 'a'.repeat(64) },
  profile: { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 10_000 },
  verify: { path: '/health', status: 200, successes: 3, intervalMs: 1_000, timeoutMs: 60_000 },
  ignoreVerify: false,
  drainWindowMs: 1_000,
});

/** Two batches of half the fleet, as a request with 50 percent gives them; no canary, no waits, no gates. */
export function planOf(version: string, targets: readonly PlanTarget[]): Plan {
  const half = Math.max(1, Math.floor(targets.length / 2));
  return {
    v: 1,
    rolloutId: rolloutIdOf(GROUP, version),
    requestId: `bench-${version}`,
    app: 'bench',
    group: GROUP,
    environment: 'production',
    strategy: 'rolling',
    version,
    spec: specOf(version),
    targetCount: targets.length,
    canaries: 0,
    batches: [
      [half, Math.floor(targets.length / half)],
      ...(targets.length % half === 0 ? [] : [[targets.length % half, 1] as const]),
    ],
    budget: {
      members: targets.length,
      percent: 50,
      maxUnavailable: half,
      failureLimit: half,
      failureThresholdPercent: 50,
      extraFailures: 0,
      minServing: 0,
      advisory: false,
    },
    waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
    approvals: { batches: 'policy' },
    mode: 'automatic',
    gates: [],
    onCanaryFailure: 'hold',
    leftOut: [],
    targetsHash: hashOf(targets),
    requestedBy: { id: 'bench', kind: 'service' },
    pollAfterMs: 60_000,
    attemptDeadlineMs: 600_000,
  };
}

/** The runs that the executor sends for a plan, as the limit sends them without deciding anything. */
export function runsOf(plan: Plan, targets: readonly PlanTarget[]): RunCommand[] {
  const specHash = specHashOf(plan.spec, STEP_CHAIN);
  return targets.map(({ host }, target) => ({
    v: 1,
    attempt: attemptId(plan.rolloutId, host, 'drain', 1),
    rollout: plan.rolloutId,
    host,
    target,
    kind: 'roll',
    n: 1,
    token: 1,
    steps: STEP_CHAIN,
    spec: plan.spec,
    specHash,
  }));
}
