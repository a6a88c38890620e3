import type { Plan, PlanEvent, RampEvent, RolloutEvent } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { evolveRamp, followRamp } from '../ramp/evolve.js';
import { freshRamp } from '../ramp/progress.js';
import type { RolloutState } from '../state.js';
import { countCapacity, evolveShift, followCourse, type ShiftEvent } from '../traffic/evolve.js';
import { freshTraffic } from '../traffic/progress.js';
import { evolveFreeze, type FreezeEvent } from './freezes.js';
import { evolveMembers, type MemberEvent } from './members.js';
import { closeRetry, dropRetry, orderRetry, unsettle } from './retry.js';
import { evolveStage, type StageEvent } from './stage.js';
import {
  addTargets,
  admit,
  endTargets,
  excludeTargets,
  giveUpFollowUps,
  sealTargets,
  stepFailed,
  stepDone,
  stepSucceeded,
  targetUnknown,
  waive,
} from './targets.js';

/** Folds one event of the rollout's `plan` or `exec` stream into the state, in place. `at` is the commit's time. */
export function evolveRollout(state: RolloutState, event: PlanEvent | RolloutEvent, at: number): RolloutState {
  switch (event.type) {
    case 'PlanTargetsAdded':
      addTargets(state, event.from, event.targets);
      return state;
    case 'RolloutPlanned':
      return planned(state, event.plan, event.planHash, at);
    case 'RequestRefused':
      return state;
    default:
      return evolveExec(state, event, at);
  }
}

function planned(state: RolloutState, plan: Plan, planHash: string, at: number): RolloutState {
  state.plan = plan;
  state.planHash = planHash;
  state.status = 'planned';
  state.plannedAt = at;
  sealTargets(state, plan.targetCount);
  state.members = plan.budget.members;
  state.maxUnavailable = plan.budget.maxUnavailable;
  state.failureLimit = plan.budget.failureLimit;
  state.extraFailures = plan.budget.extraFailures;
  state.mode = plan.mode;
  state.intervalMs = plan.waits.intervalMs;
  state.tailIntervalMs = plan.waits.tailIntervalMs;
  state.traffic = plan.traffic === undefined ? undefined : freshTraffic();
  state.ramp = plan.ramp === undefined ? undefined : freshRamp();
  return state;
}

function evolveExec(state: RolloutState, event: RolloutEvent, at: number): RolloutState {
  countCapacity(state, at);
  evolveOne(state, event, at);
  followCourse(state, event, at);
  followRamp(state, event);
  closeRetry(state);
  return state;
}

function evolveOne(state: RolloutState, event: RolloutEvent, at: number): void {
  switch (event.type) {
    case 'TargetsAdmitted':
      admit(state, event, at);
      if (event.run === 'roll') unsettle(state, event.targets);
      break;
    case 'StepSucceeded':
      stepDone(state, event);
      break;
    case 'DrainSkipped':
      stepSucceeded(state, event);
      break;
    case 'StepFailed':
      stepFailed(state, event);
      break;
    case 'TargetUnknown':
      targetUnknown(state, event, at);
      break;
    case 'VerifyWaived':
      waived(state, event.target);
      break;
    case 'TargetExcluded':
      excludeTargets(state, [event.target]);
      break;
    case 'MembersAdded':
    case 'MembersSynced':
    case 'MembersJoined':
    case 'TargetsSilent':
    case 'TargetsHeard':
    case 'TargetsLost':
      evolveMembers(state, event);
      break;
    default:
      evolveRest(state, event, at);
  }
}

function evolveRest(state: RolloutState, event: Exclude<RolloutEvent, TargetEvent>, at: number): void {
  switch (event.type) {
    case 'StageEntered':
    case 'StageSettled':
    case 'StagePassed':
    case 'GatesRequested':
    case 'GateRecorded':
    case 'WaitStarted':
    case 'BatchAwaited':
    case 'BatchProceeded':
      evolveStage(state, event);
      break;
    case 'SideSeen':
    case 'SideScaleOrdered':
    case 'WeightSet':
    case 'WeightPublished':
    case 'SideRetireOrdered':
    case 'SideRetired':
      evolveShift(state, event, at);
      break;
    case 'RampSeen':
      evolveRamp(state, event);
      break;
    case 'RolloutFrozen':
    case 'RolloutThawed':
    case 'FreezeOverridden':
      evolveFreeze(state, event);
      break;
    default:
      evolveCourse(state, event, at);
  }
}

type TargetEvent =
  | MemberEvent
  | Extract<
      RolloutEvent,
      {
        readonly type:
          | 'TargetsAdmitted'
          | 'StepSucceeded'
          | 'DrainSkipped'
          | 'StepFailed'
          | 'TargetUnknown'
          | 'TargetExcluded'
          | 'VerifyWaived';
      }
    >;

type CourseEvent = Exclude<RolloutEvent, TargetEvent | StageEvent | ShiftEvent | RampEvent | FreezeEvent>;

// One line a case: splitting this table would hide that it is complete.
// oxlint-disable-next-line max-lines-per-function
function evolveCourse(state: RolloutState, event: CourseEvent, at: number): void {
  switch (event.type) {
    case 'RolloutStarted':
      state.status = 'running';
      state.token = event.token;
      state.rollbackTo = event.rollbackTo;
      state.startedAt = at;
      break;
    case 'ApprovalRequested':
      state.status = 'awaiting-approval';
      state.wanted = event.approval;
      state.endedAt = 0;
      break;
    case 'ApprovalGranted':
      state.status = 'running';
      state.approved.add(event.approval);
      state.wanted = undefined;
      break;
    case 'ApprovalRejected':
      state.wanted = undefined;
      break;
    case 'RolloutBraked':
      state.status = 'braked';
      state.brake = event.cause;
      // A brake of the log falls in every state: what was asked for is asked for again after its release.
      state.wanted = undefined;
      state.pausedFrom = undefined;
      break;
    case 'BrakeReleased':
      releaseBrake(state);
      break;
    case 'BudgetChanged':
      state.members = event.members;
      state.maxUnavailable = event.maxUnavailable;
      state.failureLimit = event.failureLimit;
      state.extraFailures = event.extraFailures;
      break;
    case 'RetryOrdered':
      orderRetry(state, event.redo, event.probe);
      break;
    case 'SkipOrdered':
      state.status = 'running';
      state.retry.probe.push(event.target);
      state.retry.skips.add(event.target);
      state.retry.active = true;
      break;
    case 'RolloutPaused':
      state.pausedFrom = state.status === 'awaiting-approval' ? 'awaiting-approval' : 'running';
      state.status = 'paused';
      break;
    case 'RolloutResumed':
      state.status = state.pausedFrom ?? 'running';
      state.pausedFrom = undefined;
      break;
    case 'ModeChanged':
      state.mode = event.mode;
      break;
    case 'IntervalsChanged':
      state.intervalMs = event.intervalMs;
      state.tailIntervalMs = event.tailIntervalMs;
      break;
    case 'RolloutSettling':
      state.status = 'settling';
      giveUpFollowUps(state);
      state.wanted = undefined;
      dropRetry(state);
      state.end = {
        cause: event.cause,
        ...(event.reason === undefined ? {} : { reason: event.reason }),
        ...(event.by === undefined ? {} : { by: event.by }),
      };
      break;
    case 'RolloutSucceeded':
      endAs(state, 'succeeded', at);
      break;
    case 'RolloutFailed':
      state.status = 'failed';
      state.endedAt = at;
      break;
    case 'RolloutCancelled':
      endAs(state, 'cancelled', at);
      break;
    case 'RolloutClosed':
      endAs(state, 'closed', at);
      break;
    case 'RollbackRequested':
      state.rollbacks = event.ordinal;
      break;
    default:
      unreachable(event, 'rollout event');
  }
}

function endAs(state: RolloutState, status: 'succeeded' | 'cancelled' | 'closed', at: number): void {
  state.status = status;
  state.endedAt = at;
  state.wait = undefined;
  endTargets(state);
}

/** A gate that braked is asked again in a new round, and a side that was not ready has its time again. */
function releaseBrake(state: RolloutState): void {
  const { stage } = state;
  if (state.brake?.kind === 'gate') {
    stage.asked = false;
    stage.failedGate = undefined;
    stage.during.clear();
    stage.releases += 1;
  }
  if (state.wait?.kind === 'capacity') state.wait = undefined;
  state.status = 'running';
  state.brake = undefined;
}

function waived(state: RolloutState, target: number): void {
  waive(state, target);
  if (state.status !== 'failed') return;
  state.status = 'running';
  state.endedAt = 0;
}
