import type { BurnRateMeasure, ComparisonMeasure, GateMeasure, ThresholdMeasure } from '@sluice/contracts';
import {
  type CountedEvents,
  type Found,
  MAX_WARNINGS,
  MAX_WORDS,
  type MeasuredInputs,
  type MeasureProblem,
  takeSeries,
  type TakenSeries,
} from '@sluice/gating';
import { messageOf, unreachable } from '@sluice/kernel';

import type { FleetFacts } from '../facts/fleet-facts.js';
import type { MeasurementPort, RawSample } from '../providers/port.js';
import type { RolloutWatch } from '../watch/rollout-watch.js';
import { Asking, NothingToAsk, NotMeasured } from './asking.js';
import { factsOf } from './facts.js';
import { newHosts, valuesOf } from './places.js';
import { questionFor } from './questions.js';
import type { GateRow } from './rows.js';
import { runsOf, smokeQuestions } from './smoke.js';

export interface MeasurerDeps {
  /** Nothing can be measured but facts when absent. */
  readonly measurements?: MeasurementPort | undefined;
  readonly facts: FleetFacts;
  /** True of a smoke source that wants to be told a host. */
  readonly isPerHost?: ((source: string) => boolean) | undefined;
  /** An older heartbeat says nothing about now, ms. */
  readonly freshMs: number;
}

/** What a measurement brought, without what was there before it. */
export type Outcome = Pick<MeasuredInputs, 'window' | 'asked' | 'found' | 'problem' | 'nothing' | 'warnings'>;

/** Measures a row once. Never rejects: what goes wrong is the outcome's `problem`. */
export async function measureRow(deps: MeasurerDeps, watch: RolloutWatch, row: GateRow, now: number): Promise<Outcome> {
  const { measure, source = '' } = row.spec;
  const hosts = newHosts(watch, row, deps.facts);
  const window = windowOf(row, now);
  if (measure.kind === 'facts') return { window, asked: [], ...factsOf(watch.plan.version, hosts, now, deps) };
  const { measurements: port } = deps;
  if (port === undefined || source === '') return { window, asked: [], problem: noSource(source) };
  const values = valuesOf(watch, hosts, deps.facts);
  const asking = new Asking({ watch, row, hosts, values, window, port, source });
  const outcome = await outcomeOf(deps, asking);
  const { asked, warnings } = asking;
  const kept = warnings.slice(0, MAX_WARNINGS).map((words) => words.slice(0, MAX_WORDS));
  return { window, asked, ...outcome, ...(kept.length === 0 ? {} : { warnings: kept }) };
}

const noSource = (source: string): MeasureProblem => ({
  code: 'SOURCE_UNKNOWN',
  words: source === '' ? 'the gate names no source' : 'no sources are configured: name them in SLUICE_GATE_SOURCES',
});

async function outcomeOf(deps: MeasurerDeps, asking: Asking): Promise<Pick<Outcome, 'found' | 'problem' | 'nothing'>> {
  try {
    return { found: await find(deps, asking, asking.to.row.spec.measure) };
  } catch (error) {
    if (error instanceof NothingToAsk) return { nothing: error.message };
    const { code, words } =
      error instanceof NotMeasured ? error.problem : { code: 'INTERNAL', words: messageOf(error) };
    return { problem: { code, words: words.slice(0, MAX_WORDS) } };
  }
}

async function find(deps: MeasurerDeps, asking: Asking, measure: GateMeasure): Promise<Found> {
  switch (measure.kind) {
    case 'threshold':
      return { kind: 'threshold', series: await seriesOf(asking, 'query', measure.query, measure) };
    case 'burnRate':
      return burnRate(asking, measure);
    case 'comparison':
      return comparison(asking, measure);
    case 'smoke': {
      const questions = smokeQuestions(asking.to, deps.isPerHost?.(asking.to.source) ?? false);
      if (questions.length === 0) throw new NothingToAsk('no host came through yet, so there is nobody to ask');
      const results = await Promise.all(
        questions.map(async (question) => ({ question, result: await asking.value(asking.to.port.smoke(question)) })),
      );
      return { kind: 'smoke', runs: runsOf(results) };
    }
    case 'webhook': {
      const { source } = asking.to;
      const body = questionFor(asking.to.watch, asking.to.row, asking.to.values);
      const { verdict, words, values } = await asking.value(asking.to.port.webhook({ source, body }));
      const told = { kind: 'webhook' as const, verdict, words: words.slice(0, MAX_WORDS) };
      return values === undefined ? told : { ...told, values };
    }
    case 'facts':
      throw new NothingToAsk('facts are not asked of a source');
    default:
      return unreachable(measure, 'measure');
  }
}

/** Steps end at the end of the window, so that the newest value is of now. */
async function seriesOf(
  asking: Asking,
  name: string,
  template: string,
  { windowMs, stepMs }: Pick<ThresholdMeasure, 'windowMs' | 'stepMs'>,
): Promise<TakenSeries> {
  const { from, to } = asking.to.window;
  const query = asking.query(name, template, windowMs);
  const start = to - Math.floor(Math.max(0, to - from - 1) / stepMs) * stepMs;
  const { samples } = await asking.value(
    asking.to.port.series({ source: asking.to.source, query, from: start, to, stepMs }),
  );
  return takeSeries(samples, { from, to });
}

async function burnRate(asking: Asking, { bad, total, longMs, shortMs }: BurnRateMeasure): Promise<Found> {
  const { port, source } = asking.to;
  const at = asking.to.window.to;
  const count = async (name: string, template: string, windowMs: number): Promise<number | null> => {
    const query = asking.query(name, template, windowMs);
    const sample: RawSample | undefined = await asking.value(port.value({ source, query, at }));
    return Number.isFinite(sample?.value) ? (sample?.value ?? null) : null;
  };
  const over = async (name: string, windowMs: number): Promise<CountedEvents> => {
    const [bads, totals] = await Promise.all([
      count(`bad ${name}`, bad, windowMs),
      count(`total ${name}`, total, windowMs),
    ]);
    return { bad: bads, total: totals };
  };
  const [long, short] = await Promise.all([over('long', longMs), over('short', shortMs)]);
  return { kind: 'burnRate', long, short };
}

async function comparison(asking: Asking, measure: ComparisonMeasure): Promise<Found> {
  const metrics = await Promise.all(
    measure.metrics.map(async ({ name, canary, baseline }) => {
      const [ours, theirs] = await Promise.all([
        seriesOf(asking, `${name} canary`, canary, measure),
        seriesOf(asking, `${name} baseline`, baseline, measure),
      ]);
      return { name, canary: ours, baseline: theirs };
    }),
  );
  return { kind: 'comparison', metrics };
}

/** What is asked about; nothing from before the change. */
function windowOf({ spec, since, openedAt }: GateRow, now: number): { readonly from: number; readonly to: number } {
  const { measure } = spec;
  const longest = measure.kind === 'threshold' || measure.kind === 'comparison' ? measure.windowMs : undefined;
  if (measure.kind === 'burnRate') return { from: Math.max(0, now - measure.longMs), to: now };
  const from = longest === undefined ? Math.min(since ?? openedAt, now) : Math.max(0, now - longest, since ?? 0);
  return { from: Math.min(from, now), to: now };
}
