import { isFrozen, type RolloutState } from '../state.js';

/** Its stage is entered, and nothing holds it. */
export const goesOn = (state: RolloutState): boolean =>
  state.status === 'running' && state.stage.entered && !isFrozen(state);
