import { type EventMeta, hashOf, type RolloutEvent } from '@sluice/contracts';

import { admit, type Complain, passStage } from './admissions.js';
import { closeOrder, end, exclude, forgetOrder, fail, lose, order, succeed } from './results.js';
import { numbersOf, type RolloutModel } from './rollout-model.js';

/** Reads one event of an `exec` stream: first what must hold, then what it changes. */
export function applyRollout(model: RolloutModel, event: RolloutEvent, meta: EventMeta, complain: Complain): void {
  apply(model, event, meta, complain);
  closeOrder(model);
}

function apply(model: RolloutModel, event: RolloutEvent, meta: EventMeta, complain: Complain): void {
  switch (event.type) {
    case 'TargetsAdmitted':
      return admit(model, event, complain);
    case 'StepSucceeded':
      return succeed(model, event, complain);
    case 'StepFailed':
      return fail(model, event, complain);
    case 'TargetUnknown':
      return lose(model, event, complain);
    case 'TargetExcluded':
      return exclude(model, event);
    case 'StagePassed':
      return passStage(model, event.stage, complain);
    case 'StageEntered':
      if (event.stage !== model.stage)
        complain('I5', `stage ${event.stage} was entered while ${model.stage} was the current one`);
      if (model.status !== 'running')
        complain('I6', `stage ${event.stage} was entered while the rollout was ${model.status}`);
      model.entered = true;
      return undefined;
    default:
      return applyCommand(model, event, meta, complain);
  }
}

type Rest = Exclude<
  RolloutEvent,
  {
    readonly type:
      | 'TargetsAdmitted'
      | 'StepSucceeded'
      | 'StepFailed'
      | 'TargetUnknown'
      | 'TargetExcluded'
      | 'StagePassed'
      | 'StageEntered';
  }
>;

// One line a case: a table of what each event means to an outsider.
function applyCommand(model: RolloutModel, event: Rest, meta: EventMeta, complain: Complain): void {
  switch (event.type) {
    case 'RolloutStarted':
      model.token = event.token;
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
      return move(model, 'braked');
    case 'BrakeReleased':
      return move(model, 'running');
    case 'RetryOrdered':
      order(model, event, complain);
      return move(model, 'running');
    case 'SkipOrdered':
      return skip(model, event.target);
    case 'BudgetChanged':
      return changeBudget(model, event, complain);
    case 'RolloutSettling':
      forgetOrder(model);
      return move(model, 'settling');
    case 'RolloutSucceeded':
    case 'RolloutFailed':
    case 'RolloutCancelled':
      end(model, event, complain);
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

/** I13: somebody else than the requester, and the plan that was read. */
function approve(
  model: RolloutModel,
  event: Extract<RolloutEvent, { readonly type: 'ApprovalGranted' }>,
  { by }: EventMeta,
  complain: Complain,
): void {
  const { plan } = model;
  if (by.id === plan.requestedBy.id) complain('I13', `${by.id} requested the rollout and approved ${event.approval}`);
  if (event.planHash !== model.planHash || event.planHash !== hashOf(plan))
    complain('I13', `the approval of ${event.approval} names another plan`);
  if (by.kind === 'policy' && (event.approval !== 'batches' || plan.approvals.batches !== 'policy')) {
    complain('I13', `a policy approved ${event.approval}, which the plan does not leave to it`);
  }
  model.approved.add(event.approval);
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
