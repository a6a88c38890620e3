export { decideGroup, type GroupInput } from './decide.js';
export { isProven, redeployCandidates, rollbackTarget, type Starting } from './history.js';
export { evolveGroup, type GroupState, initialGroup, type Success, type WaitingRollout } from './state.js';
