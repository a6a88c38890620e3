import { type EventMeta, hashOf, type RolloutEvent } from '@sluice/contracts';

import { admit } from './admissions.js';
import type { Complain } from './complain.js';
import { brake, release } from './brakes.js';
import { applyFreeze } from './freezes.js';
import { askGates, recordGate } from './gates.js';
import { closeOrder, end, exclude, fail, giveUp, lose, order, skipDrain, succeed, waive } from './results.js';
import { requestRollback } from './rollbacks.js';
import { applyMembers } from './members.js';
import { applyRamp, noteHeld } from './ramps.js';
import { numbersOf, type RolloutModel } from './rollout-model.js';
import { applyShift, endShift, giveUpShift } from './shifts.js';
import { enterStage, passStage, startWait } from './waits.js';

/** What stands beside an event in its commit. */
export interface Seen {
  readonly meta: EventMeta;
  /** ms since the epoch. */
  readonly at: number;
}

/** Reads one event of an `exec` stream: first what must hold, then what it changes. */
export function applyRollout(model: RolloutModel, event: RolloutEvent, seen: Seen, complain: Complain): void {
  const isTaken =
    applyTarget(model, event, seen, complain) ||
    applyStage(model, event, seen, complain) ||
    applyShift(model, event, seen, complain) ||
    applyRamp(model, event, complain) ||
    applyFreeze(model, event, seen.meta, complain);
  if (!isTaken) applyCommand(model, event, seen, complain);
  closeOrder(model);
  noteHeld(model, seen.at);
}

/** What happens to targets. False when the event is of another kind. */
function applyTarget(model: RolloutModel, event: RolloutEvent, { meta, at }: Seen, complain: Complain): boolean {
  switch (event.type) {
    case 'TargetsAdmitted':
      admit(model, event, complain);
      return true;
    case 'StepSucceeded':
      succeed(model, event, complain);
      return true;
    case 'DrainSkipped':
      skipDrain(model, event, complain);
      return true;
    case 'StepFailed':
      fail(model, event, complain);
      return true;
    case 'TargetUnknown':
      lose(model, event, at, complain);
      return true;
    case 'TargetExcluded':
      exclude(model, event);
      return true;
    case 'VerifyWaived':
      waive(model, event, meta, complain);
      return true;
    default:
      return applyMembers(model, event, at, complain);
  }
}

/** How the rollout goes from stage to stage. False when the event is of another kind. */
function applyStage(model: RolloutModel, event: RolloutEvent, { at }: Seen, complain: Complain): boolean {
  switch (event.type) {
    case 'WaitStarted':
      startWait(model, event, at, complain);
      return true;
    case 'ModeChanged':
      model.mode = event.mode;
      return true;
    case 'IntervalsChanged':
      model.intervalMs = event.intervalMs;
      model.tailIntervalMs = event.tailIntervalMs;
      return true;
    case 'BatchProceeded':
      model.proceeded = true;
      return true;
    case 'StageEntered':
      enterStage(model, event, at, complain);
      return true;
    case 'GatesRequested':
      askGates(model, event, complain);
      return true;
    case 'GateRecorded':
      recordGate(model, event, complain);
      return true;
    case 'StagePassed':
      passStage(model, event, at, complain);
      return true;
    default:
      return false;
  }
}

// One line a case: a table of what each event means to an outsider.
function applyCommand(model: RolloutModel, event: RolloutEvent, { meta, at }: Seen, complain: Complain): void {
  switch (event.type) {
    case 'RolloutStarted':
      model.token = event.token;
      model.rollbackTo = event.rollbackTo;
      return move(model, 'running');
    case 'ApprovalRequested':
      model.wanted = event.approval;
      return move(model, 'awaiting-approval');
    case 'ApprovalGranted':
      return approve(model, event, meta, complain);
    case 'RolloutPaused':
      model.before = model.status;
      return move(model, 'paused');
    case 'RolloutResumed':
      return move(model, model.before);
    case 'RolloutBraked':
      return brake(model, event, at, complain);
    case 'BrakeReleased':
      return release(model, event, complain);
    case 'RetryOrdered':
      order(model, event, complain);
      return move(model, 'running');
    case 'SkipOrdered':
      return skip(model, event.target);
    case 'BudgetChanged':
      return changeBudget(model, event, complain);
    case 'RollbackRequested':
      return requestRollback(model, event, complain);
    case 'RolloutSettling':
      giveUp(model);
      giveUpShift(model, complain);
      return move(model, 'settling');
    case 'RolloutSucceeded':
    case 'RolloutFailed':
    case 'RolloutCancelled':
      end(model, event, complain);
      endShift(model, event.type, complain);
      model.end = event.type;
      return move(model, event.type === 'RolloutFailed' ? 'failed' : 'ended');
    case 'RolloutClosed':
      model.end = event.type;
      return move(model, 'ended');
    default:
      return undefined;
  }
}

function move(model: RolloutModel, status: RolloutModel['status']): void {
  model.status = status;
}

/** I13: somebody else than the requester, the plan that was read, and an answer to what was asked, once. */
function approve(
  model: RolloutModel,
  event: Extract<RolloutEvent, { readonly type: 'ApprovalGranted' }>,
  { by }: EventMeta,
  complain: Complain,
): void {
  const { plan } = model;
  const asked = model.status === 'awaiting-approval' && model.wanted === event.approval;
  if (by.kind !== 'policy' && !asked) complain('I13', `${event.approval} was approved while nobody waited for it`);
  if (by.id === plan.requestedBy.id) complain('I13', `${by.id} requested the rollout and approved ${event.approval}`);
  if (event.planHash !== model.planHash || event.planHash !== hashOf(plan))
    complain('I13', `the approval of ${event.approval} names another plan`);
  if (by.kind === 'policy' && (event.approval !== 'batches' || plan.approvals.batches !== 'policy')) {
    complain('I13', `a policy approved ${event.approval}, which the plan does not leave to it`);
  }
  model.approved.add(event.approval);
  model.wanted = undefined;
  move(model, 'running');
}

function skip(model: RolloutModel, index: number): void {
  const target = model.targets[index];
  if (target !== undefined) target.ordered = 'skip';
  model.retrying = true;
  move(model, 'running');
}

/** The numbers of the event against those of the design's formula. */
function changeBudget(
  model: RolloutModel,
  event: Extract<RolloutEvent, { readonly type: 'BudgetChanged' }>,
  complain: Complain,
): void {
  model.members = event.members;
  model.extraFailures = event.extraFailures;
  const { A, T } = numbersOf(model);
  if (A !== event.maxUnavailable || T !== event.failureLimit) {
    complain(
      'I1',
      `the budget of ${event.members} members was set to A ${event.maxUnavailable}, T ${event.failureLimit}; it is A ${A}, T ${T}`,
    );
  }
}
