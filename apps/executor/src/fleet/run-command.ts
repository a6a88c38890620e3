import { attemptId, type RunCommand, specHashOf, type StepName, type StepSpec } from '@sluice/contracts';
import { type OpenAttempt, planOf, type RolloutState } from '@sluice/rollout';

/** Spec hashes by spec and chain: a rollout of 100,000 targets has one spec and two or three chains. */
const hashes = new WeakMap<StepSpec, WeakMap<readonly StepName[], string>>();

function specHash(spec: StepSpec, steps: readonly StepName[]): string {
  let known = hashes.get(spec);
  if (known === undefined) hashes.set(spec, (known = new WeakMap()));
  let hash = known.get(steps);
  if (hash === undefined) known.set(steps, (hash = specHashOf(spec, steps)));
  return hash;
}

/** The attempt's name on the host: the attempt of its first step. */
export function attemptOf(state: RolloutState, target: number, attempt: OpenAttempt): string {
  return attemptId(planOf(state).rolloutId, hostOf(state, target), attempt.steps[0] ?? 'probe', attempt.n);
}

export const hostOf = (state: RolloutState, target: number): string => state.targets[target]?.host ?? '';

/** The run that an open attempt stands for: the same bytes each time it is sent. */
export function runCommandOf(state: RolloutState, target: number, attempt: OpenAttempt): RunCommand {
  const plan = planOf(state);
  return {
    v: 1,
    attempt: attemptOf(state, target, attempt),
    rollout: plan.rolloutId,
    host: hostOf(state, target),
    target,
    kind: attempt.run,
    n: attempt.n,
    token: state.token,
    steps: attempt.steps,
    spec: plan.spec,
    specHash: specHash(plan.spec, attempt.steps),
  };
}
