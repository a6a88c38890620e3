import {
  attemptId,
  type RolloutEvent,
  type RunReport,
  type Sourcing,
  type StepName,
  type StepReport,
} from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { attemptOf } from '../evolve/targets.js';
import { type Leg, legOf, legsOf } from '../legs.js';
import { isTerminal, type OpenAttempt, phaseAt, planOf, type RolloutState } from '../state.js';

/** The longest message of a failed step that goes into the log. */
const MAX_MESSAGE = 400;

/**
 * An agent's results. What is known already is quiet. Codes: BAD_REPORT (it does not fit the attempt: an agent that
 * lies changes nothing), STALE_ATTEMPT (nobody waits for it any more), FENCED.
 */
export function decideReport(state: RolloutState, report: RunReport): readonly RolloutEvent[] {
  assertOurs(state, report);
  const attempt = attemptOf(state, report.target);
  const n = state.attempts[report.target] ?? 0;
  if (report.n > n) throw bad(report, `attempt ${report.n} was never given, the last is ${n}`);
  if (attempt === undefined || attempt.n !== report.n || attempt.run !== report.kind) {
    // The answer to a final report may have been lost: what was recorded is recorded.
    if (report.n === n && attempt === undefined && phaseAt(state, report.target) !== 'excluded') return [];
    throw new SluiceError('STALE_ATTEMPT', `attempt ${report.attempt} is over; forget it`);
  }
  return results(state, report, attempt);
}

function assertOurs(state: RolloutState, report: RunReport): void {
  const target = state.targets[report.target];
  if (target === undefined || target.host !== report.host)
    throw bad(report, `target ${report.target} of this rollout is not ${report.host}`);
  if (report.token !== state.token)
    throw new SluiceError('FENCED', `token ${report.token} is not ${state.token}, the rollout's`);
  if (isTerminal(state.status))
    throw new SluiceError(
      'STALE_ATTEMPT',
      `the rollout has ended as ${state.status}; forget attempt ${report.attempt}`,
    );
}

const bad = (report: RunReport, why: string): SluiceError =>
  new SluiceError('BAD_REPORT', `report of ${report.host} for ${report.attempt} refused: ${why}`);

/** The steps that the attempt's chain still waits for, in its order and no other (TAR-20, TAR-21). */
function results(state: RolloutState, report: RunReport, attempt: OpenAttempt): readonly RolloutEvent[] {
  const events: RolloutEvent[] = [];
  const leg = reportedLeg(state, report, attempt);
  let failed = false;
  report.steps.forEach((result, place) => {
    const index = leg.from + place;
    if (failed || leg.steps[place] !== result.step)
      throw bad(report, `step ${result.step} cannot follow as number ${place + 1} of ${leg.steps.join(', ')}`);
    failed = !result.ok;
    if (failed && index < attempt.next) throw bad(report, `step ${result.step} was reported as done before`);
    if (index >= attempt.next)
      events.push(...(result.ok ? [succeeded(report, result)] : failedStep(state, report, result)));
  });
  if (report.final && !failed && report.steps.length < leg.steps.length) {
    throw bad(report, `it says that it is final after ${report.steps.length} of ${leg.steps.length} steps`);
  }
  return events;
}

/** The run that it reports on: one that has been given. Its name is what the log tells as the cause of the results. */
function reportedLeg(state: RolloutState, report: RunReport, attempt: OpenAttempt): Leg {
  const plan = planOf(state);
  const nameOf = ({ steps }: Leg): string => attemptId(plan.rolloutId, report.host, steps[0] ?? 'probe', attempt.n);
  const leg = legsOf(plan, attempt).find(
    (each) => each.place === 'agent' && each.from <= attempt.next && nameOf(each) === report.attempt,
  );
  if (leg === undefined) throw bad(report, `the attempt is ${nameOf(legOf(plan, attempt))}`);
  return leg;
}

function succeeded({ target, n }: RunReport, result: StepReport): RolloutEvent {
  const { step, ms, note } = result;
  return {
    type: 'StepSucceeded',
    target,
    step,
    n,
    ms,
    ...(note === undefined ? {} : { note }),
    ...sourcingOf(result),
  };
}

/** A step that failed: tried again while the plan has tries left, waived where the plan names who answers for it (TRS-17). */
function failedStep(state: RolloutState, report: RunReport, result: StepReport): readonly RolloutEvent[] {
  const { target, n, kind } = report;
  const { step, ms, code = 'STEP_FAILED', message = '' } = result;
  // What the balancer has taken out does not serve, whatever its agent sees.
  const [text, serving] = [message.slice(0, MAX_MESSAGE), result.serving === true && !state.takenOut.has(target)];
  const failed = {
    type: 'StepFailed',
    target,
    step,
    n,
    ms,
    code,
    message: text,
    serving,
    ...sourcingOf(result),
  } as const;
  const isLate = state.status === 'settling' || state.unknown.has(target);
  if (kind !== 'roll' || isLate) return [failed];
  const again = nextTry(state, target, step);
  return again === undefined ? [failed, ...waivedByPlan(state, target, step)] : [{ ...failed, again }];
}

/** Which of the plan's own tries would follow, from 1; undefined when none is left. */
function nextTry(state: RolloutState, target: number, step: StepName): number | undefined {
  const tried = state.tries.get(target) ?? 0;
  return tried < (planOf(state).stepRetries?.[step] ?? 0) ? tried + 1 : undefined;
}

function waivedByPlan(state: RolloutState, target: number, step: StepName): readonly RolloutEvent[] {
  const { onVerifyFailure, requestedBy } = planOf(state);
  if (step !== 'verify' || onVerifyFailure?.then !== 'waive') return [];
  return [
    { type: 'VerifyWaived', target, by: onVerifyFailure.waivedBy ?? requestedBy.id, reason: 'waived by the plan' },
  ];
}

/** Field by field: an agent may send more than the log takes. */
const sourcingOf = ({ source, fellBack }: StepReport): Sourcing => ({
  ...(source === undefined ? {} : { source }),
  ...(fellBack === undefined ? {} : { fellBack: fellBack.map(({ url, code }) => ({ url, code })) }),
});

/**
 * The agent never saw the attempt. An open one is simply sent again; an unknown one is now known not to be under way:
 * it never began, or the machine that had begun it was replaced.
 */
export function decideNeverSeen(state: RolloutState, target: number, n: number): readonly RolloutEvent[] {
  const attempt = state.unknown.get(target);
  const step = attempt?.steps[attempt.next];
  if (attempt === undefined || attempt.n !== n || step === undefined) return [];
  return [
    {
      type: 'StepFailed',
      target,
      step,
      n,
      ms: 0,
      code: 'NEVER_STARTED',
      message: 'the agent is back and has never seen this attempt',
      serving: false,
    },
  ];
}

/** Nothing was done, but nothing is known either: it counts as not serving, so that a refusing fleet brakes. */
export function decideRefused(
  state: RolloutState,
  refusal: { readonly target: number; readonly n: number; readonly code: string; readonly message: string },
): readonly RolloutEvent[] {
  const { target, n, code, message } = refusal;
  const attempt = state.open.get(target);
  const step = attempt?.steps[attempt.next];
  if (attempt === undefined || attempt.n !== n || step === undefined) return [];
  return [{ type: 'StepFailed', target, step, n, ms: 0, code, message: message.slice(0, MAX_MESSAGE), serving: false }];
}

export function decideUnreachable(state: RolloutState, target: number, n: number): readonly RolloutEvent[] {
  const attempt = state.open.get(target);
  return attempt === undefined || attempt.n !== n ? [] : [unknown(target, attempt, 'UNREACHABLE')];
}

/** Attempts are in the order of their deadlines, and so are unknown targets: only those that are due are looked at. */
export function decideDeadlines(state: RolloutState, now: number): readonly RolloutEvent[] {
  const due: RolloutEvent[] = [];
  for (const [target, attempt] of state.open) {
    if (attempt.deadline > now) break;
    due.push(unknown(target, attempt, 'DEADLINE'));
    if (due.length >= 256) break;
  }
  const lost: number[] = [];
  for (const [target, at] of state.lostAt) {
    if (at > now || isTerminal(state.status) || lost.length >= 10_000) break;
    lost.push(target);
  }
  if (lost.length > 0) due.push({ type: 'TargetsLost', targets: lost.sort((a, b) => a - b) });
  return due;
}

function unknown(target: number, attempt: OpenAttempt, code: 'DEADLINE' | 'UNREACHABLE'): RolloutEvent {
  return { type: 'TargetUnknown', target, step: attempt.steps[attempt.next] ?? 'probe', n: attempt.n, code };
}

/** When `tick` or `advance` next has something to do by time alone, for a state that was last advanced at `now`; ms since the epoch. */
export function nextDeadline(state: RolloutState, now: number): number | undefined {
  const times = [state.open.values().next().value?.deadline, state.lostAt.values().next().value];
  // A wait that is over has had its effect; what the rollout waits for now is not time.
  if (state.status === 'running' && state.wait !== undefined && state.wait.until > now) times.push(state.wait.until);
  const due = times.filter((time) => time !== undefined);
  return due.length === 0 ? undefined : Math.min(...due);
}
