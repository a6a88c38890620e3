import type { BrakeCause, RolloutEvent } from '@sluice/contracts';
import {
  budgetCause,
  canaryCause,
  capacityCause,
  gateCause,
  isFrozen,
  phaseAt,
  planOf,
  room,
  type RolloutState,
  writtenOff,
} from '@sluice/rollout';

import type { CandidateBrake } from '../policy/policy.js';
import type { CandidateGates } from './gates.js';
import { changesPace, under } from './numbers.js';

/** What a policy decides; the other brakes fall whatever the policy is. */
export const isPolicyBrake = ({ kind }: BrakeCause): boolean =>
  kind === 'budget' || kind === 'canary' || kind === 'gate';

/**
 * The words of the brake that the candidate's numbers call for now and the live ones do not. Where the live rules would
 * brake as well, what was recorded says whether they did.
 */
export function candidateBrake(state: RolloutState, brake: CandidateBrake): string | undefined {
  if (Object.keys(brake).length === 0) return undefined;
  const cause = under(state, brake, budgetCause);
  if (cause === undefined || (canaryCause(state) ?? budgetCause(state) ?? gateCause(state)) !== undefined)
    return undefined;
  return cause.words;
}

/** Why the candidate does not brake where the live policy did; undefined where it does, or where no policy is asked. */
export function goesOnWords(
  state: RolloutState,
  brake: CandidateBrake,
  cause: BrakeCause,
  gates: CandidateGates | undefined,
): string | undefined {
  if (!isPolicyBrake(cause) || cause.kind === 'canary') return undefined;
  if (under(state, brake, budgetCause) !== undefined || gateFails(state, gates)) return undefined;
  const gate = state.stage.failedGate?.gate ?? '?';
  const instead = cause.kind === 'budget' ? standing(state, brake) : `gate ${gate} does not fail`;
  return `the live policy stopped: ${cause.words}; this one: ${instead}`;
}

/** The gate that failed fails for the candidate too. */
function gateFails(
  { stage: { index, failedGate, entered } }: RolloutState,
  gates: CandidateGates | undefined,
): boolean {
  if (failedGate === undefined) return false;
  const { gate, phase = 'exit' } = failedGate;
  return gates?.fails(phase, phase === 'during' && !entered ? index - 1 : index, gate) !== false;
}

const standing = (state: RolloutState, brake: CandidateBrake): string =>
  under(state, brake, (seen) => {
    const [lost, off, A, T] = [seen.lostCount, writtenOff(seen), seen.maxUnavailable, seen.failureLimit];
    return `lost ${lost} - written off ${off} = ${lost - off} < limit ${Math.min(A, T)} = min(A ${A}, T ${T}) of ${seen.members} members`;
  });

type Admission = Extract<RolloutEvent, { readonly type: 'TargetsAdmitted' }>;
type OutOfStep =
  | { readonly kind: 'stops'; readonly because: string; readonly atLatest: boolean }
  | { readonly kind: 'unknown'; readonly because: string };

/** The candidate would not have admitted these: it has less room, or it would not take out what serves while it brakes. */
export function outOfStep(state: RolloutState, brake: CandidateBrake, event: Admission): OutOfStep | undefined {
  if (event.run !== 'roll' || Object.keys(brake).length === 0 || planOf(state).budget.advisory) return undefined;
  const serving = event.targets.filter((target) => state.out[target] !== 1).length;
  if (serving === 0) return undefined;
  const cause = state.retry.active ? candidateBrake(state, brake) : undefined;
  if (cause !== undefined) return { kind: 'stops', because: cause, atLatest: false };
  return changesPace(brake) ? withoutRoom(state, brake, serving, event.targets.length) : undefined;
}

function withoutRoom(
  state: RolloutState,
  brake: CandidateBrake,
  serving: number,
  targets: number,
): OutOfStep | undefined {
  const left = under(state, brake, room);
  if (serving <= left) return undefined;
  if (left <= 0 && state.open.size === 0 && serving === targets)
    return { kind: 'stops', because: under(state, brake, capacityCause).words, atLatest: false };
  return { kind: 'unknown', because: `it would admit ${Math.max(0, left)} of these ${serving} targets here` };
}

/** The candidate would have admitted more than the live policy did, which waits for room. */
export function paceAtRest(state: RolloutState, brake: CandidateBrake): string | undefined {
  if (!changesPace(brake) || planOf(state).budget.advisory || !state.stage.entered || state.retry.active)
    return undefined;
  if (isFrozen(state)) return undefined;
  const { order, cursor } = state.stage;
  const waiting = order[cursor];
  if (waiting === undefined || phaseAt(state, waiting) !== 'pending' || state.out[waiting] === 1) return undefined;
  const [live, candidate] = [room(state), under(state, brake, room)];
  return candidate > Math.max(0, live) ? `it would admit ${candidate} more targets here` : undefined;
}
