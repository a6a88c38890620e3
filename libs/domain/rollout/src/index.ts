export {
  brakeLimit,
  budgetCause,
  budgetIsFree,
  canaryCause,
  capacityCause,
  gateCause,
  mayAdmit,
  room,
  unavailable,
  writtenOff,
} from './budget.js';
export { decideRollout } from './decide/decide.js';
export { syncOf } from './decide/members.js';
export { nextDeadline } from './decide/reports.js';
export { evolveRollout } from './evolve/evolve.js';
export type { BalancerOutcome, FreshMembers, HeldFreeze, LogLoss, RolloutInput } from './inputs.js';
export { type Leg, legOf, legsOf, type StepPlace } from './legs.js';
export { PHASES, type Phase, stepsOfRun } from './phases.js';
export { type StepDurations, stepDurations } from './report.js';
export {
  type FailedGate,
  type Failure,
  initialRollout,
  isFrozen,
  isTerminal,
  type OpenAttempt,
  phaseAt,
  planOf,
  type RolloutState,
  type RolloutStatus,
} from './state.js';
export { type RolloutSummary, summarizeRollout, targetsOf, type TargetView } from './summary.js';
export { nextActions } from './transitions.js';
export type { Evidence } from './explain/again/recorded.js';
export { standingOf } from './explain/standing.js';
export { RolloutTrace, type TraceOptions } from './explain/trace.js';
export type { RampProgress, RampSight } from './ramp/progress.js';
export type { RampSummary } from './ramp/summary.js';
export { type RampWish, type RampWork, rampWork } from './ramp/work.js';
export { wentBack } from './traffic/back.js';
export { type SideOrder, type StageTimes, type TrafficProgress } from './traffic/progress.js';
export { type TrafficWork, trafficWork } from './traffic/work.js';
export { type SideSummary, type TrafficSummary } from './traffic/summary.js';
