import {
  attemptId,
  type Plan,
  type PlanTarget,
  type RunCommand,
  shardOfGroup,
  specHashOf,
  STEP_CHAIN,
} from '@sluice/contracts';

import { planOf } from '../rollouts.js';

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

export const GROUP = 'bench';
export const SHARD = shardOfGroup(GROUP);

export const planIn = (version: string, targets: readonly PlanTarget[]): Plan =>
  planOf({ group: GROUP, version, targets });

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
