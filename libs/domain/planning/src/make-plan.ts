import type {
  DeployRequest,
  Fault,
  GroupEntry,
  LeftOut,
  Plan,
  PlanBudget,
  PlanTarget,
  Profile,
  StepSpec,
} from '@sluice/contracts';
import { ANONYMOUS } from '@sluice/kernel';

import { bytesOf } from './artifacts.js';
import { balancerOf, servedBy } from './balancer.js';
import { batchSizes } from './batch-sizes.js';
import { budgetOf } from './budget.js';
import { longestHooksMs, POLL_AFTER_MS } from './defaults.js';
import { boundFaults } from './faults.js';
import { judgeFreshness } from './freshness.js';
import { groupFaults, unknownGroup } from './group-faults.js';
import { boundLeftOut } from './left-out.js';
import type { MadePlan, PlanDraft, PlanInput } from './plan-input.js';
import { type Eligible, eligibleTargets, orderTargets } from './ordering.js';
import { type Resolved, resolveProfiles } from './profiles.js';
import { isRamp, makeRampPlan } from './ramp-plan.js';
import { type ScaledOut, scaleOut } from './scale-out.js';
import { bindingGroups, cutBatches, reducedUnavailable, type SharingGroup } from './shared-hosts.js';
import { isShift, makeTrafficPlan } from './traffic-plan.js';
import { type Wishes, readWishes } from './wishes.js';

/**
 * The fixed plan of a request, or every fault that keeps it from being made. Codes: GROUP_UNKNOWN, EMPTY_GROUP,
 * APP_MISMATCH, VERSION_BLOCKED, NO_PROFILE, CANARY_UNKNOWN, CANARY_NOT_USED, CANARY_BLOCKED, MIN_SERVING, TOO_SHORT,
 * TOO_LONG, INVENTORY_STALE, MIXED_VERSIONS, ONE_WAY_DATA, NOT_USED, BAD_DURATION, those of scaleOut, of parseBatches, of
 * gatesOf, of makeTrafficPlan and of makeRampPlan.
 */
export function makePlan(input: PlanInput): MadePlan {
  const { request, group } = input;
  if (group !== undefined && isRamp(request, group)) return makeRampPlan(input, group);
  if (group !== undefined) return isShift(request, group) ? makeTrafficPlan(input, group) : makeHostPlan(input, group);
  return { ok: false, faults: boundFaults([unknownGroup(request.group), ...readWishes(request, group).faults]) };
}

function makeHostPlan(input: PlanInput, group: GroupEntry): MadePlan {
  const { request } = input;
  const { wishes, faults: wishFaults } = readWishes(request, group);
  const eligible = eligibleTargets(group, input.members, input.exclusions, labelsFor(input).labels);
  const chosen = wishes.strategy === 'scaleOut' ? scaleOut(request, eligible, input.proven ?? []) : allOf(eligible);
  const resolved = resolveProfiles(request, group, input.members, chosen.targets);
  const laidOut = layOut(wishes, resolved.targets, {
    request,
    members: eligible.targets,
    sharing: input.sharing ?? [],
  });
  const fresh = judgeFreshness(request, wishes.environment, input.freshness);
  const faults = [
    ...fresh.faults,
    ...groupFaults(input, group),
    ...wishFaults,
    ...chosen.faults,
    ...missingProfile(group, resolved),
    ...laidOut.faults,
    ...emptyGroup(group, eligible),
  ];
  if (faults.length > 0 || resolved.own === undefined) return { ok: false, faults: boundFaults(faults) };
  const lb = balancerOf(group, request.lb ?? 'required');
  const spec = servedBy(specOf(request, wishes, resolved.own), lb);
  return {
    ok: true,
    draft: draftOf({ input, wishes, laidOut, spec, lb, profiles: resolved.profiles, leftOut: chosen.leftOut }),
    targets: laidOut.targets,
    ...(fresh.used === undefined ? {} : { used: fresh.used }),
  };
}

/** Which members are meant: by the request, else by the selector of the group. */
function labelsFor({ request, group }: PlanInput): Pick<Plan, 'labels'> {
  const labels = request.targets?.labels ?? group?.selector;
  return labels === undefined ? {} : { labels };
}

const allOf = (eligible: Eligible): ScaledOut => ({ ...eligible, faults: [] });

const fault = (path: string, code: string, message: string): Fault => ({ path, code, message });

function missingProfile(group: GroupEntry, { own, without }: Resolved): Fault[] {
  if (own !== undefined) return [];
  if ((group.profiles ?? []).length === 0) {
    const nobody = 'neither the request nor the group says how to install: add a profile to one of them';
    return [fault('/profile', 'NO_PROFILE', nobody)];
  }
  // No host, no question which profile is its: the group being empty is told by itself.
  if (without.length === 0) return [];
  const hosts = without.slice(0, 5).join(', ') + (without.length > 5 ? `, ... (${without.length} hosts)` : '');
  const message = `no profile of the group has labels that fit ${hosts}: label them, or give the group a profile for all`;
  return [fault('/profile', 'NO_PROFILE', message)];
}

function emptyGroup(group: GroupEntry, { targets, leftOut }: Eligible): Fault[] {
  if (targets.length > 0) return [];
  const shown = leftOut.slice(0, 5).map(({ host, reason }) => `${host} (${reason})`);
  const detail =
    leftOut.length === 0 ? 'it has no members' : `left out: ${shown.join(', ')}${leftOut.length > 5 ? ', ...' : ''}`;
  return [fault('/group', 'EMPTY_GROUP', `the group "${group.name}" has no host to deploy to: ${detail}`)];
}

interface LaidOut {
  readonly targets: readonly PlanTarget[];
  readonly canaries: number;
  readonly batches: Plan['batches'];
  readonly budget: PlanBudget;
  readonly faults: readonly Fault[];
}

/** `members`: all that are eligible; a scale-out only goes to some of them. */
interface Extent {
  readonly request: DeployRequest;
  readonly members: readonly PlanTarget[];
  readonly sharing: readonly SharingGroup[];
}

function layOut(wishes: Wishes, eligible: readonly PlanTarget[], extent: Extent): LaidOut {
  const { request, members, sharing } = extent;
  const full = budgetOf(wishes.rule, members.length, request);
  const bindings = bindingGroups(eligible, sharing, full.percent);
  const budget = { ...full, maxUnavailable: reducedUnavailable(full.maxUnavailable, bindings) };
  const drainedFirst = eligible.filter((target) => target.drained === true).length >= budget.maxUnavailable;
  const canary: Canary =
    wishes.strategy === 'canary'
      ? pickCanary(eligible, drainedFirst, request.canary?.host)
      : { targets: [], faults: [] };
  const others = eligible.filter((target) => !canary.targets.includes(target));
  const batches = batchSizes(wishes.rule, others.length);
  const ordered = orderTargets(others, batches, drainedFirst);
  return {
    targets: [...canary.targets, ...ordered],
    canaries: canary.targets.length,
    batches: cutBatches(ordered, batches, bindings),
    budget,
    faults: [...canary.faults, ...floorFaults(budget)],
  };
}

function floorFaults({ members, minServing }: PlanBudget): readonly Fault[] {
  if (members === 0 || minServing < members) return [];
  const most = `of ${members} hosts at most ${members - 1} can be held serving`;
  return [fault('/minServing', 'MIN_SERVING', `no host could ever be taken out of service: ${most}`)];
}

/** No target, or one. */
interface Canary {
  readonly targets: readonly PlanTarget[];
  readonly faults: readonly Fault[];
}

/**
 * The configured host, else the first by stable order; one of the drained when they use up the budget (see
 * orderTargets).
 */
function pickCanary(eligible: readonly PlanTarget[], drainedFirst: boolean, host: string | undefined): Canary {
  if (host === undefined) {
    const first = drainedFirst ? eligible.find((target) => target.drained === true) : eligible[0];
    return { targets: first === undefined ? [] : [first], faults: [] };
  }
  const target = eligible.find((each) => each.host === host);
  if (target === undefined) {
    return noCanary(
      'CANARY_UNKNOWN',
      `"${host}" is no host of the group that can be deployed to: name one that is, or none`,
    );
  }
  if (!drainedFirst || target.drained === true) return { targets: [target], faults: [] };
  const why = `the hosts out of service already use up the budget, so "${host}" could never be taken out too`;
  return noCanary('CANARY_BLOCKED', `${why}: name one of them, or none`);
}

const noCanary = (code: string, message: string): Canary => ({
  targets: [],
  faults: [fault('/canary/host', code, message)],
});

function specOf(request: DeployRequest, wishes: Wishes, profile: Profile): StepSpec {
  return {
    app: request.app,
    group: request.group,
    version: request.version,
    artifact: bytesOf(request),
    profile,
    verify: wishes.verify,
    ignoreVerify: request.ignoreVerify ?? false,
    drainWindowMs: wishes.drainWindowMs,
    ...(wishes.steps.deadlinesMs === undefined ? {} : { deadlinesMs: wishes.steps.deadlinesMs }),
  };
}

interface DraftParts {
  readonly input: PlanInput;
  readonly wishes: Wishes;
  readonly laidOut: LaidOut;
  readonly spec: StepSpec;
  readonly lb: Pick<Plan, 'lb'>;
  readonly profiles: readonly Profile[];
  readonly leftOut: readonly LeftOut[];
}

function draftOf({ input, wishes, laidOut, spec, lb, profiles, leftOut }: DraftParts): PlanDraft {
  const { request } = input;
  return {
    v: 1,
    rolloutId: input.rolloutId,
    requestId: input.requestId,
    documentHash: input.documentHash,
    app: request.app,
    group: request.group,
    environment: wishes.environment,
    strategy: wishes.strategy,
    version: request.version,
    spec,
    ...(profiles.length === 0 ? {} : { profiles }),
    ...labelsFor(input),
    targetCount: laidOut.targets.length,
    canaries: laidOut.canaries,
    batches: laidOut.batches,
    budget: laidOut.budget,
    waits: wishes.waits,
    approvals: { batches: wishes.approvals },
    mode: wishes.mode,
    ...wishes.gates,
    onCanaryFailure: wishes.onCanaryFailure,
    leftOut: boundLeftOut(leftOut),
    requestedBy: request.requestedBy ?? ANONYMOUS,
    ...(request.reason === undefined ? {} : { reason: request.reason }),
    ...wishes.steps.plan,
    ...lb,
    pollAfterMs: POLL_AFTER_MS,
    attemptDeadlineMs: wishes.attemptDeadlineMs + longestHooksMs([spec.profile, ...profiles]),
  };
}
