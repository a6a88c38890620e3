import type { DeployRequest, Plan, VerifySpec } from '@sluice/contracts';
import { type Actor, formatDuration } from '@sluice/kernel';

import { type BatchRule, MAX_TERMS, parseBatches } from './batch-rule.js';
import { batchSizes } from './batch-sizes.js';
import { budgetOf, shareOfRule } from './budget.js';
import { gatesAgain } from './gate-documents.js';
import { byRamp } from './redeploy-ramp.js';
import { byShift } from './redeploy-shift.js';

export interface RedeployWish {
  readonly id: string;
  readonly actor: Actor;
  readonly reason?: string | undefined;
}

/**
 * The request that brings a version back as it succeeded (TRS-07): the same bytes, and all that the plan says about how
 * to install, verify, wait, ask and brake. It goes to the hosts that the group has by now, with
 * the same labels. A rollback's plan is in a
 * hurry and a scale-out asks nobody: of those only the way to install is repeated, the rest is the group's default.
 * Where machines differed in how they install, the group says it again.
 */
export function redeployRequest(plan: Plan, { id, actor, reason }: RedeployWish): DeployRequest {
  const { app, group, spec } = plan;
  return {
    id,
    app,
    group,
    version: spec.version,
    ...(plan.ramp === undefined ? { artifact: spec.artifact } : byRamp(plan, plan.ramp)),
    ...byPlace(plan),
    requestedBy: actor,
    reason: reason ?? `again as in ${plan.rolloutId}`,
  };
}

/** From host to host or from side to side. */
function byPlace(plan: Plan): Partial<DeployRequest> {
  if (plan.ramp !== undefined) return {};
  return plan.traffic === undefined ? byHosts(plan) : byShift(plan, plan.traffic);
}

/** How a rollout from host to host was installed and paced. */
function byHosts(plan: Plan): Partial<DeployRequest> {
  const { spec, profiles, labels } = plan;
  return {
    ...(profiles === undefined ? { profile: spec.profile } : {}),
    verify: verifyOf(spec.verify),
    startTimeout: formatDuration(spec.verify.timeoutMs),
    ignoreVerify: spec.ignoreVerify,
    drainWindow: formatDuration(spec.drainWindowMs),
    ...(labels === undefined ? {} : { targets: { labels } }),
    ...stepsOf(plan),
    ...paceOf(plan),
  };
}

const verifyOf = ({ path, port, status, successes, intervalMs }: VerifySpec): NonNullable<DeployRequest['verify']> => ({
  path,
  status,
  successes,
  interval: formatDuration(intervalMs),
  ...(port === undefined ? {} : { port }),
});

type Steps = Pick<DeployRequest, 'prefetch' | 'rollbackable' | 'stepRetries' | 'onVerifyFailure' | 'deadlines' | 'lb'>;

function stepsOf({ prefetch, rollbackable, stepRetries, onVerifyFailure, spec, lb }: Plan): Steps {
  return {
    ...(prefetch === undefined ? {} : { prefetch }),
    ...(rollbackable === undefined ? {} : { rollbackable }),
    ...(stepRetries === undefined ? {} : { stepRetries }),
    ...(onVerifyFailure === undefined ? {} : { onVerifyFailure: wishOf(onVerifyFailure) }),
    ...(spec.deadlinesMs === undefined ? {} : { deadlines: textsOf(spec.deadlinesMs) }),
    ...(lb === undefined ? {} : { lb: lb.mode }),
  };
}

const wishOf = ({ then, waivedBy }: NonNullable<Plan['onVerifyFailure']>): NonNullable<Steps['onVerifyFailure']> =>
  then === 'waive' && waivedBy !== undefined ? { then, waivedBy } : 'giveUp';

const textsOf = (deadlinesMs: Readonly<Record<string, number>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(deadlinesMs).map(([step, ms]) => [step, formatDuration(ms)]));

function paceOf(plan: Plan): Partial<DeployRequest> {
  const { strategy, waits, budget, approvals, mode, gates, onCanaryFailure } = plan;
  if (strategy !== 'canary' && strategy !== 'rolling') return {};
  const { percent, failureThresholdPercent, extraFailures, minServing } = budget;
  return {
    strategy,
    batches: batchesOf(plan),
    interval: formatDuration(waits.intervalMs),
    tailInterval: formatDuration(waits.tailIntervalMs),
    tailFrom: waits.tailFrom,
    bake: formatDuration(waits.bakeMs),
    approvals,
    mode,
    gates: gatesAgain(gates, plan.gateSpecs),
    onCanaryFailure,
    ...(failureThresholdPercent === percent ? {} : { failureThreshold: failureThresholdPercent }),
    ...(extraFailures === 0 ? {} : { extraFailures }),
    ...(minServing === 0 ? {} : { minServing }),
  };
}

/**
 * A plan holds the batches that a share or a pattern made, not the rule: the first rule that makes the same ones of the same share.
 * Where none does (they were cut for other groups on the hosts), no batch is larger than its largest could be.
 */
function batchesOf({ batches, budget, targetCount, canaries }: Plan): string {
  if (budget.batchCount !== undefined) return String(budget.batchCount);
  const made = JSON.stringify(batches);
  const makesThem = (rule: BatchRule): boolean =>
    parseBatches(textOf(rule), 100).ok &&
    shareOfRule(rule) === budget.percent &&
    budgetOf(rule, budget.members).maxUnavailable === budget.maxUnavailable &&
    JSON.stringify(batchSizes(rule, targetCount - canaries)) === made;
  const share: BatchRule = { kind: 'percent', percent: budget.percent };
  const found = [share, ...patternsOf(batches, budget.percent)].find(makesThem) ?? share;
  return textOf(found);
}

/**
 * A pattern that ends its batches where these end, of terms up to `most`. Batch i ends at ceil(n * share / 100), so any
 * share above 100 * (end - 1) / n and up to 100 * end / n ends it; a term that leads to no new end is an empty batch.
 */
function patternsOf(batches: Plan['batches'], most: number): BatchRule[] {
  const sizes = batches.flatMap(([size, times]) => Array.from({ length: Math.min(times, MAX_TERMS + 1) }, () => size));
  if (sizes.length > MAX_TERMS || most < 1) return [];
  const n = sizes.reduce((sum, size) => sum + size, 0);
  const shares = [0];
  let ended = 0;
  const goTo = (end: number): void => {
    const before = shares.at(-1) ?? 0;
    const next = Math.min(before + most, Math.floor((100 * end) / n));
    if (next > before) shares.push(next);
  };
  for (const size of sizes) {
    const reach = Math.min((shares.at(-1) ?? 0) + most, 100);
    if (Math.ceil((n * reach) / 100) < ended + size) goTo(ended);
    goTo((ended += size));
  }
  goTo(n);
  return [shares, ...shares.map((_, i) => widened(shares, i, most))].map(patternOf);
}

/** Term i as large as `most`, by an earlier end of the term before it. */
const widened = (shares: readonly number[], i: number, most: number): readonly number[] =>
  shares.map((share, place) => (place === i - 1 && place > 0 ? (shares[i] ?? share) - most : share));

const patternOf = (shares: readonly number[]): BatchRule => ({
  kind: 'pattern',
  terms: shares.slice(1).map((share, i) => share - (shares[i] ?? 0)),
});

function textOf(rule: BatchRule): string {
  switch (rule.kind) {
    case 'percent':
      return `${rule.percent}%`;
    case 'count':
      return String(rule.count);
    case 'pattern':
      return rule.terms.map((term) => `${term}%`).join('+');
  }
}
