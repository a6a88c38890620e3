import type { EndCause, RampPhase } from '@sluice/contracts';

/** How a variable stands: `to` of `hosts` have the new value. */
export interface RampSight {
  readonly phase: RampPhase;
  readonly to: number;
  readonly hosts: number;
  /** Why it stands still. */
  readonly words?: string;
}

/** How a ramp stands. `evolve` updates it in place. */
export interface RampProgress {
  /** As it was seen last. */
  seen: RampSight | undefined;
  /** It was seen on its way, or at its end, since the rollout goes on: whatever else is seen now, somebody else has done. */
  going: boolean;
  /** The rollout ends, and its variable was seen to stand or to be on its way back. */
  rests: boolean;
  /** How often what the rollout wants of its variable may have changed: tells what is said to it once from once more. */
  orders: number;
  /** Who answers for going on in spite of freezes. */
  answers: string | undefined;
}

export const freshRamp = (): RampProgress => ({
  seen: undefined,
  going: false,
  rests: false,
  orders: 0,
  answers: undefined,
});

/** On its way to the new value, or there. */
export const isOnWay = (phase: RampPhase): boolean => phase === 'ramping' || phase === 'finished';

/** Enough for a rollout that ends so: a rollback has it on its way back, anything else only has it stand. */
export function isAtRest(phase: RampPhase, cause: EndCause | undefined): boolean {
  if (cause !== 'rollback') return phase !== 'ramping' && phase !== 'paused';
  return phase === 'reversing' || phase === 'reversed' || phase === 'reverted' || phase === 'defined';
}
