import {
  type DeployRequest,
  type GroupEntry,
  hashOf,
  type Plan,
  type PlanRamp,
  type StepSpec,
} from '@sluice/contracts';
import { ANONYMOUS } from '@sluice/kernel';

import { attemptDeadlineMs, DEFAULT_MODE, DEFAULT_TAIL_FROM, DEFAULT_VERIFY, POLL_AFTER_MS } from './defaults.js';
import { boundFaults, type FaultList, faultList } from './faults.js';
import { judgeFreshness } from './freshness.js';
import { gatesOf } from './gate-wishes.js';
import { groupFaults } from './group-faults.js';
import type { MadePlan, PlanDraft, PlanInput } from './plan-input.js';
import { readRampWishes } from './ramp-wishes.js';
import { NO_TARGETS } from './traffic-plan.js';

/** A request for a fleet, or that wants one. */
export const isRamp = ({ strategy }: DeployRequest, { fleet }: GroupEntry): boolean =>
  fleet !== undefined || strategy === 'ramp';

/**
 * The plan of a ramp: no targets, its one stage in `ramp`. Codes: NO_FLEET, STRATEGY_NEEDS_HOSTS, NOT_USED,
 * GATE_ROLLBACK, GATE_NEEDS_SIDES, APP_MISMATCH, VERSION_BLOCKED, INVENTORY_STALE, those of readRampWishes and of gatesOf.
 */
export function makeRampPlan(input: PlanInput, group: GroupEntry): MadePlan {
  const { request } = input;
  const list = faultList();
  const { fleet } = group;
  if (fleet === undefined) list.add('/strategy', 'NO_FLEET', noFleet(group));
  refuseUnused(list, request);
  const gateSpecs = gateSpecsOf(list, request);
  const spec = readRampWishes(list, request, input.variable);
  const fresh = judgeFreshness(request, group.environment, input.freshness);
  const faults = [...fresh.faults, ...groupFaults(input, group), ...list.faults];
  if (faults.length > 0 || spec === undefined || fleet === undefined) return { ok: false, faults: boundFaults(faults) };
  const ramp: PlanRamp = { fleet: fleet.name, spec };
  return {
    ok: true,
    draft: draftOf(input, group, gateSpecs, ramp),
    targets: [],
    ...(fresh.used === undefined ? {} : { used: fresh.used }),
  };
}

const noFleet = ({ name }: GroupEntry): string =>
  `strategy ramp brings the hosts of a fleet to another value, and the group "${name}" is none: define it with fleet in the inventory, or use another strategy`;

/** What is said about hosts, sides and bytes: nothing of it would hold here, so it is not taken as if it did. */
const NOT_OF_RAMPS = [
  ...(['batches', 'interval', 'tailInterval', 'tailFrom', 'canary', 'bake', 'startTimeout', 'ignoreVerify'] as const),
  ...(['failureThreshold', 'extraFailures', 'minServing', 'targets', 'mode', 'onCanaryFailure', 'traffic'] as const),
  ...(['dataCompatible', 'profile', 'verify', 'drainWindow', 'lb', 'prefetch', 'stepRetries', 'artifact'] as const),
  ...(['onVerifyFailure', 'deadlines', 'mixedVersions'] as const),
];

function refuseUnused(list: FaultList, request: DeployRequest): void {
  const { strategy } = request;
  if (strategy !== 'ramp') {
    const why = strategy === undefined ? 'is missing' : `${strategy} needs hosts or sides, and a fleet has none`;
    list.add('/strategy', 'STRATEGY_NEEDS_HOSTS', `${why}: say ramp, or name another group`);
  }
  for (const field of NOT_OF_RAMPS)
    if (request[field] !== undefined)
      list.add(`/${field}`, 'NOT_USED', 'means nothing for a ramp, whose hosts ask for a value: leave it out');
}

/** A ramp freezes when an objective is not met, and nothing reverts by itself (TSU-10). */
function gateSpecsOf(list: FaultList, request: DeployRequest): Pick<Plan, 'gateSpecs'> {
  const { gateSpecs } = gatesOf(list, request.gates, { isShift: false, hasHosts: false, watchMs: 0 });
  for (const [i, gate] of (request.gates ?? []).entries()) {
    if (typeof gate === 'string') continue;
    if (gate.onFail === 'rollback')
      list.add(
        `/gates/${i}/onFail`,
        'GATE_ROLLBACK',
        'a ramp never reverts by itself: say brake, and reverse it by hand',
      );
    if (gate.measure.kind === 'smoke')
      list.add(`/gates/${i}/measure`, 'GATE_NEEDS_SIDES', 'a ramp has no side to send requests to: measure something');
  }
  return gateSpecs === undefined ? {} : { gateSpecs };
}

function draftOf(
  input: PlanInput,
  { environment }: GroupEntry,
  gateSpecs: Pick<Plan, 'gateSpecs'>,
  ramp: PlanRamp,
): PlanDraft {
  const { request } = input;
  const { reason, rollbackable } = request;
  return {
    v: 1,
    rolloutId: input.rolloutId,
    requestId: input.requestId,
    documentHash: input.documentHash,
    app: request.app,
    group: request.group,
    environment,
    strategy: 'ramp',
    version: request.version,
    spec: specOf(request, ramp),
    targetCount: 0,
    canaries: 0,
    batches: [],
    budget: NO_TARGETS,
    waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: DEFAULT_TAIL_FROM, bakeMs: 0 },
    // One command takes it to its end (TSU-03) unless somebody wants to approve its start.
    approvals: { batches: request.approvals?.batches ?? 'policy' },
    mode: DEFAULT_MODE,
    gates: [],
    ...gateSpecs,
    ramp,
    onCanaryFailure: 'hold',
    leftOut: [],
    requestedBy: request.requestedBy ?? ANONYMOUS,
    ...(reason === undefined ? {} : { reason }),
    ...(rollbackable === false ? ({ rollbackable } satisfies Pick<Plan, 'rollbackable'>) : {}),
    pollAfterMs: POLL_AFTER_MS,
    attemptDeadlineMs: attemptDeadlineMs(0, 0),
  };
}

/** As every plan has it. Nobody fetches these bytes: they are named so that two values are two different things. */
const specOf = ({ app, group, version }: DeployRequest, { fleet, spec }: PlanRamp): StepSpec => ({
  app,
  group,
  version,
  artifact: { url: `file:///variables/${encodeURIComponent(fleet)}/${spec.name}`, sha256: hashOf(spec.to) },
  profile: { kind: 'exec', steps: {}, stepTimeoutMs: 1 },
  verify: { ...DEFAULT_VERIFY, timeoutMs: 1 },
  ignoreVerify: false,
  drainWindowMs: 0,
});
