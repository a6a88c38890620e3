import { type GateJudged, type Plan, stageAt } from '@sluice/contracts';
import { type GateAgain, verifyVerdict } from '@sluice/decisions';
import type { VerdictView } from '@sluice/gateway';
import type { Found, MeasuredInputs, TakenSeries } from '@sluice/gating';

import { lengthOf } from '../timeline/time.js';
import { someOf } from '../timeline/words.js';
import { instant, pairs } from './table.js';

/** A verdict with its place in words. */
export interface Explained {
  readonly verdict: VerdictView;
  readonly place: string;
  readonly verified?: GateAgain;
}

export function explain(verdict: VerdictView, plan: Plan, verify: boolean): Explained {
  const { stage, phase } = verdict.event;
  const name = stageAt(plan, stage)?.name ?? `stage ${stage + 1}`;
  const place = phase === 'entry' ? `before ${name}` : phase === 'during' ? `in the middle of ${name}` : name;
  return { verdict, place, ...(verify ? { verified: verifyVerdict(verdict.event, plan) } : {}) };
}

export function explainedText({ verdict, place, verified }: Explained): string[] {
  const { at, by, event } = verdict;
  const shadow = event.shadow === true ? ' (only records)' : '';
  return [
    `${instant(at)}  ${place}: gate ${event.gate}: ${event.verdict.toUpperCase()}${shadow}`,
    ...pairs([
      ...inputsRows(event.inputs),
      ['so', event.words],
      ['policy', `${event.policyHash.slice(0, 12)}, judged by ${by.id}, round ${event.round}`],
      ['again', verified === undefined ? undefined : `${verified.same ? '' : 'DIFFERS: '}${verified.words}`],
    ]).map((line) => `  ${line}`),
  ];
}

type Row = readonly [string, string | undefined];

/** Of built-in gates the words say all of their inputs. */
function inputsRows(inputs: GateJudged['inputs']): readonly Row[] {
  if (!isMeasured(inputs)) return [];
  const { asked, window, source, measure, limits, tally, found, problem, nothing, warnings = [] } = inputs;
  return [
    ...asked.map(({ name, query }): Row => [
      'asked',
      `${name}: ${query}${source === undefined ? '' : ` (of ${source})`}`,
    ]),
    ['window', `${instant(window.from)} to ${instant(window.to)} (${lengthOf(window.to - window.from)})`],
    ['measure', measureInWords(measure)],
    ['found', found === undefined ? undefined : foundInWords(found)],
    ['problem', problem === undefined ? undefined : `${problem.code}: ${problem.words}`],
    ['nothing', nothing],
    ['warned', warnings.length === 0 ? undefined : warnings.join('; ')],
    [
      'before',
      `${tally.pass} passes of ${limits.passes} wanted, ${tally.fail} failures of at most ${limits.fail}, ${tally.inconclusive} inconclusive of at most ${limits.inconclusive}, ${tally.error} errors of at most ${limits.error}`,
    ],
  ];
}

const isMeasured = (inputs: GateJudged['inputs']): inputs is MeasuredInputs & GateJudged['inputs'] =>
  'measure' in inputs &&
  Array.isArray(inputs['asked']) &&
  'window' in inputs &&
  'tally' in inputs &&
  'limits' in inputs;

function measureInWords(measure: MeasuredInputs['measure']): string {
  switch (measure.kind) {
    case 'threshold':
      return `threshold: ${measure.n} of the last ${measure.of} values ${measure.bound === 'max' ? 'above' : 'below'} ${measure.limit} fail`;
    case 'burnRate':
      return `burn rate: fails at ${measure.factor} times the budget of ${measure.objective}, over ${lengthOf(measure.longMs)} and ${lengthOf(measure.shortMs)}, from ${measure.minEvents} events on`;
    case 'comparison':
      return `comparison of ${measure.metrics.map(({ name }) => name).join(', ')}: level ${measure.level} over ${measure.looks} looks, effect ${measure.effect}, passes from ${measure.pass}`;
    case 'smoke':
      return `smoke: at most ${measure.maxFailures} of the requests may fail`;
    case 'facts':
      return 'what the hosts of the stage say';
    case 'webhook':
      return 'an outside judge';
  }
}

function foundInWords(found: Found): string {
  switch (found.kind) {
    case 'threshold':
      return seriesInWords(found.series);
    case 'burnRate':
      return `long ${ofTotal(found.long)}; short ${ofTotal(found.short)}`;
    case 'comparison':
      return found.metrics
        .map(({ name, canary, baseline }) => `${name}: new ${seriesInWords(canary)}; old ${seriesInWords(baseline)}`)
        .join(' | ');
    case 'smoke':
      return found.runs
        .map(({ host, sent, passed, failed, error, digest }) => {
          const where = host === undefined ? '' : `${host}: `;
          return `${where}${sent} sent, ${passed} passed, ${failed} failed, ${error} without an answer (digest ${digest.slice(0, 12)})`;
        })
        .join('; ');
    case 'facts':
      return `${found.heard} of ${found.hosts} hosts heard, ${found.otherVersion} with another version, ${found.restarts} restarts${found.examples.length === 0 ? '' : `: ${someOf(found.examples)}`}`;
    case 'webhook':
      return `${found.verdict}: ${found.words}`;
  }
}

const ofTotal = ({ bad, total }: { readonly bad: number | null; readonly total: number | null }): string =>
  `${bad ?? 'no'} bad of ${total ?? 'no'} events`;

/** The newest values, how many there are, and the digest of all that was answered. */
function seriesInWords({ values, count, unusable, digest }: TakenSeries): string {
  const newest = values.slice(-5).join(', ') || 'none';
  const more = count > 5 ? ` (the newest of ${count})` : '';
  return `${newest}${more}${unusable > 0 ? `, ${unusable} unusable` : ''} (digest ${digest.slice(0, 12)})`;
}
