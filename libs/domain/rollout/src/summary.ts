import type {
  ApprovalName,
  BrakeCause,
  EndCause,
  RollbackTarget,
  RolloutCommandType,
  RolloutMode,
  Strategy,
  TargetCounts,
} from '@sluice/contracts';
import { stageAt, stageCount } from '@sluice/contracts';

import { unavailable } from './budget.js';
import { counts } from './counts.js';
import type { Phase } from './phases.js';
import { attemptOf } from './evolve/targets.js';
import type { HeldFreeze } from './inputs.js';
import { type RampSummary, summarizeRamp } from './ramp/summary.js';
import { isFrozen, phaseAt, planOf, type RolloutState, type RolloutStatus, type Wait } from './state.js';
import { summarizeTraffic, type TrafficSummary } from './traffic/summary.js';
import { nextActions } from './transitions.js';

/** One rollout at a glance. Times are ms since the epoch, 0 = not yet. */
export interface RolloutSummary {
  readonly id: string;
  readonly app: string;
  readonly group: string;
  readonly version: string;
  readonly strategy: Strategy;
  readonly state: RolloutStatus;
  readonly planHash: string;
  readonly targets: number;
  readonly counts: TargetCounts & { readonly inStep: number; readonly held: number };
  readonly stage: { readonly index: number; readonly name: string; readonly of: number };
  readonly budget: {
    readonly members: number;
    readonly maxUnavailable: number;
    readonly failureLimit: number;
    readonly extraFailures: number;
    readonly unavailable: number;
    readonly lost: number;
  };
  readonly wait?: Wait;
  readonly wanted?: ApprovalName;
  readonly brake?: BrakeCause;
  readonly end?: EndCause;
  readonly mode: RolloutMode;
  readonly awaitsProceed: boolean;
  readonly actions: readonly RolloutCommandType[];
  readonly rollbackTo?: RollbackTarget;
  readonly rollbackOf?: string;
  /** Sides, weights and capacity of a rollout that shifts traffic. */
  readonly traffic?: TrafficSummary;
  /** How far the variable of a ramp is. */
  readonly ramp?: RampSummary;
  /** The freezes that hold it, unless a hotfix goes on in spite of them. */
  readonly frozen?: readonly HeldFreeze[];
  readonly plannedAt: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

export function summarizeRollout(state: RolloutState): RolloutSummary {
  const plan = planOf(state);
  const { rolloutId: id, app, group, version, strategy } = plan;
  return {
    ...{ id, app, group, version, strategy },
    state: state.status,
    planHash: state.planHash,
    targets: plan.targetCount,
    counts: countsNow(state),
    stage: stageNow(state),
    budget: budgetNow(state),
    ...whyNow(state),
    mode: state.mode,
    awaitsProceed: state.status === 'running' && state.stage.awaited && !state.stage.proceeded,
    actions: nextActions(state),
    ...(state.rollbackTo === undefined ? {} : { rollbackTo: state.rollbackTo }),
    ...(plan.rollbackOf === undefined ? {} : { rollbackOf: plan.rollbackOf }),
    ...shiftNow(state),
    plannedAt: state.plannedAt,
    startedAt: state.startedAt,
    endedAt: state.endedAt,
  };
}

function countsNow(state: RolloutState): RolloutSummary['counts'] {
  const tally = counts(state);
  const held = heldCount(state);
  return { ...tally, failed: tally.failed - held, inStep: state.open.size, held };
}

function stageNow(state: RolloutState): RolloutSummary['stage'] {
  const plan = planOf(state);
  const of = stageCount(plan);
  const stage = stageAt(plan, Math.min(state.stage.index, Math.max(0, of - 1)));
  return { index: stage?.index ?? 0, name: stage?.name ?? '', of };
}

function budgetNow(state: RolloutState): RolloutSummary['budget'] {
  const { members, maxUnavailable, failureLimit, extraFailures, lostCount: lost } = state;
  return { members, maxUnavailable, failureLimit, extraFailures, unavailable: unavailable(state), lost };
}

/** What it waits for, or why it stands or ended. */
function whyNow({
  wait,
  wanted,
  brake,
  status,
  end,
}: RolloutState): Pick<RolloutSummary, 'wait' | 'wanted' | 'brake' | 'end'> {
  return {
    ...(wait === undefined ? {} : { wait }),
    ...(wanted === undefined ? {} : { wanted }),
    ...(brake === undefined || status !== 'braked' ? {} : { brake }),
    ...(end === undefined ? {} : { end: end.cause }),
  };
}

function shiftNow(state: RolloutState): Pick<RolloutSummary, 'traffic' | 'ramp' | 'frozen'> {
  const traffic = summarizeTraffic(state);
  const ramp = summarizeRamp(state);
  const frozen = [...state.freezes.values()].filter(({ freeze }) => !state.overridden.has(freeze));
  return {
    ...(traffic === undefined ? {} : { traffic }),
    ...(ramp === undefined ? {} : { ramp }),
    ...(isFrozen(state) ? { frozen } : {}),
  };
}

const heldCount = (state: RolloutState): number => {
  let held = 0;
  for (let target = 0; target < planOf(state).canaries; target += 1)
    if (phaseAt(state, target) === 'verified') held += 1;
  return held;
};

/** One target as people read it. */
export interface TargetView {
  readonly index: number;
  readonly host: string;
  readonly phase: Phase;
  readonly n: number;
  readonly serving: boolean;
  readonly step?: string;
  readonly code?: string;
  readonly message?: string;
}

/** Targets [from, to) of the plan. */
export function targetsOf(state: RolloutState, from = 0, to = state.targets.length): TargetView[] {
  return state.targets.slice(from, to).map((target, offset) => {
    const index = from + offset;
    const attempt = attemptOf(state, index);
    const failure = state.failures.get(index);
    const step = failure?.step ?? attempt?.steps[attempt.next];
    return {
      index,
      host: target.host,
      phase: phaseAt(state, index),
      n: state.attempts[index] ?? 0,
      serving: state.out[index] !== 1,
      ...(step === undefined ? {} : { step }),
      ...(failure === undefined ? {} : { code: failure.code, message: failure.message }),
    };
  });
}
