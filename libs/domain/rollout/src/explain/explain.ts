import type { Explanation, RolloutEvent } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { explainBrake } from './brakes.js';
import {
  explainApprovalAsked,
  explainAsked,
  explainEntered,
  explainGate,
  explainGranted,
  explainPassed,
  explainRejected,
  explainSettled,
  explainStarted,
  explainWait,
} from './course.js';
import { explainClosed, explainEnd, explainReleased, explainRollback, explainSettling } from './ends.js';
import {
  explainArrival,
  explainBudget,
  explainExcluded,
  explainJoined,
  explainRetry,
  explainSynced,
} from './members.js';
import { explainFreeze, explainRamp, explainShift, explainSteering } from './steering.js';
import {
  explainAdmission,
  explainDrainSkipped,
  explainHeartbeats,
  explainSkipOrdered,
  explainSkipped,
  explainStepFailed,
  explainUnknown,
  explainWaived,
} from './targets.js';
import type { Told } from './told.js';

/** Why an event of an `exec` stream is as it is. Undefined for facts that decide nothing: a step that went well, a side that was seen. */
// One line a case: splitting this table would hide that it is complete.
// oxlint-disable-next-line max-lines-per-function
export function explainEvent({ event, ...told }: Told<RolloutEvent>): Explanation | undefined {
  switch (event.type) {
    case 'StepSucceeded':
      return told.before.attempt?.run === 'probe' && isLast(told, event.n)
        ? explainSkipped({ event, ...told })
        : undefined;
    case 'SideSeen':
      return undefined;
    case 'RolloutBraked':
      return explainBrake({ event, ...told });
    case 'BrakeReleased':
      return explainReleased({ event, ...told });
    case 'TargetsAdmitted':
      return explainAdmission({ event, ...told });
    case 'StepFailed':
      return explainStepFailed({ event, ...told });
    case 'TargetUnknown':
      return explainUnknown({ event, ...told });
    case 'TargetsSilent':
    case 'TargetsHeard':
    case 'TargetsLost':
      return explainHeartbeats({ event, ...told });
    case 'DrainSkipped':
      return explainDrainSkipped({ event, ...told });
    case 'SkipOrdered':
      return explainSkipOrdered({ event, ...told });
    case 'VerifyWaived':
      return explainWaived({ event, ...told });
    case 'BudgetChanged':
      return explainBudget({ event, ...told });
    case 'TargetExcluded':
      return explainExcluded({ event, ...told });
    case 'MembersSynced':
      return explainSynced({ event, ...told });
    case 'MembersJoined':
      return explainJoined({ event, ...told });
    case 'MembersAdded':
      return explainArrival({ event, ...told });
    case 'RetryOrdered':
      return explainRetry({ event, ...told });
    case 'RolloutStarted':
      return explainStarted({ event, ...told });
    case 'StageEntered':
      return explainEntered({ event, ...told });
    case 'StageSettled':
      return explainSettled({ event, ...told });
    case 'StagePassed':
      return explainPassed({ event, ...told });
    case 'WaitStarted':
      return explainWait({ event, ...told });
    case 'GatesRequested':
      return explainAsked({ event, ...told });
    case 'GateRecorded':
      return explainGate({ event, ...told });
    case 'ApprovalRequested':
      return explainApprovalAsked({ event, ...told });
    case 'ApprovalGranted':
      return explainGranted({ event, ...told });
    case 'ApprovalRejected':
      return explainRejected({ event, ...told });
    case 'RolloutPaused':
    case 'RolloutResumed':
    case 'ModeChanged':
    case 'IntervalsChanged':
    case 'BatchAwaited':
    case 'BatchProceeded':
      return explainSteering({ event, ...told });
    case 'RolloutFrozen':
    case 'RolloutThawed':
    case 'FreezeOverridden':
      return explainFreeze({ event, ...told });
    case 'SideScaleOrdered':
    case 'WeightSet':
    case 'WeightPublished':
    case 'SideRetireOrdered':
    case 'SideRetired':
      return explainShift({ event, ...told });
    case 'RampSeen':
      return explainRamp({ event, ...told });
    case 'RolloutSettling':
      return explainSettling({ event, ...told });
    case 'RolloutSucceeded':
    case 'RolloutFailed':
    case 'RolloutCancelled':
      return explainEnd({ event, ...told });
    case 'RolloutClosed':
      return explainClosed({ event, ...told });
    case 'RollbackRequested':
      return explainRollback({ event, ...told });
    default:
      return unreachable(event, 'rollout event');
  }
}

/** The result ends the run. */
function isLast({ before: { attempt } }: Omit<Told<RolloutEvent>, 'event'>, n: number): boolean {
  return attempt?.n === n && attempt.next === attempt.steps.length;
}
