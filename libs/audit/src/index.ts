export type { Complain } from './invariants/admissions.js';
export { Invariants, type Violation, type Witness } from './invariants/invariants.js';
export { isOfTheExecutor } from './invariants/results.js';
export { type ModelStatus, numbersOf, type RolloutModel, type TargetModel } from './invariants/rollout-model.js';
export type { Appended } from './invariants/seen.js';
