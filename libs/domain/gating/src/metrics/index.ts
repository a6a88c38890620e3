export { type BurnRatePolicy, judgeBurnRate, type WindowCounts } from './burn-rate.js';
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
} from './comparison.js';
export {
  counted,
  DEFAULT_LIMITS,
  judgeTally,
  NO_MEASUREMENT,
  type VerdictLimits,
  type VerdictTally,
} from './limits.js';
export { compareRanks, normalCdf, type RankComparison } from './mann-whitney.js';
export { figure, MAX_SAMPLES, type Sample, type Series, seriesOf } from './samples.js';
export { judgeThreshold, type ThresholdPolicy } from './threshold.js';
