export type { LabelCommand, RolloutLabel } from '@sluice/contracts';
export { decideLabel, type LabelInput } from './decide.js';
export { evolveLabel, initialLabel, type LabelState } from './state.js';
