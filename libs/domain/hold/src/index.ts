export { decideHolds, type HoldsInput, MAX_HOLDS } from './decide.js';
export {
  evolveHolds,
  type HeldSubject,
  type Hold,
  holdsOn,
  type HoldsState,
  holdWords,
  initialHolds,
} from './state.js';
