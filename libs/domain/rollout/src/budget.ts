import { type BrakeCause, maxUnavailableFor } from '@sluice/contracts';

import type { LogLoss } from './inputs.js';
import { countOf, phaseAt, planOf, type RolloutState } from './state.js';

/**
 * The budget's one invariant (design 6.5): a target may be admitted iff unavailable + 1 <= A, and the brake falls iff
 * targets are left and lost - writtenOff >= min(A, T).
 */

/** Hosts that the cause of a brake names at most. */
const MAX_NAMED = 50;

/** Failures that somebody took on: they neither brake nor take room. In a rollback all of them, so nothing blocks the way out. */
export function writtenOff(state: RolloutState, lost: number = state.lostCount): number {
  return planOf(state).budget.advisory ? lost : Math.min(lost, state.extraFailures);
}

/** Drained or in a step, plus lost, less what was written off. */
export const unavailable = (state: RolloutState): number => state.outCount - writtenOff(state);

export const serving = (state: RolloutState): number => state.members - state.outCount;

/** How many serving members may be taken out now: unavailable + 1 <= A, and never below minServing. */
export function room(state: RolloutState): number {
  const floor = planOf(state).budget.minServing;
  return Math.min(
    state.maxUnavailable - unavailable(state),
    floor === 0 ? Number.POSITIVE_INFINITY : serving(state) - floor,
  );
}

/** What already is out of service costs nothing to admit. */
export const mayAdmit = (state: RolloutState, target: number): boolean => state.out[target] === 1 || room(state) > 0;

/** Targets that a brake would still hold back. */
export const targetsLeft = (state: RolloutState): number => countOf(state, 'pending') + countOf(state, 'verified');

/** min(A, T). */
export const brakeLimit = (state: RolloutState): number => Math.min(state.maxUnavailable, state.failureLimit);

/** True while nothing of the budget's own rules would brake. */
export const budgetIsFree = (state: RolloutState): boolean =>
  budgetCause(state) === undefined && canaryCause(state) === undefined;

/** Why the budget brakes now, or undefined. */
export function budgetCause(state: RolloutState): BrakeCause | undefined {
  if (planOf(state).budget.advisory || targetsLeft(state) === 0) return undefined;
  const [lost, off, limit] = [state.lostCount, writtenOff(state), brakeLimit(state)];
  if (lost - off < limit) return undefined;
  return {
    kind: 'budget',
    words: `lost ${lost} - written off ${off} = ${lost - off} >= limit ${limit} = min(A ${state.maxUnavailable}, T ${state.failureLimit}) of ${state.members} members; ${targetsLeft(state)} targets are left`,
    numbers: {
      lost,
      writtenOff: off,
      limit,
      maxUnavailable: state.maxUnavailable,
      failureLimit: state.failureLimit,
      members: state.members,
      left: targetsLeft(state),
    },
    targets: lostTargets(state),
  };
}

/** A gate of the current stage that failed. */
export function gateCause({ stage }: Pick<RolloutState, 'stage'>): BrakeCause | undefined {
  if (stage.failedGate === undefined) return undefined;
  const { gate, words, phase } = stage.failedGate;
  const round = phase === 'during' ? stage.releases + 1 : stage.round;
  return {
    kind: 'gate',
    words: `gate ${gate} failed ${phase === undefined ? 'at' : WHEN[phase]} stage ${stage.index}: ${words}`.slice(
      0,
      600,
    ),
    numbers: { stage: stage.index, round },
  };
}

const WHEN = { entry: 'before', during: 'during' } as const;

/** A failing canary brakes at once; only failures that an operator took on afterwards are forgiven. */
export function canaryCause(state: RolloutState): BrakeCause | undefined {
  const plan = planOf(state);
  const forgiven = state.extraFailures - plan.budget.extraFailures;
  if (plan.budget.advisory || state.canariesFailed <= forgiven) return undefined;
  const failed = range(plan.canaries).filter((target) => ['failed', 'unknown'].includes(phaseAt(state, target)));
  const first = failed[0] === undefined ? undefined : state.failures.get(failed[0]);
  const why = first === undefined ? '' : `: ${first.step} failed with ${first.code}, ${first.message}`;
  return {
    kind: 'canary',
    words:
      `canary ${failed.map((target) => state.targets[target]?.host).join(', ')} failed ${state.canariesFailed} > ${forgiven} forgiven${why}`.slice(
        0,
        600,
      ),
    numbers: { failed: state.canariesFailed, forgiven, canaries: plan.canaries },
    targets: failed.slice(0, MAX_NAMED),
  };
}

/** Nothing is in a step, something is left, and nothing of it may be admitted: it would wait for ever without a word. */
export function capacityCause(state: RolloutState): BrakeCause {
  const plan = planOf(state);
  const [out, A] = [unavailable(state), state.maxUnavailable];
  const floor = plan.budget.minServing;
  const words =
    out + 1 > A
      ? `unavailable ${out} + 1 > A ${A}: ${state.outCount} of ${state.members} members are out of service and none is in a step`
      : `serving ${serving(state)} - 1 < minServing ${floor}`;
  return {
    kind: 'capacity',
    words,
    numbers: {
      unavailable: out,
      maxUnavailable: A,
      serving: serving(state),
      minServing: floor,
      members: state.members,
    },
  };
}

/** The log lost its tail. */
export const lossCause = ({ seen, position }: LogLoss): BrakeCause => ({
  kind: 'log',
  words: `the log lost its tail: it ends at position ${position}, and position ${seen} was read from it before. What was recorded since is lost: compare the hosts with what the rollout says before you go on`,
  numbers: { seen, position },
});

/** A and T for a number of members, by the plan's rule. */
export function budgetFor(
  state: RolloutState,
  members: number,
): { readonly maxUnavailable: number; readonly failureLimit: number } {
  const { advisory, failureThresholdPercent } = planOf(state).budget;
  return {
    maxUnavailable: advisory ? Math.ceil(members / 2) : allowed(state, members),
    failureLimit: Math.max(1, Math.ceil((members * failureThresholdPercent) / 100)),
  };
}

/**
 * A plan on hosts of several groups allows less than its rule, so nothing may raise it again (TRS-12). One of before that
 * names a number of batches, and does not say so, allows a little more as long as no member has left.
 */
function allowed(state: RolloutState, members: number): number {
  const { maxUnavailable, ...plan } = planOf(state).budget;
  const share = maxUnavailableFor(plan, members);
  const reduced = maxUnavailable < maxUnavailableFor(plan, plan.members);
  return reduced || members < plan.members ? Math.min(maxUnavailable, share) : Math.max(maxUnavailable, share);
}

/** A brake names enough hosts to look at, not all. */
function lostTargets(state: RolloutState): number[] {
  const out: number[] = [];
  for (const target of [...state.failures.keys(), ...state.unknown.keys()]) {
    if (out.length >= MAX_NAMED) break;
    if (state.lost[target] === 1 && !out.includes(target)) out.push(target);
  }
  return out.sort((a, b) => a - b);
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
