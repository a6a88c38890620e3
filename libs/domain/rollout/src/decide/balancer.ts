import type { PlanBalancer, RolloutEvent } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { attemptOf } from '../evolve/targets.js';
import type { RolloutInput } from '../inputs.js';
import { legOf } from '../legs.js';
import { isTerminal, type OpenAttempt, planOf, type RolloutState } from '../state.js';

const MAX_WORDS = 400;

type Balanced = Extract<RolloutInput, { readonly type: 'balanced' }>;

/**
 * How a step went at the balancer. What nobody waits for any more is quiet. A balancer that does not answer brakes, or
 * is gone on without where the plan says so: then the log names each target (TAR-41).
 */
export function decideBalanced(state: RolloutState, input: Balanced): readonly RolloutEvent[] {
  const { target, n, step, ms, outcome } = input;
  const attempt = attemptOf(state, target);
  if (isTerminal(state.status) || attempt === undefined || attempt.n !== n || attempt.steps[attempt.next] !== step)
    return [];
  if (legOf(planOf(state), attempt).place !== 'balancer') return [];
  switch (outcome.kind) {
    case 'done':
      return [{ type: 'StepSucceeded', target, step, n, ms }];
    case 'refused': {
      const { code, message } = outcome;
      return [{ ...failed(state, input, attempt), ms, code, message: message.slice(0, MAX_WORDS) }];
    }
    case 'down':
      return down(state, input, { attempt, words: outcome.words.slice(0, MAX_WORDS) });
    default:
      return unreachable(outcome, 'outcome of a balancer');
  }
}

interface Down {
  readonly attempt: OpenAttempt;
  readonly words: string;
}

function down(state: RolloutState, input: Balanced, { attempt, words }: Down): readonly RolloutEvent[] {
  const { target, n, step } = input;
  const { lb } = planOf(state);
  if (lb === undefined) return [];
  const dependency = lb.balancer;
  if (lb.mode === 'degrade' && (step === 'drain' || !state.takenOut.has(target)))
    return [{ type: 'DrainSkipped', target, n, step, dependency, words }];
  const lost = { ...failed(state, input, attempt), ms: 0, code: 'DEPENDENCY_DOWN', message: words } as const;
  // Nobody waits for a balancer with an end that was ordered.
  if (state.status === 'settling') return [lost];
  const brake = braked(state, lb, { target, words });
  // What the balancer has taken out stays open until the balancer puts it back, or the deadline comes.
  if (step === 'enable') return brake;
  return state.unknown.has(target) ? [lost] : [{ ...lost, again: state.tries.get(target) ?? 0 }, ...brake];
}

function braked(
  state: RolloutState,
  { balancer, mode }: PlanBalancer,
  { target, words }: { readonly target: number; readonly words: string },
): readonly RolloutEvent[] {
  if (mode !== 'required' || state.status !== 'running') return [];
  const said = `${balancer} is required and down: ${words}`.slice(0, 600);
  return [{ type: 'RolloutBraked', cause: { kind: 'dependency', words: said, numbers: {}, targets: [target] } }];
}

/** A host that nobody has touched yet serves on when its drain failed. Of any other it is not known, so it does not count. */
function failed(state: RolloutState, { target, n, step }: Balanced, attempt: OpenAttempt) {
  const known = attempt.n > 1 || state.takenOut.has(target) || state.targets[target]?.drained === true;
  return { type: 'StepFailed', target, step, n, serving: step === 'drain' && !known } as const;
}
