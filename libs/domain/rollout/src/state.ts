import type {
  ApprovalName,
  BrakeCause,
  EndCause,
  GateName,
  Plan,
  PlanTarget,
  RollbackTarget,
  RolloutMode,
  RunKind,
  StepName,
  Verdict,
  WaitKind,
} from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import type { HeldFreeze } from './inputs.js';
import { PHASE_CODE, PHASES, type Phase } from './phases.js';
import type { RampProgress } from './ramp/progress.js';
import type { TrafficProgress } from './traffic/progress.js';

export type RolloutStatus =
  | 'unplanned'
  | 'planned'
  | 'running'
  | 'awaiting-approval'
  | 'paused'
  | 'braked'
  | 'settling'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'closed';

/** A target's attempt without a result. Kept in the order of admission, hence of deadlines. */
export interface OpenAttempt {
  readonly run: RunKind;
  readonly n: number;
  readonly steps: readonly StepName[];
  /** How many of `steps` have succeeded. */
  next: number;
  /** ms since the epoch. */
  readonly admittedAt: number;
  readonly deadline: number;
}

export interface Failure {
  readonly step: StepName;
  readonly code: string;
  readonly message: string;
}

export interface Wait {
  readonly kind: WaitKind;
  readonly stage: number;
  readonly until: number;
}

export interface FailedGate {
  readonly gate: GateName;
  readonly words: string;
  readonly phase?: 'entry' | 'during';
}

/** Where the current stage stands. `order` lists its targets as they are admitted: those out of service first. */
export interface StageProgress {
  index: number;
  entered: boolean;
  settled: boolean;
  order: readonly number[];
  cursor: number;
  /** Round of the gates that were asked; 0 = none yet. */
  round: number;
  asked: boolean;
  /** Those that were asked last, and whether that was before the stage was entered. */
  gates: readonly GateName[];
  phase: 'entry' | undefined;
  readonly passed: Set<GateName>;
  /** The verdict that brakes as soon as the rollout runs; it may come while it is paused. */
  failedGate: FailedGate | undefined;
  /** What was said last of the gates that watch the stage while it is under way. */
  readonly during: Map<GateName, Verdict>;
  /** How often a gate's brake was released in the stage. */
  releases: number;
  awaited: boolean;
  proceeded: boolean;
}

/** Targets that a retry or a skip looks at again, before anything new is admitted. */
export interface RetryQueue {
  /** To be done again and out of service already: to admit them costs nothing, so they go first. Taken from the end. */
  readonly redo: number[];
  /** To be done again, but serving: they wait for room. Taken from the end. */
  readonly serving: number[];
  readonly probe: number[];
  /** Targets whose failed probe leaves them failed (skip) instead of done again (retry). */
  readonly skips: Set<number>;
  /** True from the order until every target of it has settled. */
  active: boolean;
}

/**
 * One rollout, folded from its `plan` and `exec` streams. `evolve` owns and updates it in place: all of it is a few
 * bytes a target, and every count that a decision needs is kept, never computed over the targets.
 */
export interface RolloutState {
  status: RolloutStatus;
  plan: Plan | undefined;
  planHash: string;
  targets: PlanTarget[];
  token: number;
  rollbackTo: RollbackTarget | undefined;
  phase: Uint8Array;
  attempts: Uint32Array;
  /** 1 = out of service on our account: drained, in a step, or lost. */
  out: Uint8Array;
  /** 1 = failed and not serving, or unknown. */
  lost: Uint8Array;
  readonly phaseCounts: Int32Array;
  outCount: number;
  lostCount: number;
  /** Canaries that are failed or unknown. */
  canariesFailed: number;
  touched: number;
  readonly open: Map<number, OpenAttempt>;
  readonly unknown: Map<number, OpenAttempt>;
  readonly failures: Map<number, Failure>;
  members: number;
  maxUnavailable: number;
  failureLimit: number;
  extraFailures: number;
  stage: StageProgress;
  retry: RetryQueue;
  /** Targets that the plan has tried again, and how often it has done so. */
  again: number[];
  readonly tries: Map<number, number>;
  /** Targets that the balancer took out for this rollout and has not put back. */
  readonly takenOut: Set<number>;
  /** Verified in somebody's name: they are enabled next. */
  waived: number[];
  wait: Wait | undefined;
  readonly approved: Set<ApprovalName>;
  wanted: ApprovalName | undefined;
  pausedFrom: 'running' | 'awaiting-approval' | undefined;
  brake: BrakeCause | undefined;
  end: { readonly cause: EndCause; readonly reason?: string; readonly by?: string } | undefined;
  mode: RolloutMode;
  intervalMs: number;
  tailIntervalMs: number;
  rollbacks: number;
  /** New members that are not targets yet. */
  arriving: PlanTarget[];
  /** Targets that left the group. */
  readonly left: Set<number>;
  /** Members that joined in mid-rollout and are no targets, with what they run. */
  readonly joined: Map<string, string | null>;
  /** Targets that served and went silent, with the phase that they had. */
  readonly silent: Map<number, Phase>;
  /** When an unknown target is given up, ms; in that order. */
  readonly lostAt: Map<number, number>;
  /** Of a plan that shifts traffic between two sides. */
  traffic: TrafficProgress | undefined;
  /** Of a plan that brings a variable to another value. */
  ramp: RampProgress | undefined;
  /** Freezes that hold, by name. */
  readonly freezes: Map<string, HeldFreeze>;
  /** Those among them that a hotfix goes on in spite of. */
  readonly overridden: Set<string>;
  plannedAt: number;
  startedAt: number;
  endedAt: number;
}

export const freshStage = (index: number): StageProgress => ({
  index,
  entered: false,
  settled: false,
  order: [],
  cursor: 0,
  round: 0,
  asked: false,
  gates: [],
  phase: undefined,
  passed: new Set(),
  failedGate: undefined,
  during: new Map(),
  releases: 0,
  awaited: false,
  proceeded: false,
});

export const emptyRetry = (): RetryQueue => ({ redo: [], serving: [], probe: [], skips: new Set(), active: false });

/** What the group's hosts do that are no targets, or have not been heard of. */
const noMoves = (): Pick<RolloutState, 'arriving' | 'left' | 'joined' | 'silent' | 'lostAt'> => ({
  arriving: [],
  left: new Set(),
  joined: new Map(),
  silent: new Map(),
  lostAt: new Map(),
});

export function initialRollout(): RolloutState {
  return {
    status: 'unplanned',
    plan: undefined,
    planHash: '',
    targets: [],
    token: 0,
    rollbackTo: undefined,
    phase: new Uint8Array(0),
    attempts: new Uint32Array(0),
    out: new Uint8Array(0),
    lost: new Uint8Array(0),
    phaseCounts: new Int32Array(PHASES.length),
    outCount: 0,
    lostCount: 0,
    canariesFailed: 0,
    touched: 0,
    open: new Map(),
    unknown: new Map(),
    failures: new Map(),
    members: 0,
    maxUnavailable: 0,
    failureLimit: 0,
    extraFailures: 0,
    stage: freshStage(0),
    retry: emptyRetry(),
    again: [],
    tries: new Map(),
    takenOut: new Set(),
    waived: [],
    wait: undefined,
    approved: new Set(),
    wanted: undefined,
    pausedFrom: undefined,
    brake: undefined,
    end: undefined,
    mode: 'automatic',
    intervalMs: 0,
    tailIntervalMs: 0,
    rollbacks: 0,
    ...noMoves(),
    traffic: undefined,
    ramp: undefined,
    freezes: new Map(),
    overridden: new Set(),
    plannedAt: 0,
    startedAt: 0,
    endedAt: 0,
  };
}

/** The plan of a rollout that has one. Code NOT_PLANNED otherwise. */
export function planOf(state: RolloutState): Plan {
  if (state.plan === undefined) throw new SluiceError('NOT_PLANNED', 'this rollout has no sealed plan');
  return state.plan;
}

export const phaseAt = (state: RolloutState, target: number): Phase => PHASES[state.phase[target] ?? 0] ?? 'pending';

export const countOf = (state: RolloutState, phase: Phase): number => state.phaseCounts[PHASE_CODE[phase]] ?? 0;

/** A freeze holds that nobody has overridden: nothing is admitted, nothing is entered, no weight of a new side grows. */
export const isFrozen = ({ freezes, overridden }: RolloutState): boolean =>
  [...freezes.keys()].some((freeze) => !overridden.has(freeze));

/** A rollout that no command and no report moves any more; `failed` still offers retry and close. */
export const isTerminal = (status: RolloutStatus): boolean =>
  status === 'succeeded' || status === 'cancelled' || status === 'closed';

/** True while it is started and not over. */
export const isUnderWay = ({ status, startedAt }: RolloutState): boolean => startedAt > 0 && !isTerminal(status);
