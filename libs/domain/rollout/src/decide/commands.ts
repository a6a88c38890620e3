import type { EndCause, RolloutCommand, RolloutEvent, Stage } from '@sluice/contracts';
import { stageAt, stageCount } from '@sluice/contracts';
import { type Actor, isNamed, SluiceError, unreachable } from '@sluice/kernel';

import { budgetFor, budgetIsFree } from '../budget.js';
import { LOST } from '../evolve/members.js';
import type { FreshMembers } from '../inputs.js';
import { phaseAt, planOf, type RolloutState } from '../state.js';
import { wayBack } from '../traffic/back.js';
import { setWeight } from '../traffic/weight.js';
import { assertOffered } from '../transitions.js';
import { rollbackRequested } from './advance.js';
import { hotfix } from './freezes.js';
import { decideSync } from './members.js';

export interface Said {
  readonly actor: Actor;
  readonly reason?: string;
  readonly fresh?: FreshMembers;
}

type Decided = readonly RolloutEvent[];
type Why = { readonly reason?: string };

/** What a person or a program says. Codes: NOT_OFFERED, NOT_ALLOWED, PLAN_CHANGED, REASON_NEEDED, BAD_COMMAND, NOT_FOUND. */
export function decideCommand(state: RolloutState, command: RolloutCommand, said: Said): Decided {
  assertOffered(state, command.type);
  const why: Why = said.reason === undefined ? {} : { reason: said.reason };
  switch (command.type) {
    case 'approve':
      return approve(state, command, said);
    case 'reject':
      return reject(state, command.approval, why);
    case 'pause':
      return [{ type: 'RolloutPaused', ...why }];
    case 'resume':
      return state.status === 'braked'
        ? [{ type: 'BrakeReleased', by: 'resume', ...why }]
        : [{ type: 'RolloutResumed', ...why }];
    case 'cancel':
      return settling(state, 'cancelled', why);
    case 'rollback':
      return rollback(state, why);
    case 'retry':
      return retry(state, why, said.fresh);
    case 'skip':
      return skip(state, command.host, why);
    case 'waive':
      return waive(state, command.host, said);
    case 'override':
      return override(state, command.extraFailures, why);
    case 'proceed':
      return [{ type: 'BatchProceeded', stage: state.stage.index }];
    case 'setMode':
      return command.mode === state.mode ? [] : [{ type: 'ModeChanged', mode: command.mode, ...why }];
    case 'setInterval':
      return setIntervals(state, command, why);
    case 'setWeight':
      return setWeight(state, command.weight, said.reason);
    case 'hotfix':
      return hotfix(said);
    case 'close':
      return [{ type: 'RolloutClosed', cause: 'closed', ...why }];
    default:
      return unreachable(command, 'command');
  }
}

/**
 * The approver is somebody, is not the requester, and names the plan that was read (I13). Whoever asked without a name
 * could approve without one, or under the name of nobody: so who has no name approves nothing.
 */
function approve(
  state: RolloutState,
  command: Extract<RolloutCommand, { readonly type: 'approve' }>,
  said: Said,
): Decided {
  const plan = planOf(state);
  assertWanted(state, command.approval);
  if (!isNamed(said.actor)) {
    throw new SluiceError(
      'NOT_ALLOWED',
      `an approval needs a name, and ${said.actor.id} is none: say who you are (--actor user:NAME), or use a token`,
    );
  }
  if (said.actor.id === plan.requestedBy.id) {
    throw new SluiceError('NOT_ALLOWED', `${said.actor.id} requested this rollout, so somebody else must approve it`);
  }
  if (command.planHash !== state.planHash) {
    throw new SluiceError(
      'PLAN_CHANGED',
      `the approval names plan ${command.planHash.slice(0, 12)}, the plan is ${state.planHash.slice(0, 12)}: read it again`,
      { planHash: state.planHash },
    );
  }
  return [
    {
      type: 'ApprovalGranted',
      approval: command.approval,
      planHash: state.planHash,
      ...(said.reason === undefined ? {} : { reason: said.reason }),
    },
  ];
}

function reject(state: RolloutState, approval: 'canary' | 'batches', why: Why): Decided {
  assertWanted(state, approval);
  return [{ type: 'ApprovalRejected', approval, ...why }, ...settling(state, 'rejected', why)];
}

/** It ends without success; a shift of traffic takes back what it has moved. */
function settling(state: RolloutState, cause: EndCause, why: Why): Decided {
  return [{ type: 'RolloutSettling', cause, ...why }, ...wayBack(state, { cause, ...why })];
}

function assertWanted(state: RolloutState, approval: string): void {
  if (state.wanted === approval) return;
  throw new SluiceError('CONFLICT', `this rollout waits for the approval "${state.wanted}", not "${approval}"`, {
    wanted: state.wanted,
  });
}

function rollback(state: RolloutState, why: Why): Decided {
  const ended =
    state.status === 'succeeded' ||
    state.status === 'failed' ||
    state.status === 'cancelled' ||
    state.status === 'closed';
  return ended ? rollbackRequested(state, why.reason) : settling(state, 'rollback', why);
}

/**
 * Failed targets are done again and unknown ones looked at first; in batches with a failure the others are looked at
 * too, and done again only when the look fails (TAR-24). Before that the members of the group are synced (TRS-13).
 */
function retry(state: RolloutState, why: Why, fresh: FreshMembers | undefined): Decided {
  const sync = decideSync(state, fresh);
  const [synced] = sync;
  const { gone, back } = synced?.type === 'MembersSynced' ? synced : { gone: [], back: [] };
  const moved: Moved = { gone: new Set(gone), back: new Set(back) };
  const redo: number[] = [];
  const probe: number[] = [];
  const last = Math.min(state.stage.index, stageCount(planOf(state)) - 1);
  for (let index = 0; index <= last; index += 1) {
    const stage = stageAt(planOf(state), index);
    if (stage !== undefined) sortStage({ state, moved }, stage, redo, probe);
  }
  const release: Decided = state.status === 'braked' ? [{ type: 'BrakeReleased', by: 'retry', ...why }] : [];
  // In the order of the plan, which the log keeps in few bytes.
  probe.sort((a, b) => a - b);
  return [...release, ...sync, { type: 'RetryOrdered', redo, probe, ...why }];
}

/** Targets that leave the group with this retry, and those that are back in it. */
interface Moved {
  readonly gone: ReadonlySet<number>;
  readonly back: ReadonlySet<number>;
}

interface Retrying {
  readonly state: RolloutState;
  readonly moved: Moved;
}

function sortStage(retrying: Retrying, stage: Stage, redo: number[], probe: number[]): void {
  const well: number[] = [];
  const before = redo.length + probe.length;
  for (let target = stage.from; target < stage.to; target += 1) {
    const wants = wantedOf(retrying, target);
    if (wants === 'redo') redo.push(target);
    if (wants === 'probe') probe.push(target);
    if (wants === 'look') well.push(target);
  }
  if (redo.length + probe.length > before) probe.push(...well);
}

/** What a retry does with a target of a stage that was begun; `look`: it is well, and looked at when others are not. */
function wantedOf({ state, moved }: Retrying, target: number): 'redo' | 'probe' | 'look' | undefined {
  if (moved.gone.has(target)) return undefined;
  return moved.back.has(target) ? 'redo' : wantedAsItStands(state, target);
}

function wantedAsItStands(state: RolloutState, target: number): 'redo' | 'probe' | 'look' | undefined {
  const phase = phaseAt(state, target);
  if (phase === 'done' || phase === 'skipped') return 'look';
  if (phase === 'unknown') return isHeldByBalancer(state, target) ? 'redo' : 'probe';
  if (phase === 'failed') return state.failures.get(target)?.code === LOST ? 'probe' : 'redo';
  return isHalfDone(state, target) ? 'redo' : undefined;
}

/** A look at a host says nothing about its balancer, and a canary must not be put back by it: it is done again. */
const isHeldByBalancer = (state: RolloutState, target: number): boolean =>
  planOf(state).lb !== undefined && target < planOf(state).canaries;

/** An earlier retry was to do it again and braked before it came to it. */
const isHalfDone = (state: RolloutState, target: number): boolean =>
  phaseAt(state, target) === 'pending' && (state.attempts[target] ?? 0) > 0;

/** Skipped only when a look shows that it runs the version already; otherwise it stays failed. */
function skip(state: RolloutState, host: string, why: Why): Decided {
  const target = targetNamed(state, host);
  const phase = phaseAt(state, target);
  if (phase !== 'failed' && phase !== 'unknown')
    throw new SluiceError('CONFLICT', `${host} is ${phase}; only a failed or unknown target can be skipped`);
  if (isHeldByBalancer(state, target))
    throw new SluiceError(
      'CONFLICT',
      `${host} is a canary behind a balancer: retry it, so that it is held until approved`,
    );
  const release: Decided = state.status === 'braked' ? [{ type: 'BrakeReleased', by: 'retry', ...why }] : [];
  return [...release, { type: 'SkipOrdered', target, ...why }];
}

/** A failed verify that a person answers for, by name: the target is enabled all the same (TRS-17). */
function waive(state: RolloutState, host: string, said: Said): Decided {
  const reason = said.reason?.trim() ?? '';
  if (reason === '') throw new SluiceError('REASON_NEEDED', 'a waived verify needs a reason: it stays in the history');
  const target = targetNamed(state, host);
  if (phaseAt(state, target) !== 'failed' || state.failures.get(target)?.step !== 'verify') {
    throw new SluiceError('CONFLICT', `${host} has not failed its verify; only that can be waived`);
  }
  const waived: RolloutEvent = { type: 'VerifyWaived', target, by: said.actor.id, reason };
  return frees(state, target) ? [waived, { type: 'BrakeReleased', by: 'waive', reason }] : [waived];
}

/** Whether nothing would brake any more without this target's failure. */
function frees(state: RolloutState, target: number): boolean {
  const lostCount = state.lostCount - (state.lost[target] ?? 0);
  const canariesFailed = state.canariesFailed - Number(target < planOf(state).canaries);
  return state.status === 'braked' && budgetIsFree({ ...state, lostCount, canariesFailed });
}

/** A rollout may have 100,000 targets, so this is for what a person says, not for reports. Code NOT_FOUND. */
export function targetNamed(state: RolloutState, host: string): number {
  const target = state.targets.findIndex((candidate) => candidate.host === host);
  if (target < 0) throw new SluiceError('NOT_FOUND', `${host} is no target of this rollout`);
  return target;
}

/** Raises the failures that are taken on, for this rollout only; minServing stays. Released at once when that frees it. */
function override(state: RolloutState, extraFailures: number, why: Why): Decided {
  if (why.reason === undefined || why.reason.trim() === '')
    throw new SluiceError('REASON_NEEDED', 'an override needs a reason: it stays in the history');
  if (!Number.isInteger(extraFailures) || extraFailures < 1 || extraFailures > state.members) {
    throw new SluiceError('BAD_COMMAND', `extraFailures must be a whole number from 1 to ${state.members}`);
  }
  const raised = { ...state, extraFailures: state.extraFailures + extraFailures };
  const changed: RolloutEvent = { type: 'BudgetChanged', ...budgetNow(raised), ...why };
  return budgetIsFree(raised) ? [changed, { type: 'BrakeReleased', by: 'override', ...why }] : [changed];
}

const budgetNow = (
  state: RolloutState,
): { members: number; maxUnavailable: number; failureLimit: number; extraFailures: number } => ({
  members: state.members,
  maxUnavailable: state.maxUnavailable,
  failureLimit: state.failureLimit,
  extraFailures: state.extraFailures,
});

function setIntervals(
  state: RolloutState,
  command: Extract<RolloutCommand, { readonly type: 'setInterval' }>,
  why: Why,
): Decided {
  const intervalMs = command.intervalMs ?? state.intervalMs;
  const tailIntervalMs = command.tailIntervalMs ?? state.tailIntervalMs;
  if (intervalMs === state.intervalMs && tailIntervalMs === state.tailIntervalMs) return [];
  return [{ type: 'IntervalsChanged', intervalMs, tailIntervalMs, ...why }];
}

/** The host leaves G: it gets no commands any more, and A and T are computed anew (TAR-33). */
export function decideExclude(state: RolloutState, host: string, reason: string): Decided {
  const target = state.targets.findIndex((candidate) => candidate.host === host);
  if (target < 0 || phaseAt(state, target) === 'excluded') return [];
  const members = state.members - 1;
  return [
    { type: 'TargetExcluded', target, reason },
    {
      type: 'BudgetChanged',
      members,
      ...budgetFor(state, members),
      extraFailures: state.extraFailures,
      reason: `${host} excluded`,
    },
  ];
}
