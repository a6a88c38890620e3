import type { PlanRamp, Spite } from '@sluice/contracts';

import { isFrozen, isUnderWay, planOf, type RolloutState } from '../state.js';
import { goesOn } from './goes-on.js';
import type { RampProgress } from './progress.js';

/** What a rollout wants of its variable. `words` stand in the history of the variable. */
export type RampWish =
  /**
   * It goes for the new value. `going`: it did; if it does not any more, nobody starts it again but a person. `spite`:
   * the freezes that a hotfix goes on in spite of.
   */
  | { readonly kind: 'go'; readonly going: boolean; readonly words: string; readonly spite?: Spite }
  /** Nothing grows. `numbers`: a service level objective is not met (TSU-10). */
  | { readonly kind: 'hold'; readonly words: string; readonly numbers?: Readonly<Record<string, number>> }
  /** It stands where it is, and nobody goes on with it. */
  | { readonly kind: 'stop'; readonly words: string }
  /** It goes back, as fast as it came. */
  | { readonly kind: 'reverse'; readonly words: string };

export interface RampWork {
  readonly ramp: PlanRamp;
  readonly wish: RampWish;
  /** Grows when the wish may have changed. */
  readonly order: number;
}

/** Read off the state alone, so a restart forgets nothing. Undefined: the variable is not this rollout's matter. */
export function rampWork(state: RolloutState): RampWork | undefined {
  const { ramp: progress, plan } = state;
  const ramp = plan?.ramp;
  if (progress === undefined || ramp === undefined || !isUnderWay(state) || !state.stage.entered) return undefined;
  const wish = wishOf(state, progress);
  return wish === undefined ? undefined : { ramp, wish, order: progress.orders };
}

function wishOf(state: RolloutState, { going, rests, answers }: RampProgress): RampWish | undefined {
  if (state.status === 'settling') return rests ? undefined : atItsEnd(state);
  if (goesOn(state))
    return { kind: 'go', going, words: planOf(state).reason ?? `rollout ${idOf(state)}`, ...spiteOf(state, answers) };
  return heldBy(state);
}

/** A freeze that is declared later is none of these. */
function spiteOf({ overridden }: RolloutState, by: string | undefined): { readonly spite?: Spite } {
  return overridden.size === 0 || by === undefined ? {} : { spite: { freezes: [...overridden], by } };
}

function atItsEnd(state: RolloutState): RampWish {
  const { cause = 'cancelled', reason } = state.end ?? {};
  const words = `${idOf(state)} ended: ${cause}${reason === undefined ? '' : ` (${reason})`}`;
  return { kind: cause === 'rollback' ? 'reverse' : 'stop', words };
}

function heldBy(state: RolloutState): RampWish {
  const { status, brake } = state;
  if (status === 'braked' && brake !== undefined) {
    const { kind, words, numbers } = brake;
    return kind === 'gate' ? { kind: 'hold', words, numbers } : { kind: 'hold', words };
  }
  return { kind: 'hold', words: `${idOf(state)} is ${isFrozen(state) ? frozenBy(state) : status}` };
}

const idOf = (state: RolloutState): string => planOf(state).rolloutId;

function frozenBy({ freezes, overridden }: RolloutState): string {
  const holds = [...freezes.values()].find(({ freeze }) => !overridden.has(freeze));
  return `frozen: ${holds?.words ?? ''}`;
}
