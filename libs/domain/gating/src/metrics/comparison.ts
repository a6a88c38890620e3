import { SluiceError } from '@sluice/kernel';

import type { Judgement } from '../judgement.js';
import { compareRanks, dependenceOf, type RankComparison } from './mann-whitney.js';
import { figure, type Series } from './samples.js';

/** Which way is bad: errors must not rise, throughput must not fall, some things must not move at all. */
export type BadDirection = 'increase' | 'decrease' | 'either';

export interface ComparedMetric {
  readonly name: string;
  readonly bad: BadDirection;
  /** Its share of the score. */
  readonly weight: number;
  /** When it fails, all fails. */
  readonly critical?: boolean;
}

export interface ComparisonPolicy {
  /** How often two equal sides may be told apart, over all metrics and all looks together. */
  readonly level: number;
  /** How often it is looked at: each look gets its share of the level. */
  readonly looks: number;
  /** Share of pairs above one half (0..0.5) from which on a difference matters: 0.15 = the worse side wins 65 %. */
  readonly effect: number;
  /** Fewer values on a side say nothing. */
  readonly minSamples: number;
  /** Scores from 0 to 100: at or above `pass` it passes, below `marginal` it fails, in between it holds. */
  readonly pass: number;
  readonly marginal: number;
  /** Percent of the weight that may be without data. */
  readonly maxMissing: number;
}

export const DEFAULT_COMPARISON: ComparisonPolicy = {
  level: 0.05,
  looks: 1,
  effect: 0.15,
  minSamples: 10,
  pass: 90,
  marginal: 60,
  maxMissing: 0,
};

/** Values of the canary (or the new side) and of the baseline over the same window. */
export interface ComparedSeries {
  readonly metric: ComparedMetric;
  readonly canary: Series;
  readonly baseline: Series;
}

export type MetricStanding = 'same' | 'worse' | 'noData';

/** What the test said of one metric, with its figures. */
export interface MetricFinding {
  readonly name: string;
  readonly standing: MetricStanding;
  readonly words: string;
}

/** Series that drift say as little as so few values, however many they have. */
const MIN_INDEPENDENT = 5;

/**
 * One metric: worse when its values differ in the bad direction, more than chance explains and by an amount that
 * matters. Too few values on either side, or values that all follow from each other, are no data, and never a pass.
 * Equal constants are the same.
 */
export function findingOf({ metric, canary, baseline }: ComparedSeries, policy: ComparisonPolicy): MetricFinding {
  const { name } = metric;
  const [a, b] = [canary, baseline].map(({ samples }) => samples.map(({ value }) => value)) as [number[], number[]];
  const { minSamples } = policy;
  if (a.length < minSamples || b.length < minSamples) {
    const unusable = canary.unusable + baseline.unusable;
    const left = unusable === 0 ? '' : `, ${unusable} unusable left out`;
    return { name, standing: 'noData', words: `${name}: ${a.length} and ${b.length} values < ${minSamples}${left}` };
  }
  const dependence = dependenceOf(a, b);
  const worth = Math.min(a.length, b.length) / dependence.likely;
  if (worth < MIN_INDEPENDENT && new Set([...a, ...b]).size > 1) {
    const few = `${a.length} and ${b.length} values depend on those before them and are worth ${figure(worth)} < ${MIN_INDEPENDENT}`;
    return { name, standing: 'noData', words: `${name}: ${few}: widen the step or the window` };
  }
  const { isWorse, words } = tested(compareRanks(a, b, dependence.cautious), metric.bad, policy);
  const standing = isWorse ? 'worse' : 'same';
  const medians = `median ${figure(median(a))} against ${figure(median(b))}`;
  return { name, standing, words: `${name} ${standing}: ${medians}, ${words}` };
}

/** Whether the difference goes the bad way, further than chance and further than what does not matter. */
function tested(
  { superiority, pLarger, pSmaller }: RankComparison,
  bad: BadDirection,
  policy: ComparisonPolicy,
): { readonly isWorse: boolean; readonly words: string } {
  const level = policy.level / policy.looks / (bad === 'either' ? 2 : 1);
  const up = bad !== 'decrease' && pLarger < level && superiority - 0.5 >= policy.effect;
  const down = bad !== 'increase' && pSmaller < level && 0.5 - superiority >= policy.effect;
  const looksDown = bad === 'decrease' || (bad === 'either' && superiority < 0.5);
  const limits = `level ${figure(level)}, effect from ${percent(0.5 + policy.effect)}`;
  const p = figure(looksDown ? pSmaller : pLarger);
  return { isWorse: up || down, words: `wins ${percent(superiority)} of pairs, p ${p} (${limits})` };
}

/**
 * All metrics by weight. A critical metric that is worse fails everything; weight without data beyond its limit holds
 * everything, because nothing passes for want of data. Code BAD_POLICY when no metric has a weight.
 */
export function judgeComparison(series: readonly ComparedSeries[], policy: ComparisonPolicy): Judgement {
  const total = series.reduce((sum, { metric }) => sum + metric.weight, 0);
  if (total <= 0) throw new SluiceError('BAD_POLICY', 'a comparison needs at least one metric with a weight above 0');
  // Each metric gets its share of the level, so that many of them do not find more by chance than one.
  const share = { ...policy, level: policy.level / series.length };
  const findings = series.map((each) => ({ ...findingOf(each, share), metric: each.metric }));
  const weightOf = (standing: MetricStanding): number =>
    findings.filter((each) => each.standing === standing).reduce((sum, { metric }) => sum + metric.weight, 0);
  const words = findings.map((each) => each.words).join('; ');
  const critical = findings.find(({ standing, metric }) => standing === 'worse' && metric.critical === true);
  if (critical !== undefined) return { verdict: 'fail', words: `${critical.name} is critical and worse: ${words}` };
  const missing = (100 * weightOf('noData')) / total;
  if (missing > policy.maxMissing) {
    return {
      verdict: 'inconclusive',
      words: `${figure(missing)} % of the weight is without data > ${policy.maxMissing} %: ${words}`,
    };
  }
  const judged = total - weightOf('noData');
  if (judged <= 0) return { verdict: 'inconclusive', words: `no metric has data: ${words}` };
  return byScore((100 * weightOf('same')) / judged, policy, words);
}

function byScore(score: number, { pass, marginal }: ComparisonPolicy, words: string): Judgement {
  const named = `score ${figure(score)}`;
  if (score >= pass) return { verdict: 'pass', words: `${named} >= ${pass}: ${words}` };
  if (score < marginal) return { verdict: 'fail', words: `${named} < ${marginal}: ${words}` };
  return { verdict: 'inconclusive', words: `${named} is between ${marginal} and ${pass}: ${words}` };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? Number.NaN, sorted[Math.floor(middle)] ?? Number.NaN];
  return (low + high) / 2;
}

const percent = (share: number): string => `${figure(Math.round(share * 1_000) / 10)} %`;
