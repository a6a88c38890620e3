import type {
  BurnRateMeasure,
  ComparisonMeasure,
  FactsMeasure,
  GateMeasure,
  SmokeMeasure,
  ThresholdMeasure,
} from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import type { Judgement } from '../judgement.js';
import { judgeBurnRate, type WindowCounts } from '../metrics/burn-rate.js';
import { type ComparedSeries, findingOf, judgeComparison } from '../metrics/comparison.js';
import { judgeThreshold } from '../metrics/threshold.js';
import type { CountedEvents, FactsFound, Found, MeasuredInputs, SmokeRun } from './inputs.js';
import { seriesTaken, type TakenSeries } from './taken.js';

/** What one measurement says by itself, before what was measured earlier is counted in. */
export function measure(inputs: MeasuredInputs): Judgement {
  const { problem, nothing, found, warnings = [] } = inputs;
  if (problem !== undefined) return { verdict: 'error', words: `${problem.code}: ${problem.words}` };
  if (nothing !== undefined) return { verdict: 'inconclusive', words: nothing };
  if (found === undefined) return { verdict: 'inconclusive', words: 'nothing was measured' };
  const { verdict, words } = ofKind(inputs, found);
  const warned = warnings.length === 0 ? '' : `; the source warns: ${warnings.join('; ')}`;
  return { verdict, words: `${words}${warned}` };
}

/** True when this measurement was one of the looks of a comparison: some metric had enough to be tested. */
export function isLook({ measure: of, found }: MeasuredInputs): boolean {
  if (of.kind !== 'comparison' || found?.kind !== 'comparison') return false;
  return comparedOf(of, found.metrics).some((each) => findingOf(each, of).standing !== 'noData');
}

type MeasureOf<K extends GateMeasure['kind']> = Extract<GateMeasure, { readonly kind: K }>;
type FoundOf<K extends Found['kind']> = Extract<Found, { readonly kind: K }>;

/** How each kind is judged. */
const JUDGES: {
  readonly [K in Found['kind']]: (of: MeasureOf<K>, found: FoundOf<K>, inputs: MeasuredInputs) => Judgement;
} = {
  threshold: (of, { series }, { window }) => threshold(of, series, window.to),
  burnRate: (of, found) => burnRate(of, found),
  comparison: (of, { metrics }, { tally }) => comparison(of, metrics, tally.looks),
  smoke: (of, { runs }) => smoke(of, runs),
  facts: (of, found) => facts(of, found),
  webhook: (_, { verdict, words }) => ({ verdict, words }),
};

function ofKind(inputs: MeasuredInputs, found: Found): Judgement {
  const { measure: of } = inputs;
  if (of.kind !== found.kind)
    return { verdict: 'inconclusive', words: `a ${of.kind} was wanted, and a ${found.kind} was found` };
  // Both are of one kind, which the types cannot say of two values.
  const judgeKind = JUDGES[of.kind] as (of: GateMeasure, found: Found, inputs: MeasuredInputs) => Judgement;
  return judgeKind(of, found, inputs);
}

function burnRate(of: BurnRateMeasure, { long, short }: FoundOf<'burnRate'>): Judgement {
  const counts = (ms: number, { bad, total }: CountedEvents): WindowCounts => ({
    name: formatDuration(ms),
    bad: bad ?? undefined,
    total: total ?? undefined,
  });
  return judgeBurnRate({ long: counts(of.longMs, long), short: counts(of.shortMs, short) }, of);
}

/** A series that ended a while ago says what was, not what is: it may fail, and never passes. */
function threshold(of: ThresholdMeasure, taken: TakenSeries, now: number): Judgement {
  const said = judgeThreshold(seriesTaken(taken), of);
  const age = now - (taken.lastAt ?? now);
  if (said.verdict !== 'pass' || age <= 2 * of.stepMs) return said;
  const old = `the newest value is ${formatDuration(age)} old, more than two steps of ${formatDuration(of.stepMs)}`;
  return { verdict: 'inconclusive', words: `${said.words}; but ${old}` };
}

function comparison(of: ComparisonMeasure, metrics: FoundOf<'comparison'>['metrics'], looks: number): Judgement {
  const said = judgeComparison(comparedOf(of, metrics), of);
  if (said.verdict !== 'fail' || looks < of.looks) return said;
  const spent = `all ${of.looks} looks were made and the level of ${of.level} is used up, so it cannot fail any more`;
  return { verdict: 'inconclusive', words: `${said.words}; but ${spent}` };
}

function comparedOf(of: ComparisonMeasure, metrics: FoundOf<'comparison'>['metrics']): readonly ComparedSeries[] {
  const none = { samples: [], unusable: 0 };
  return of.metrics.map((metric) => {
    const taken = metrics.find(({ name }) => name === metric.name);
    const [canary, baseline] = [taken?.canary, taken?.baseline].map((side) =>
      side === undefined ? none : seriesTaken(side),
    );
    return { metric, canary: canary ?? none, baseline: baseline ?? none };
  });
}

function smoke({ maxFailures }: SmokeMeasure, runs: readonly SmokeRun[]): Judgement {
  const sum = (key: 'sent' | 'passed' | 'failed' | 'error' | 'skipped' | 'unsent'): number =>
    runs.reduce((total, run) => total + run[key], 0);
  const [sent, failed, error, unsent] = [sum('sent'), sum('failed'), sum('error'), sum('unsent')];
  if (sent === 0) return { verdict: 'inconclusive', words: 'no request was sent, so nothing was tested' };
  const kinds = [...someOf(failed, 'not as expected'), ...someOf(error, 'without an answer')];
  const left = [...someOf(sum('skipped'), 'left out'), ...someOf(unsent, 'not sent in time')];
  const examples = runs.flatMap((run) => run.examples).slice(0, 3);
  const shown = examples.length === 0 ? '' : `: ${examples.join('; ')}`;
  const count = [`${sum('passed')} of ${sent} requests passed`, ...kinds, ...left].join(', ');
  if (failed + error > maxFailures)
    return { verdict: 'fail', words: `${count}; ${failed + error} > limit ${maxFailures}${shown}` };
  const words = `${count}; ${failed + error} <= limit ${maxFailures}${shown}`;
  return { verdict: unsent > 0 ? 'inconclusive' : 'pass', words };
}

const someOf = (count: number, what: string): string[] => (count === 0 ? [] : [`${count} ${what}`]);

function facts(of: FactsMeasure, found: FactsFound): Judgement {
  const { hosts, heard, version } = found;
  if (hosts === 0)
    return { verdict: 'inconclusive', words: 'no host came through yet, so there is nothing to look at' };
  const checks = checksOf(of, found);
  const examples = found.examples.length === 0 ? '' : `: ${found.examples.join(', ')}`;
  const broken = checks.filter(({ value, limit }) => value > limit);
  const words = (list: readonly FactCheck[], sign: string): string =>
    list.map(({ name, value, limit }) => `${name} ${value} ${sign} limit ${limit}`).join(', ');
  if (broken.length > 0) return { verdict: 'fail', words: `${words(broken, '>')}${examples}` };
  const held = `${heard} of ${hosts} hosts heard of (${version}), ${words(checks, '<=')}`;
  if (heard < hosts)
    return { verdict: 'inconclusive', words: `${held}; ${hosts - heard} without a fresh heartbeat${examples}` };
  if (of.maxVerifyMs !== undefined && found.verified === 0)
    return { verdict: 'inconclusive', words: `${held}; no verify was timed` };
  return { verdict: 'pass', words: `${held}${examples}` };
}

interface FactCheck {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
}

/** A gate that sets no limit wants the version to run. */
function checksOf({ maxRestarts, maxVerifyMs, maxOtherVersion }: FactsMeasure, found: FactsFound): FactCheck[] {
  const hasNone = maxRestarts === undefined && maxVerifyMs === undefined;
  const others = maxOtherVersion ?? (hasNone ? 0 : undefined);
  const checks: readonly (readonly [string, number, number | undefined])[] = [
    ['other version', found.otherVersion, others],
    ['restarts', found.restarts, maxRestarts],
    ['slowest verify ms', found.slowestVerifyMs, maxVerifyMs],
  ];
  return checks.flatMap(([name, value, limit]) => (limit === undefined ? [] : [{ name, value, limit }]));
}
