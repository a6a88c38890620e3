import type { Amount } from '../policy/policy.js';
import type { BacktestReport } from './report.js';

/** What a policy may be at worst. Shares are from 0 to 1. */
export interface PolicyLimits {
  readonly maxFalseAlarms?: number;
  /** Every unknown bad rollout counts as missed, so a policy that says less is not a better one. */
  readonly minRecall?: number;
  readonly minPrecision?: number;
  /** Rollouts of which nobody knows what it would have done; goesOn is among them. */
  readonly maxUnknown?: Amount;
  /** No more false alarms than the live policy, and no fewer bad ones caught. */
  readonly notWorse?: boolean;
}

/** Each limit that the candidate breaks, in words; empty when it holds them all. What cannot be told is broken too. */
export function brokenLimits(report: BacktestReport, limits: PolicyLimits): readonly string[] {
  const { candidate, live, labels } = report;
  const { maxFalseAlarms, minRecall, minPrecision, maxUnknown, notWorse = false } = limits;
  const isBlind = notWorse && labels.good + labels.bad === 0;
  const none = 'no rollout is labelled, so nobody knows: label some (sluice label), or take --infer';
  return [
    ...said(isBlind, `not worse: ${none}`),
    ...said(
      notWorse && candidate.falseAlarms > live.falseAlarms,
      `not worse: false alarms ${candidate.falseAlarms} > ${live.falseAlarms} of the live policy`,
    ),
    ...said(
      notWorse && candidate.caught < live.caught,
      `not worse: bad rollouts stopped ${candidate.caught} < ${live.caught} of the live policy (${candidate.unknownBad} unknown)`,
    ),
    ...said(
      maxFalseAlarms !== undefined && candidate.falseAlarms > maxFalseAlarms,
      `false alarms ${candidate.falseAlarms} > limit ${maxFalseAlarms ?? 0}`,
    ),
    ...below('recall', candidate.recallAtLeast, minRecall, 'no bad rollout is labelled'),
    ...below('precision', candidate.precision, minPrecision, 'it stopped no rollout that is labelled'),
    ...tooManyUnknown(report, maxUnknown),
  ];
}

const said = (isBroken: boolean, words: string): readonly string[] => (isBroken ? [words] : []);

function below(
  name: string,
  share: { readonly value: number; readonly count: number; readonly of: number } | undefined,
  least: number | undefined,
  nothing: string,
): readonly string[] {
  if (least === undefined) return [];
  if (share === undefined) return [`${name}: ${nothing}, so there is none; the limit is ${least}`];
  const { value, count, of } = share;
  return said(value < least, `${name} ${count} of ${of} = ${value.toFixed(3)} < limit ${least}`);
}

function tooManyUnknown({ outcomes, counts }: BacktestReport, most: Amount | undefined): readonly string[] {
  if (most === undefined) return [];
  const unknown = outcomes.unknown + outcomes.goesOn;
  const limit = most.kind === 'count' ? most.count : Math.floor((counts.rollouts * most.percent) / 100);
  return said(unknown > limit, `unknown ${unknown} of ${counts.rollouts} rollouts > limit ${limit}`);
}
