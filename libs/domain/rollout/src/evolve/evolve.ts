import { type Plan, type PlanEvent, type RolloutEvent, stageAt } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { freshStage, phaseAt, planOf, type RolloutState } from '../state.js';
import { evolveMembers, type MemberEvent } from './members.js';
import { closeRetry, dropRetry, orderRetry, unsettle } from './retry.js';
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
  return state;
}

function evolveExec(state: RolloutState, event: RolloutEvent, at: number): RolloutState {
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
    default:
      evolveCourse(state, event, at);
  }
  closeRetry(state);
  return state;
}

type StageEvent = Extract<
  RolloutEvent,
  {
    readonly type:
      | 'StageEntered'
      | 'StageSettled'
      | 'StagePassed'
      | 'GatesRequested'
      | 'GateRecorded'
      | 'WaitStarted'
      | 'BatchAwaited'
      | 'BatchProceeded';
  }
>;

function evolveStage(state: RolloutState, event: StageEvent): void {
  const { stage } = state;
  switch (event.type) {
    case 'StageEntered':
      enterStage(state);
      break;
    case 'StageSettled':
      stage.settled = true;
      break;
    case 'StagePassed':
      state.stage = freshStage(event.stage + 1);
      state.wait = undefined;
      break;
    case 'GatesRequested':
      stage.round = event.round;
      stage.asked = true;
      stage.gates = event.gates;
      stage.passed.clear();
      break;
    case 'GateRecorded':
      if (event.verdict === 'pass') stage.passed.add(event.gate);
      if (event.verdict === 'fail') stage.failedGate = { gate: event.gate, words: event.words };
      break;
    case 'WaitStarted':
      state.wait = { kind: event.wait, stage: event.stage, until: event.until };
      break;
    case 'BatchAwaited':
      stage.awaited = true;
      break;
    case 'BatchProceeded':
      stage.proceeded = true;
      break;
    default:
      unreachable(event, 'stage event');
  }
}

/** Targets that are out of service already go first: to admit them costs nothing. */
function enterStage(state: RolloutState): void {
  const span = stageAt(planOf(state), state.stage.index);
  if (span === undefined) return;
  const first: number[] = [];
  const rest: number[] = [];
  for (let target = span.from; target < span.to; target += 1) {
    if (phaseAt(state, target) === 'pending') (state.out[target] === 1 ? first : rest).push(target);
  }
  state.stage.entered = true;
  state.stage.order = first.length === 0 ? rest : first.concat(rest);
  state.stage.cursor = 0;
  state.wait = undefined;
}

type CourseEvent = Exclude<
  RolloutEvent,
  | StageEvent
  | MemberEvent
  | {
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
    case 'SideSeen':
    case 'SideScaleOrdered':
    case 'WeightSet':
    case 'WeightPublished':
    case 'SideRetireOrdered':
    case 'SideRetired':
    case 'RolloutFrozen':
    case 'RolloutThawed':
    case 'FreezeOverridden':
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

/** A gate that braked is asked again in a new round. */
function releaseBrake(state: RolloutState): void {
  if (state.brake?.kind === 'gate') {
    state.stage.asked = false;
    state.stage.failedGate = undefined;
  }
  state.status = 'running';
  state.brake = undefined;
}

function waived(state: RolloutState, target: number): void {
  waive(state, target);
  if (state.status !== 'failed') return;
  state.status = 'running';
  state.endedAt = 0;
}
