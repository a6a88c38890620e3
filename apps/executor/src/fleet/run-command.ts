import { attemptId, type Plan, type RunCommand, specHashOf, type StepName, type StepSpec } from '@sluice/contracts';
import { invariant } from '@sluice/kernel';
import { legOf, type OpenAttempt, planOf, type RolloutState } from '@sluice/rollout';

/** A plan's specs with each of its other profiles, so that targets of one profile share the spec and its hash. */
const specs = new WeakMap<Plan, readonly StepSpec[]>();

/** What this target is installed with (TAR-05). A plan without that profile is broken: no profile would be right. */
function specOf(plan: Plan, profile: number | undefined): StepSpec {
  if (profile === undefined) return plan.spec;
  let known = specs.get(plan);
  if (known === undefined)
    specs.set(plan, (known = (plan.profiles ?? []).map((other) => ({ ...plan.spec, profile: other }))));
  const spec = known[profile];
  invariant(spec !== undefined, 'a target names a profile that its plan does not have', { profile });
  return spec;
}

/** Spec hashes by spec and chain: a rollout of 100,000 targets has a few specs and two or three chains. */
const hashes = new WeakMap<StepSpec, WeakMap<readonly StepName[], string>>();

function specHash(spec: StepSpec, steps: readonly StepName[]): string {
  let known = hashes.get(spec);
  if (known === undefined) hashes.set(spec, (known = new WeakMap()));
  let hash = known.get(steps);
  if (hash === undefined) known.set(steps, (hash = specHashOf(spec, steps)));
  return hash;
}

/** The name on the host of the run that is next or under way: the attempt of its first step. */
export function attemptOf(state: RolloutState, target: number, attempt: OpenAttempt): string {
  const plan = planOf(state);
  const { steps } = legOf(plan, attempt);
  return attemptId(plan.rolloutId, hostOf(state, target), steps[0] ?? 'probe', attempt.n);
}

export const hostOf = (state: RolloutState, target: number): string => state.targets[target]?.host ?? '';

/** The run that an open attempt stands for: the same bytes each time it is sent. */
export function runCommandOf(state: RolloutState, target: number, attempt: OpenAttempt): RunCommand {
  const plan = planOf(state);
  const spec = specOf(plan, state.targets[target]?.profile);
  const { steps } = legOf(plan, attempt);
  return {
    v: 1,
    attempt: attemptOf(state, target, attempt),
    rollout: plan.rolloutId,
    host: hostOf(state, target),
    target,
    kind: attempt.run,
    n: attempt.n,
    token: state.token,
    steps,
    spec,
    specHash: specHash(spec, steps),
  };
}
