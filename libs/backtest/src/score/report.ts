import type { TrialResult } from '../trial/outcome.js';
import type { Score } from './score.js';

export interface BacktestCounts {
  readonly commits: number;
  /** Events of the rollouts that were looked at. */
  readonly events: number;
  readonly bytes: number;
  /** Rollouts that the policy was tried on, and those among them that had not ended. */
  readonly rollouts: number;
  readonly open: number;
  /** Not of the period, or not what the policy is for. */
  readonly left: number;
  /** A brake never blocks the way out, so no policy is tried on them. */
  readonly rollbacks: number;
  /** Their plan is not in this source. */
  readonly withoutPlan: number;
}

/** How many rollouts ended each way under the candidate. */
export interface Outcomes {
  readonly same: number;
  readonly stops: number;
  readonly goesOn: number;
  readonly unknown: number;
}

export interface KnownLabels {
  readonly good: number;
  readonly bad: number;
  /** Of these two, how many nobody labelled: they were inferred from how the rollouts ended, as was asked for. */
  readonly inferred: number;
  readonly unlabelled: number;
}

/** What became of the candidate on all rollouts of a log. */
export interface BacktestReport {
  readonly policy: string;
  /** ms since the epoch. */
  readonly since?: number;
  readonly until?: number;
  readonly counts: BacktestCounts;
  readonly outcomes: Outcomes;
  /** Over all rollouts that it stops earlier: the targets and the time that are known to be spared. */
  readonly spared: { readonly rollouts: number; readonly targets: number; readonly ms: number };
  readonly labels: KnownLabels;
  readonly live: Score;
  readonly candidate: Score;
  /** Those that differ, in the order in which they were over: the first ones, and how many more there are. */
  readonly changed: readonly LabelledResult[];
  readonly more: number;
  readonly ms: number;
}

export interface LabelledResult extends TrialResult {
  readonly label?: 'good' | 'bad';
  /** Nobody said so: it was inferred from how the rollout ended. */
  readonly inferred?: true;
}
