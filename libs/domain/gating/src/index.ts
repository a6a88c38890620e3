export type { GateFrame, GateInputs, GatePositions, ReadyExample, ReadyInputs, SettledInputs } from './inputs.js';
export { inputFaults, MAX_EXAMPLES } from './inputs.js';
export type { Judgement } from './judgement.js';
export { isFinal, judge, judged, rejudge } from './judge.js';
export type { GatePolicy, ReadyPolicy } from './policy.js';
export { DEFAULT_POLICY } from './policy.js';
export type { Heartbeat, Reading, ReadyTally, ReadyTarget } from './readiness.js';
export { contradiction, read, tally } from './readiness.js';
export { type BurnRatePolicy, judgeBurnRate, type WindowCounts } from './metrics/burn-rate.js';
export {
  type BadDirection,
  type ComparedMetric,
  type ComparedSeries,
  type ComparisonPolicy,
  DEFAULT_COMPARISON,
  findingOf,
  judgeComparison,
  type MetricFinding,
  type MetricStanding,
} from './metrics/comparison.js';
export {
  counted,
  DEFAULT_LIMITS,
  judgeTally,
  NO_MEASUREMENT,
  type VerdictLimits,
  type VerdictTally,
} from './metrics/limits.js';
export { compareRanks, dependenceOf, normalCdf, type RankComparison } from './metrics/mann-whitney.js';
export { figure, MAX_SAMPLES, type Sample, type Series, seriesOf } from './metrics/samples.js';
export { judgeThreshold, type ThresholdPolicy } from './metrics/threshold.js';
export { fillQuery, type Filling, MAX_HOSTS, type QueryValues, spread } from './measured/fill.js';
export {
  type AskedQuery,
  type CountedEvents,
  type FactsFound,
  type Found,
  MAX_WARNINGS,
  MAX_WORDS,
  type MeasuredInputs,
  type MeasuredTally,
  type MeasureProblem,
  NOTHING_MEASURED,
  type SmokeRun,
} from './measured/inputs.js';
export {
  judgedMeasure,
  judgeMeasured,
  type MeasuredJudgement,
  specHash,
  tallyAfter,
} from './measured/judge-measured.js';
export { MAX_VALUES, takeSeries, type TakenSeries } from './measured/taken.js';
export {
  type EndOfRollout,
  foldScore,
  type GateScore,
  NO_SCORES,
  type Scoreboard,
  scoresOf,
} from './scoreboard/scoreboard.js';
