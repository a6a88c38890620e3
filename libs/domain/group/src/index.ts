export { CHECKPOINT_EVERY, checkpointOf } from './checkpoint.js';
export { decideGroup, type GroupInput } from './decide.js';
export { isProven, liveSideOf, redeployCandidates, rollbackTarget, type Starting } from './history.js';
export type { PlanLookup } from './explain/again.js';
export { GroupTrace } from './explain/trace.js';
export { evolveGroup } from './evolve.js';
export { type GroupState, initialGroup, type Success, type WaitingRollout } from './state.js';
