import type { RampEvent, RolloutEvent } from '@sluice/contracts';

import type { RolloutState } from '../state.js';
import { goesOn } from './goes-on.js';
import { isAtRest, isOnWay } from './progress.js';

export function evolveRamp(state: RolloutState, { phase, to, hosts, words }: RampEvent): void {
  const { ramp } = state;
  if (ramp === undefined) return;
  ramp.seen = { phase, to, hosts, ...(words === undefined ? {} : { words }) };
  if (isOnWay(phase) && goesOn(state)) ramp.going = true;
  if (state.status === 'settling' && isAtRest(phase, state.end?.cause)) ramp.rests = true;
}

/** After any of these the rollout may want something else of its variable. */
const TURNS = new Set<RolloutEvent['type']>([
  ...(['StageEntered', 'RolloutPaused', 'RolloutResumed', 'RolloutBraked', 'BrakeReleased'] as const),
  ...(['RolloutFrozen', 'RolloutThawed', 'FreezeOverridden', 'RolloutSettling'] as const),
]);

/** What the course of every rollout means for a ramp. */
export function followRamp(state: RolloutState, event: RolloutEvent): void {
  const { ramp } = state;
  if (ramp === undefined || !TURNS.has(event.type)) return;
  if (event.type === 'FreezeOverridden') ramp.answers = event.by;
  ramp.orders += 1;
  if (!goesOn(state)) ramp.going = false;
}
