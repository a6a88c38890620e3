import { type GateJudged, type GateSpec, hashOf, type Plan, stageAt } from '@sluice/contracts';
import type { VerdictView } from '@sluice/gateway';
import { type Found, type MeasuredInputs, rejudge, specHash, type TakenSeries } from '@sluice/gating';
import { messageOf } from '@sluice/kernel';

import { lengthOf } from '../timeline/time.js';
import { someOf } from '../timeline/words.js';
import { instant, pairs } from './table.js';

/** Whether a verdict decided again from its recorded inputs is the recorded one, byte for byte. */
export interface VerifiedVerdict {
  readonly same: boolean;
  /** What is different. */
  readonly words: string;
}

/** A verdict with its place in words. */
export interface Explained {
  readonly verdict: VerdictView;
  readonly place: string;
  readonly verified?: VerifiedVerdict;
}

export function explain(verdict: VerdictView, plan: Plan, verify: boolean): Explained {
  const { stage, phase } = verdict.event;
  const name = stageAt(plan, stage)?.name ?? `stage ${stage + 1}`;
  const place = phase === 'entry' ? `before ${name}` : phase === 'during' ? `in the middle of ${name}` : name;
  return { verdict, place, ...(verify ? { verified: verifyVerdict(verdict.event, plan) } : {}) };
}

/** Nothing is asked: the inputs alone decide, by the policy that the plan has. */
export function verifyVerdict(event: GateJudged, plan: Plan): VerifiedVerdict {
  try {
    const again = rejudge(event);
    const foreign = foreignTo(plan, event);
    if (foreign !== undefined) return { same: false, words: foreign };
    if (hashOf(again) === hashOf(event)) return { same: true, words: 'the same, byte for byte' };
    return { same: false, words: `decided again it is ${again.verdict}: ${again.words}` };
  } catch (error) {
    return { same: false, words: messageOf(error) };
  }
}

/** What the verdict was judged by that is not the plan's; built-in gates have no policy in a plan. */
function foreignTo({ gateSpecs = [] }: Plan, event: GateJudged): string | undefined {
  const spec = gateSpecs.find(({ name }) => name === event.gate);
  if (spec === undefined) return undefined;
  if (specHash(spec) !== event.policyHash) return 'it was judged by another policy than that of the plan';
  const { limits, measure } = event.inputs;
  if (hashOf(limits) !== hashOf(spec.limits)) return 'its inputs have other limits than the plan';
  return isMeasureOf(spec, measure) ? undefined : 'its inputs have another measure than the plan';
}

/** Requests of smoke tests are left out of inputs. */
function isMeasureOf({ measure }: GateSpec, recorded: unknown): boolean {
  if (measure.kind !== 'smoke') return hashOf(recorded) === hashOf(measure);
  return typeof recorded === 'object' && hashOf({ ...recorded, requests: measure.requests }) === hashOf(measure);
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
