export { decideGroup, type GroupInput } from './decide.js';
export { rollbackTarget, type Starting } from './history.js';
export { evolveGroup, type GroupState, initialGroup, type Success, type WaitingRollout } from './state.js';
