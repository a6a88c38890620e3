import { type Plan, type StepName } from '@sluice/contracts';

import type { OpenAttempt } from './state.js';

/** Who does a step: the agent of the host, or the balancer of the plan (design 5). */
export type StepPlace = 'agent' | 'balancer';

/** Consecutive steps of an attempt that one of them does. `from`: the place of the first one in the attempt's steps. */
export interface Leg {
  readonly place: StepPlace;
  readonly from: number;
  readonly steps: readonly StepName[];
}

const BALANCED: ReadonlySet<StepName> = new Set(['drain', 'enable']);

/** By the chain of steps: there are a handful of chains, and as many attempts as targets. */
const whole = new WeakMap<readonly StepName[], readonly Leg[]>();
const split = new WeakMap<readonly StepName[], readonly Leg[]>();

/** The legs of an attempt, in order: one run of the agent, unless a balancer drains and enables. */
export function legsOf({ lb }: Pick<Plan, 'lb'>, { steps }: Pick<OpenAttempt, 'steps'>): readonly Leg[] {
  const cache = lb === undefined ? whole : split;
  let legs = cache.get(steps);
  if (legs === undefined)
    cache.set(steps, (legs = lb === undefined ? [{ place: 'agent', from: 0, steps }] : splitLegs(steps)));
  return legs;
}

/** The leg that waits to be done or is under way. */
export function legOf(plan: Pick<Plan, 'lb'>, attempt: Pick<OpenAttempt, 'steps' | 'next'>): Leg {
  const legs = legsOf(plan, attempt);
  return legs.findLast(({ from }) => from <= attempt.next) ?? { place: 'agent', from: 0, steps: attempt.steps };
}

function splitLegs(steps: readonly StepName[]): Leg[] {
  const legs: { readonly place: StepPlace; readonly from: number; readonly steps: StepName[] }[] = [];
  steps.forEach((step, from) => {
    const place = BALANCED.has(step) ? 'balancer' : 'agent';
    const last = legs.at(-1);
    if (last?.place === place) last.steps.push(step);
    else legs.push({ place, from, steps: [step] });
  });
  return legs;
}
