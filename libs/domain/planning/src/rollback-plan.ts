import type { Fault, GroupEntry, LeftOut, MemberEntry, Plan, PlanTarget, Profile } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

import { balancerOf, servedBy } from './balancer.js';
import { batchSizes } from './batch-sizes.js';
import { rollbackBudget } from './budget.js';
import { boundLeftOut } from './left-out.js';
import type { MadePlan, PlanDraft } from './plan-input.js';
import { compareNames } from './ordering.js';
import { restoreProfiles } from './profiles.js';

/** A host that the bad rollout touched. `down`: it does not serve. */
export interface TouchedTarget {
  readonly host: string;
  readonly site?: string | undefined;
  readonly down: boolean;
}

export interface RollbackInput {
  /** Of the new rollout. */
  readonly rolloutId: string;
  readonly requestId: string;
  /** The plan of the success that is restored: its recorded spec is used as it is, nothing is built (MOM-03). */
  readonly to: Plan;
  /** The rollout that is taken back. */
  readonly rollbackOf: string;
  /** The targets of that plan; they may be left out when neither it nor the group has profiles by label. */
  readonly recorded: readonly PlanTarget[];
  /** As the inventory has them now: hosts that the restored plan did not have are looked up here. */
  readonly group: GroupEntry | undefined;
  readonly members: readonly MemberEntry[];
  readonly touched: readonly TouchedTarget[];
  /** Host -> reason. */
  readonly exclusions: ReadonlyMap<string, string>;
  readonly requestedBy: Actor;
  readonly reason?: string | undefined;
}

/**
 * Two batches of the touched hosts, those that do not serve first; no canary, waits, approvals or gates, and a brake
 * that only advises (TAR-38). Fault EMPTY_GROUP when no touched host may be commanded.
 */
export function makeRollbackPlan(input: RollbackInput): MadePlan {
  const leftOut = input.touched.flatMap(({ host }): LeftOut[] => {
    const reason = input.exclusions.get(host);
    return reason === undefined ? [] : [{ host, reason: reason === '' ? 'excluded' : `excluded: ${reason}` }];
  });
  const ordered = orderRollback(input.touched.filter(({ host }) => !input.exclusions.has(host)));
  if (ordered.length === 0) return { ok: false, faults: [nothingToRollBack(input.rollbackOf)] };
  const { targets, profiles } = restoreProfiles(input, ordered);
  return { ok: true, draft: rollbackDraft(input, profiles, { targetCount: targets.length, leftOut }), targets };
}

function nothingToRollBack(rollbackOf: string): Fault {
  const message = `no host that ${rollbackOf} touched may be commanded: include the excluded hosts again, then roll back`;
  return { path: '/targets', code: 'EMPTY_GROUP', message };
}

function orderRollback(touched: readonly TouchedTarget[]): readonly PlanTarget[] {
  const ordered = [...touched].sort((a, b) => Number(b.down) - Number(a.down) || compareNames(a.host, b.host));
  return ordered.map(({ host, site, down }) => ({
    host,
    ...(site === undefined ? {} : { site }),
    ...(down ? { drained: true as const } : {}),
  }));
}

interface Extent {
  readonly targetCount: number;
  readonly leftOut: readonly LeftOut[];
}

function rollbackDraft(
  input: RollbackInput,
  profiles: readonly Profile[],
  { targetCount, leftOut }: Extent,
): PlanDraft {
  const { to } = input;
  // Nothing may block the way out: not a balancer either (TAR-44).
  const lb = balancerOf(input.group, 'degrade');
  return {
    v: 1,
    rolloutId: input.rolloutId,
    requestId: input.requestId,
    app: to.app,
    group: to.group,
    environment: to.environment,
    strategy: 'rollback',
    version: to.version,
    spec: servedBy(to.spec, lb),
    ...(profiles.length === 0 ? {} : { profiles }),
    targetCount,
    canaries: 0,
    batches: batchSizes({ kind: 'count', count: 2 }, targetCount),
    budget: rollbackBudget(targetCount),
    waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: to.waits.tailFrom, bakeMs: 0 },
    // Never asked for: only a canary stage waits for it, and there is none.
    approvals: { batches: 'policy' },
    mode: 'automatic',
    gates: [],
    onCanaryFailure: 'hold',
    leftOut: boundLeftOut(leftOut),
    requestedBy: input.requestedBy,
    ...(input.reason === undefined ? {} : { reason: input.reason }),
    rollbackOf: input.rollbackOf,
    restores: to.rolloutId,
    ...lb,
    pollAfterMs: to.pollAfterMs,
    attemptDeadlineMs: to.attemptDeadlineMs,
  };
}
