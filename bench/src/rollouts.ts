import {
  EMPTY_HEAD,
  type EventToAppend,
  hashOf,
  type Plan,
  type PlanTarget,
  rolloutIdOf,
  type Shard,
  shardOfId,
  STEP_CHAIN,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { invariant } from '@sluice/kernel';
import { newUlid } from '@sluice/observability';

export const STEPS_PER_TARGET = STEP_CHAIN.length;

/** Targets of one plan commit: well under the largest commit. */
const CHUNK = 5_000;
/** A plan of so few targets is one commit, as the planner writes it. */
const SMALL = 100;

export const targetsOf = (count: number, prefix = 'bench'): PlanTarget[] =>
  Array.from({ length: count }, (_, i) => ({ host: `${prefix}-${String(i).padStart(6, '0')}` }));

/** A rollout in equal batches. */
export interface PlanWish {
  readonly group: string;
  readonly version: string;
  readonly targets: readonly PlanTarget[];
  /** Targets that may be out of service at once; half of all when absent. */
  readonly open?: number;
  /** Targets of a batch; as many as may be out of service when absent. */
  readonly batch?: number;
  /** Lost targets that brake; as many as may be out of service when absent. */
  readonly failureLimit?: number;
}

const specOf = (group: string, version: string): Plan['spec'] => ({
  app: 'bench',
  group,
  version,
  artifact: { url: `https://artifacts.invalid/bench-${version}.tgz`, sha256: 'a'.repeat(64) },
  profile: { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 10_000 },
  verify: { path: '/health', status: 200, successes: 3, intervalMs: 1_000, timeoutMs: 60_000 },
  ignoreVerify: false,
  drainWindowMs: 1_000,
});

/** The plan that a request with 50 percent gives: two batches of half the fleet; no canary, no waits, no gates. */
export function planOf({ group, version, targets, open, batch, failureLimit }: PlanWish): Plan {
  const unavailable = open ?? Math.max(1, Math.floor(targets.length / 2));
  const size = batch ?? unavailable;
  return {
    v: 1,
    rolloutId: rolloutIdOf(group, `${group}/${version}`),
    requestId: `bench-${version}`,
    app: 'bench',
    group,
    environment: 'production',
    strategy: 'rolling',
    version,
    spec: specOf(group, version),
    targetCount: targets.length,
    canaries: 0,
    batches: [
      [size, Math.floor(targets.length / size)],
      ...(targets.length % size === 0 ? [] : [[targets.length % size, 1] as const]),
    ],
    budget: {
      members: targets.length,
      percent: 50,
      maxUnavailable: unavailable,
      failureLimit: failureLimit ?? unavailable,
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

export function shardOf({ rolloutId }: Plan): Shard {
  const shard = shardOfId(rolloutId);
  invariant(shard !== undefined, 'a rollout id names its shard', { rolloutId });
  return shard;
}

/** Writes the targets and hands back the commit that seals the plan and thereby starts the rollout. */
export async function writePlan(
  log: EventLog,
  plan: Plan,
  targets: readonly PlanTarget[],
): Promise<() => Promise<unknown>> {
  const stream = { shard: shardOf(plan), writer: 'plan', id: plan.rolloutId } as const;
  const meta = { by: plan.requestedBy, cause: plan.requestId, corr: plan.requestId };
  let head = EMPTY_HEAD;
  const planned = { event: { type: 'RolloutPlanned', plan, planHash: hashOf(plan) } as const, meta };
  const chunkFrom = (from: number): EventToAppend => ({
    event: { type: 'PlanTargetsAdded', from, targets: targets.slice(from, from + CHUNK) },
    meta,
  });
  if (targets.length <= SMALL) {
    return () => log.append(stream, head, { id: newUlid(), at: Date.now(), events: [chunkFrom(0), planned] });
  }
  for (let from = 0; from < targets.length; from += CHUNK) {
    head = await log.append(stream, head, { id: newUlid(), at: Date.now(), events: [chunkFrom(from)] });
  }
  return () => log.append(stream, head, { id: newUlid(), at: Date.now(), events: [planned] });
}

/** Resolves when each of these rollouts has given back its group's lease, the last commit that a rollout brings. */
export async function released(log: EventLog, plans: readonly Plan[], from: number): Promise<void> {
  const open = new Set(plans.map(({ rolloutId }) => rolloutId));
  const shards = [...new Set(plans.map(shardOf))];
  const ended = new AbortController();
  for await (const item of log.follow({ shards, writers: ['group'], from, signal: ended.signal })) {
    if (item.kind !== 'commit' || item.commit.stream.writer !== 'group') continue;
    const events = item.commit.events as readonly { readonly type: string; readonly rolloutId?: string }[];
    for (const event of events) if (event.type === 'LeaseReleased') open.delete(event.rolloutId ?? '');
    if (open.size === 0) break;
  }
  ended.abort();
}
