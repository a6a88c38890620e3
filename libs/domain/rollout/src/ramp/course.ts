import { type RolloutEvent, stageAt } from '@sluice/contracts';

import { enter } from '../decide/enter.js';
import { planOf, type RolloutState } from '../state.js';
import type { RampProgress } from './progress.js';

/** The next thing for a ramp that runs, nothing while the variable is on its way; undefined when its stage has passed. */
export function advanceRamp(state: RolloutState, ramp: RampProgress, now: number): readonly RolloutEvent[] | undefined {
  const stage = stageAt(planOf(state), state.stage.index);
  if (stage === undefined) return undefined;
  if (!state.stage.entered) return enter(state, stage, now);
  if (!ramp.going || ramp.seen?.phase !== 'finished') return [];
  const { gates, index } = stage;
  const { asked, passed, round } = state.stage;
  if (gates.length > 0 && !asked)
    return [{ type: 'GatesRequested', stage: index, round: round + 1, gates, passNotBefore: now }];
  return gates.every((gate) => passed.has(gate)) ? [{ type: 'StagePassed', stage: index }] : [];
}
