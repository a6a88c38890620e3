export { decideFreezes, type FreezesInput, MAX_AHEAD_MS, MAX_FREEZE_MS, MAX_FREEZES } from './decide.js';
export {
  evolveFreezes,
  type Freeze,
  type FreezesState,
  freezeWords,
  type FrozenSubject,
  heldAt,
  holdsAt,
  initialFreezes,
  nextChange,
} from './state.js';
