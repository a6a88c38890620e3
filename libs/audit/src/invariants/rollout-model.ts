import type {
  ApprovalName,
  BrakeCause,
  GateName,
  Plan,
  PlanTarget,
  RollbackTarget,
  RolloutEvent,
  RolloutMode,
  RunKind,
  StepName,
} from '@sluice/contracts';

import { shiftModelOf, type ShiftModel } from './shift-model.js';

import { Flags, type Tally } from './tally.js';

/**
 * What an outsider makes of a rollout by reading its events one by one. It shares no code with the rollout's own
 * domain: counts are taken over all targets when they are asked for, or kept by the flags that they count, so the two
 * can be held against each other.
 */
export interface TargetModel {
  readonly host: string;
  readonly stage: number;
  where: 'pending' | 'open' | 'held' | 'done' | 'skipped' | 'failed' | 'unknown' | 'excluded';
  /** Out of service on the rollout's account. */
  out: boolean;
  /** Failed and not serving, or unknown. */
  lost: boolean;
  n: number;
  run: RunKind | undefined;
  chain: readonly StepName[];
  next: number;
  /** How often the plan has had it tried again. */
  tries: number;
  /** The step that it failed at last. */
  failedAt: StepName | undefined;
  /** It served and went silent: where it was. */
  silent: 'pending' | 'done' | 'skipped' | 'failed' | undefined;
  /** Unknown since, ms; with its attempt it may still be heard of. */
  unknownSince: number | undefined;
  late: boolean;
  /** It left the group at a retry. */
  left: boolean;
  /** It is back since. */
  returned: boolean;
  /** Somebody answers for its failed verify: it may be enabled. */
  waived: boolean;
  /**
   * A retry or a skip ordered that it be done again, or looked at; `probing` once the look began; `again`: the plan
   * itself tries once more.
   */
  ordered: 'again' | 'redo' | 'probe' | 'probing' | 'skip' | 'skipping' | undefined;
}

/** How a ramp looks to its rollout. */
export interface RampModel {
  seen: Extract<RolloutEvent, { readonly type: 'RampSeen' }> | undefined;
  /** It was seen on its way since the rollout goes on: who has it stand then is somebody else. */
  isGoing: boolean;
  /** It does not go on since, ms. */
  heldSince: number | undefined;
}

type WaitStarted = Extract<RolloutEvent, { readonly type: 'WaitStarted' }>;

export type ModelStatus =
  'planned' | 'running' | 'awaiting-approval' | 'paused' | 'braked' | 'settling' | 'failed' | 'ended';

export interface RolloutModel {
  readonly id: string;
  readonly plan: Plan;
  readonly planHash: string;
  readonly targets: TargetModel[];
  /** Kept by the targets themselves. */
  readonly tally: Tally;
  stages: number;
  /** New members that a retry has named and not taken yet. */
  arriving: readonly PlanTarget[];
  /** Members that joined in mid-rollout, with what they run. */
  readonly joined: Map<string, string | null>;
  status: ModelStatus;
  /** Event type that ended it, or the last that did. */
  end: string | undefined;
  stage: number;
  entered: boolean;
  token: number;
  members: number;
  extraFailures: number;
  readonly approved: Set<ApprovalName>;
  wanted: ApprovalName | undefined;
  /** Something was ordered to be done again, or looked at, and is not over. */
  retrying: boolean;
  before: ModelStatus;
  mode: RolloutMode;
  intervalMs: number;
  tailIntervalMs: number;
  wait: { readonly kind: WaitStarted['wait']; readonly stage: number; readonly until: number } | undefined;
  proceeded: boolean;
  round: number;
  /** Gates that were asked last. */
  asked: { readonly gates: readonly GateName[]; readonly phase: 'entry' | undefined } | undefined;
  /** How often a gate's brake was released in the stage. */
  releases: number;
  readonly gatesPassed: Set<GateName>;
  gateFailed: boolean;
  brake: BrakeCause['kind'] | undefined;
  /** By name. */
  readonly freezes: Map<string, 'holds' | 'overridden'>;
  /** Of a plan that shifts traffic. */
  readonly shift: ShiftModel | undefined;
  /** Of a plan that is a ramp. */
  readonly ramp: RampModel | undefined;
  rollbackTo: RollbackTarget | undefined;
  /** Hosts that its rollback was ordered for. */
  takenBack: ReadonlySet<string> | undefined;
}

const ROLL: readonly StepName[] = ['drain', 'download', 'install', 'verify', 'enable'];
const PREFETCHED: readonly StepName[] = ['download', 'drain', 'install', 'verify', 'enable'];

export const isCanary = ({ plan }: RolloutModel, target: TargetModel): boolean =>
  plan.canaries > 0 && target.stage === 0;

export function chainOf(run: RunKind, canary: boolean, { prefetch, lb }: Plan): readonly StepName[] {
  // The agent's look says nothing of the balancer, so that is told as well.
  if (run === 'probe' && lb !== undefined) return ['probe', 'enable'];
  if (run !== 'roll') return [run];
  const chain = prefetch === true ? PREFETCHED : ROLL;
  return canary ? chain.slice(0, 4) : chain;
}

export const targetModel = ({ host, drained }: PlanTarget, stage: number, tally: Tally): TargetModel =>
  Object.assign(new Flags(tally), { out: drained === true }, fresh(host, stage));

const fresh = (host: string, stage: number): Omit<TargetModel, 'out' | 'lost'> => ({
  host,
  stage,
  where: 'pending',
  n: 0,
  run: undefined,
  chain: [],
  next: 0,
  tries: 0,
  failedAt: undefined,
  silent: undefined,
  unknownSince: undefined,
  late: false,
  left: false,
  returned: false,
  waived: false,
  ordered: undefined,
});

/** A ramp is one stage, a shift of traffic one for each weight and two more. */
function stagesOf({ traffic, ramp }: Plan, ofHosts: number): number {
  if (ramp !== undefined) return 1;
  return traffic === undefined ? ofHosts : traffic.weights.length + 2;
}

export function modelOf(plan: Plan, planHash: string, targets: readonly PlanTarget[]): RolloutModel {
  const sizes = plan.batches.flatMap(([size, times]) => Array.from({ length: times }, () => size));
  const spans = plan.canaries > 0 ? [plan.canaries, ...sizes] : sizes;
  const stageOf = spans.flatMap((size, stage) => Array.from({ length: size }, () => stage));
  const tally: Tally = { out: 0, lost: 0 };
  return {
    id: plan.rolloutId,
    plan,
    planHash,
    stages: stagesOf(plan, spans.length),
    targets: targets.map((target, index) => targetModel(target, stageOf[index] ?? -1, tally)),
    tally,
    arriving: [],
    joined: new Map(),
    status: 'planned',
    end: undefined,
    stage: 0,
    entered: false,
    token: 0,
    members: plan.budget.members,
    extraFailures: plan.budget.extraFailures,
    approved: new Set(),
    wanted: undefined,
    retrying: false,
    before: 'running',
    mode: plan.mode,
    intervalMs: plan.waits.intervalMs,
    tailIntervalMs: plan.waits.tailIntervalMs,
    wait: undefined,
    proceeded: false,
    round: 0,
    asked: undefined,
    releases: 0,
    gatesPassed: new Set(),
    gateFailed: false,
    brake: undefined,
    freezes: new Map(),
    shift: shiftModelOf(plan),
    ramp: plan.ramp === undefined ? undefined : { seen: undefined, isGoing: false, heldSince: undefined },
    rollbackTo: undefined,
    takenBack: undefined,
  };
}

/** How many targets fit the condition: counted anew each time. */
export const countTargets = (model: RolloutModel, fits: (target: TargetModel) => boolean): number => {
  let hits = 0;
  for (const target of model.targets) if (fits(target)) hits += 1;
  return hits;
};

export interface Numbers {
  readonly A: number;
  readonly T: number;
  readonly lost: number;
  readonly out: number;
  readonly writtenOff: number;
  readonly unavailable: number;
  readonly serving: number;
}

/** A for the members of today; a plan that names a number of batches takes the biggest of them. */
function shareOf({ plan: { budget }, members }: RolloutModel): number {
  if (budget.advisory) return Math.ceil(members / 2);
  const { batchCount } = budget;
  const share =
    batchCount === undefined
      ? Math.max(1, Math.floor((members * budget.percent) / 100))
      : Math.ceil(members / batchCount);
  return members < budget.members ? share : Math.max(share, budget.maxUnavailable);
}

/** The budget by the letter of design 6.5, from nothing but the targets and the plan. */
export function numbersOf(model: RolloutModel): Numbers {
  const { budget } = model.plan;
  const { lost, out } = model.tally;
  const writtenOff = budget.advisory ? lost : Math.min(lost, model.extraFailures);
  const A = shareOf(model);
  const T = Math.max(1, Math.ceil((model.members * budget.failureThresholdPercent) / 100));
  return { A, T, lost, out, writtenOff, unavailable: out - writtenOff, serving: model.members - out };
}
