import type { DeployRequest, GroupEntry, Plan, PlanBudget, PlanTraffic, StepSpec } from '@sluice/contracts';
import { ANONYMOUS } from '@sluice/kernel';

import { bytesOf } from './artifacts.js';
import { attemptDeadlineMs, DEFAULT_MODE, DEFAULT_TAIL_FROM, DEFAULT_VERIFY, POLL_AFTER_MS } from './defaults.js';
import { boundFaults, faultList } from './faults.js';
import { judgeFreshness } from './freshness.js';
import { groupFaults } from './group-faults.js';
import type { MadePlan, PlanDraft, PlanInput } from './plan-input.js';
import { readShiftWishes, type ShiftWishes } from './shift-wishes.js';
import { servicesOf, sidesOf } from './sides.js';

/** A request that shifts traffic, or wants to. */
export const isShift = ({ strategy }: DeployRequest, { sides }: GroupEntry): boolean =>
  sides !== undefined || strategy === 'traffic' || strategy === 'blueGreen';

/**
 * The plan of a shift between the sides of a group: no targets, its stages in `traffic`. Codes: NO_SIDES, APP_MISMATCH,
 * VERSION_BLOCKED, INVENTORY_STALE, those of readShiftWishes and of servicesOf.
 */
export function makeTrafficPlan(input: PlanInput, group: GroupEntry): MadePlan {
  const { request } = input;
  const { sides } = group;
  if (sides === undefined) return { ok: false, faults: [...groupFaults(input, group), noSides(request, group)] };
  const list = faultList();
  const wishes = readShiftWishes(list, request, group);
  const between = sidesOf(sides, input.liveSide);
  const services = servicesOf(list, {
    request,
    sides,
    newSide: between.newSide,
    groups: input.sideGroups ?? new Map(),
  });
  const fresh = judgeFreshness(request, wishes.environment, input.freshness);
  const faults = [...fresh.faults, ...groupFaults(input, group), ...list.faults];
  if (faults.length > 0) return { ok: false, faults: boundFaults(faults) };
  const { capacity, publish = [] } = sides;
  const traffic: PlanTraffic = { ...between, services, capacity, publish, ...wishes.course };
  return {
    ok: true,
    draft: draftOf(input, wishes, traffic),
    targets: [],
    ...(fresh.used === undefined ? {} : { used: fresh.used }),
  };
}

const noSides = ({ strategy }: DeployRequest, { name }: GroupEntry) => ({
  path: '/strategy',
  code: 'NO_SIDES',
  message: `strategy ${strategy} shifts traffic between sides, and the group "${name}" has none: define its sides in the inventory, or use canary or rolling`,
});

/** Of no target none can be lost: nothing of it ever decides. */
export const NO_TARGETS: PlanBudget = {
  members: 0,
  percent: 100,
  maxUnavailable: 1,
  failureLimit: 1,
  failureThresholdPercent: 100,
  extraFailures: 0,
  minServing: 0,
  advisory: false,
};

function draftOf(input: PlanInput, wishes: ShiftWishes, traffic: PlanTraffic): PlanDraft {
  const { request } = input;
  const { reason, rollbackable } = request;
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
    spec: specOf(request),
    targetCount: 0,
    canaries: 0,
    batches: [],
    budget: NO_TARGETS,
    waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: DEFAULT_TAIL_FROM, bakeMs: 0 },
    approvals: { batches: wishes.approvals },
    mode: request.mode ?? DEFAULT_MODE,
    // Every stage waits for all services to be ready anyway (SWB-04).
    gates: [],
    ...wishes.gateSpecs,
    traffic,
    onCanaryFailure: request.onCanaryFailure ?? 'hold',
    leftOut: [],
    requestedBy: request.requestedBy ?? ANONYMOUS,
    ...(reason === undefined ? {} : { reason }),
    ...(rollbackable === false ? ({ rollbackable } satisfies Pick<Plan, 'rollbackable'>) : {}),
    pollAfterMs: POLL_AFTER_MS,
    attemptDeadlineMs: attemptDeadlineMs(0, 0),
  };
}

/** What is shifted to, as every plan says it: this plan itself installs nothing. */
const specOf = (request: DeployRequest): StepSpec => ({
  app: request.app,
  group: request.group,
  version: request.version,
  artifact: bytesOf(request),
  profile: { kind: 'exec', steps: {}, stepTimeoutMs: 1 },
  verify: { ...DEFAULT_VERIFY, timeoutMs: 1 },
  ignoreVerify: false,
  drainWindowMs: 0,
});
