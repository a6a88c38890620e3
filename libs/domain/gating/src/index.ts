export type { GateFrame, GateInputs, GatePositions, ReadyExample, ReadyInputs, SettledInputs } from './inputs.js';
export { inputFaults, MAX_EXAMPLES } from './inputs.js';
export type { Judgement } from './judge.js';
export { isFinal, judge, judged, rejudge } from './judge.js';
export type { GatePolicy, ReadyPolicy } from './policy.js';
export { DEFAULT_POLICY } from './policy.js';
export type { Heartbeat, Reading, ReadyTally, ReadyTarget } from './readiness.js';
export { contradiction, read, tally } from './readiness.js';
export * from './metrics/index.js';
