export { type GateAgain, verifyVerdict } from './gates.js';
export { RolloutDecisions, type DecisionsOptions, type Step } from './rollout-decisions.js';
export { type AgainTally, Tally } from './tally.js';
