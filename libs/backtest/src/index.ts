export type { CommitSource } from '@sluice/audit';
export { Backtest, backtest, type BacktestOptions } from './backtest.js';
export { parsePolicy } from './policy/parse.js';
export {
  type Amount,
  type CandidateBrake,
  type CandidateGate,
  type CandidatePolicy,
  EVERYTHING,
  LIVE_POLICY,
  type MeasurePatch,
  type ParsedPolicy,
  type Selector,
} from './policy/policy.js';
export { brokenLimits, type PolicyLimits } from './score/limits.js';
export type { BacktestCounts, BacktestReport, KnownLabels, LabelledResult, Outcomes } from './score/report.js';
export { type Score, type Share, shareOf } from './score/score.js';
export { backtestWords, resultWords } from './score/words.js';
export type { Divergence, HowItEnded, Place, Spared, TrialResult } from './trial/outcome.js';
