import type { RolloutEvent } from '@sluice/contracts';

import type { RolloutInput } from '../inputs.js';
import { isUnderWay, planOf, type RolloutState } from '../state.js';
import { goesOn } from './goes-on.js';
import { isAtRest, isOnWay, type RampProgress, type RampSight } from './progress.js';

/** Of the hosts: what is noted on the way. */
const STEPS = 20;
const MAX_WORDS = 500;

export type RampInput = Extract<RolloutInput, { readonly type: 'rampSeen' | 'rampTrouble' }>;

/** What the worker of a ramp tells. What is known, or nobody waits for any more, is quiet. */
export function decideRamp(state: RolloutState, input: RampInput): readonly RolloutEvent[] {
  const { ramp } = state;
  if (ramp === undefined || !isUnderWay(state) || !state.stage.entered) return [];
  return input.type === 'rampSeen' ? seen(state, ramp, input.seen) : trouble(state, input.words);
}

/** A variable that somebody else has stopped or turned is a matter for a person: the rollout does not start it again. */
function seen(state: RolloutState, ramp: RampProgress, sight: RampSight): readonly RolloutEvent[] {
  if (!isNews(state, ramp, sight)) return [];
  const { phase, to, hosts, words } = sight;
  const told: RolloutEvent = {
    type: 'RampSeen',
    ...{ phase, to, hosts },
    ...(words === undefined ? {} : { words: words.slice(0, MAX_WORDS) }),
  };
  // A freeze of its fleet, or a person, has it stand still: it goes on when they say so.
  if (!goesOn(state) || !ramp.going || isOnWay(phase) || phase === 'paused') return [told];
  const { name } = planOf(state).ramp?.spec ?? { name: 'the variable' };
  const why = words === undefined ? '' : `: ${words}`;
  const said = `${name} is ${phase}, and not by this rollout${why}`.slice(0, MAX_WORDS);
  return [told, { type: 'RolloutBraked', cause: { kind: 'ramp', words: said, numbers: { to, hosts } } }];
}

function isNews(state: RolloutState, { seen: known, going, rests }: RampProgress, sight: RampSight): boolean {
  if (known?.phase !== sight.phase) return true;
  if (state.status === 'settling') return !rests && isAtRest(sight.phase, state.end?.cause);
  if (goesOn(state) && !going && isOnWay(sight.phase)) return true;
  return stepOf(known) !== stepOf(sight);
}

const stepOf = ({ to, hosts }: RampSight): number => (hosts === 0 ? 0 : Math.floor((STEPS * to) / hosts));

/** The variable cannot be what the plan wants it to be: a person looks. */
function trouble(state: RolloutState, words: string): readonly RolloutEvent[] {
  if (!goesOn(state)) return [];
  const { name } = planOf(state).ramp?.spec ?? { name: 'the variable' };
  const said = `${name} does not take this ramp: ${words}`.slice(0, MAX_WORDS);
  return [{ type: 'RolloutBraked', cause: { kind: 'ramp', words: said, numbers: {} } }];
}
