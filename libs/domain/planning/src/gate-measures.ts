import type {
  BurnRateMeasure,
  ComparedQuery,
  ComparisonMeasure,
  FactsMeasure,
  GateMeasure,
  MeasureDocument,
  SmokeMeasure,
  SmokeRequest,
  ThresholdMeasure,
} from '@sluice/contracts';
import { REQUEST_LIMITS } from '@sluice/contracts';
import { formatDuration, unreachable } from '@sluice/kernel';

import { GATE_DEFAULTS } from './defaults.js';
import { durationOr, type FaultList } from './faults.js';
import { checkQuery, checkWindow, type QueryContext } from './gate-queries.js';

type DocumentOf<K extends GateMeasure['kind']> = Extract<MeasureDocument, { readonly kind: K }>;

/** What the measures of a plan depend on. */
export interface GateContext extends QueryContext {
  /** How long a stage is watched, at least: how often a comparison that goes on is looked at. */
  readonly watchMs: number;
}

/** One measure that is read: where it stands, and how often it is made. */
export interface MeasureAt extends GateContext {
  readonly list: FaultList;
  readonly path: string;
  readonly intervalMs: number;
  /** It is judged again and again during a stage. */
  readonly goesOn: boolean;
}

const MIN_SPAN_MS = 1_000;
const MAX_SPAN_MS = 30 * 86_400_000;

/**
 * A measure with every default filled in. Codes: GATE_N_OF_M, GATE_WINDOW, GATE_SCORES, GATE_NO_WEIGHT, METRIC_TWICE,
 * SMOKE_EMPTY, SMOKE_BODY, SECRET_IN_GATE, GATE_NEEDS_HOSTS, NOT_USED, TOO_SHORT, TOO_LONG, BAD_DURATION, those of
 * checkQuery and of checkWindow.
 */
export function measureOf(document: MeasureDocument, at: MeasureAt): GateMeasure {
  switch (document.kind) {
    case 'threshold':
      return thresholdOf(document, at);
    case 'burnRate':
      return burnRateOf(document, at);
    case 'comparison':
      return comparisonOf(document, at);
    case 'smoke':
      return smokeOf(document, at);
    case 'facts':
      return factsOf(document, at);
    case 'webhook':
      return { kind: 'webhook' };
    default:
      return unreachable(document, 'measure of a gate');
  }
}

/** A duration from one second to 30 days. */
export function spanOf(list: FaultList, path: string, text: string | undefined, fallback: number): number {
  const ms = durationOr(list, path, text, fallback);
  if (ms < MIN_SPAN_MS) list.add(path, 'TOO_SHORT', `must be at least ${formatDuration(MIN_SPAN_MS)}`);
  if (ms > MAX_SPAN_MS) list.add(path, 'TOO_LONG', `may be at most ${formatDuration(MAX_SPAN_MS)}`);
  return Math.min(Math.max(ms, MIN_SPAN_MS), MAX_SPAN_MS);
}

function thresholdOf(document: DocumentOf<'threshold'>, at: MeasureAt): ThresholdMeasure {
  const { list, path } = at;
  const { query, limit, bound = 'max' } = document;
  checkQuery(list, `${path}/query`, query, at);
  const of = document.of ?? Math.max(document.n ?? 0, GATE_DEFAULTS.threshold.of);
  const n = document.n ?? Math.min(GATE_DEFAULTS.threshold.n, of);
  if (n > of) list.add(`${path}/n`, 'GATE_N_OF_M', `${n} of the last ${of} values can never be: n is at most \`of\``);
  return { kind: 'threshold', query, limit, bound, n, of, ...sampled(document, at, GATE_DEFAULTS.threshold, of) };
}

interface Spans {
  readonly windowMs: number;
  readonly stepMs: number;
}

/** A window that holds as many values as are wanted, and no more than are judged. */
function sampled(
  document: { readonly window?: string; readonly step?: string },
  { list, path }: MeasureAt,
  defaults: Spans,
  wanted: number,
): Spans {
  const windowMs = spanOf(list, `${path}/window`, document.window, defaults.windowMs);
  const stepMs = spanOf(list, `${path}/step`, document.step, defaults.stepMs);
  const held = Math.floor(windowMs / stepMs);
  const most = REQUEST_LIMITS.samples[1] - 1;
  const words = `${formatDuration(windowMs)} with a value every ${formatDuration(stepMs)} holds ${held} of them`;
  if (held < wanted) {
    list.add(`${path}/window`, 'GATE_WINDOW', `${words}, and ${wanted} are wanted: widen it, or make the step shorter`);
  }
  if (held > most) {
    list.add(`${path}/window`, 'GATE_WINDOW', `${words}, and at most ${most} are judged: make it or the step fit`);
  }
  return { windowMs, stepMs };
}

function burnRateOf(document: DocumentOf<'burnRate'>, at: MeasureAt): BurnRateMeasure {
  const { list, path } = at;
  const defaults = GATE_DEFAULTS.burnRate;
  const { bad, total, objective, factor = defaults.factor, minEvents = defaults.minEvents } = document;
  for (const [name, query] of Object.entries({ bad, total })) {
    checkQuery(list, `${path}/${name}`, query, at);
    checkWindow(list, `${path}/${name}`, query);
  }
  const longMs = spanOf(list, `${path}/long`, document.long, defaults.longMs);
  const shortMs = spanOf(list, `${path}/short`, document.short, defaults.shortMs);
  if (shortMs >= longMs) list.add(`${path}/short`, 'GATE_WINDOW', 'must be shorter than the long window');
  return { kind: 'burnRate', bad, total, objective, factor, longMs, shortMs, minEvents };
}

function comparisonOf(document: DocumentOf<'comparison'>, at: MeasureAt): ComparisonMeasure {
  const { list, path } = at;
  const { window: _w, step: _s, metrics: asked, ...policy } = document;
  const { windowMs, stepMs, ...defaults } = GATE_DEFAULTS.comparison;
  const metrics = asked.map((metric, i) => comparedOf(metric, `${path}/metrics/${i}`, at));
  const full = { ...defaults, looks: looksOf(at), ...policy };
  if (new Set(metrics.map(({ name }) => name)).size < metrics.length)
    list.add(`${path}/metrics`, 'METRIC_TWICE', 'have a name twice: each metric has its own');
  if (!metrics.some(({ weight }) => weight > 0))
    list.add(`${path}/metrics`, 'GATE_NO_WEIGHT', 'have no weight: at least one needs a weight above 0');
  if (full.marginal > full.pass)
    list.add(`${path}/marginal`, 'GATE_SCORES', `${full.marginal} is above pass, ${full.pass}: it can only be below`);
  return { ...full, kind: 'comparison', metrics, ...sampled(document, at, { windowMs, stepMs }, full.minSamples) };
}

type ComparedDocument = DocumentOf<'comparison'>['metrics'][number];

function comparedOf(metric: ComparedDocument, path: string, at: MeasureAt): ComparedQuery {
  checkQuery(at.list, `${path}/canary`, metric.canary, at);
  checkQuery(at.list, `${path}/baseline`, metric.baseline, at);
  return { bad: 'increase', weight: 1, ...metric };
}

/** What is looked at again and again tells equal sides apart some time, unless the looks share the level. */
function looksOf({ goesOn, watchMs, intervalMs }: MeasureAt): number {
  const [least, most] = REQUEST_LIMITS.looks;
  return goesOn ? Math.min(Math.max(Math.ceil(watchMs / intervalMs), least), most) : GATE_DEFAULTS.comparison.looks;
}

function smokeOf(document: DocumentOf<'smoke'>, { list, path }: MeasureAt): SmokeMeasure {
  const { requests = [], replay, maxFailures = 0 } = document;
  if (requests.length === 0 && replay === undefined)
    list.add(path, 'SMOKE_EMPTY', 'sends nothing: name requests, or say how many recorded ones to replay');
  for (const [i, request] of requests.entries()) checkRequest(list, `${path}/requests/${i}`, request);
  return { kind: 'smoke', requests, maxFailures, ...(replay === undefined ? {} : { replay }) };
}

const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie']);

function checkRequest(list: FaultList, path: string, { method = 'GET', headers = {}, body }: SmokeRequest): void {
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    list.add(`${path}/body`, 'SMOKE_BODY', `${method} has none: leave it out, or use another method`);
  const secret = Object.keys(headers).find((name) => SECRET_HEADERS.has(name.toLowerCase()));
  if (secret !== undefined) {
    const message =
      'would be kept in the log: name where the credential is in the source (auth= of SLUICE_GATE_SOURCES)';
    list.add(`${path}/headers/${secret}`, 'SECRET_IN_GATE', message);
  }
}

function factsOf(document: DocumentOf<'facts'>, { list, path, isShift, hasHosts }: MeasureAt): FactsMeasure {
  const { maxRestarts, maxOtherVersion, maxVerify } = document;
  if (!hasHosts) {
    const why = 'asks hosts, and nobody knows those of these sides: their capacity is a command hook';
    list.add(path, 'GATE_NEEDS_HOSTS', `${why}; use another kind of gate`);
  }
  if (isShift && maxVerify !== undefined)
    list.add(`${path}/maxVerify`, 'NOT_USED', 'a shift of traffic verifies no host: leave it out');
  const saysNothing = maxRestarts === undefined && maxOtherVersion === undefined && maxVerify === undefined;
  const limits = saysNothing ? { maxRestarts: 0, maxOtherVersion: 0 } : {};
  return {
    kind: 'facts',
    ...limits,
    ...(maxRestarts === undefined ? {} : { maxRestarts }),
    ...(maxOtherVersion === undefined ? {} : { maxOtherVersion }),
    ...(maxVerify === undefined ? {} : { maxVerifyMs: durationOr(list, `${path}/maxVerify`, maxVerify, 0) }),
  };
}
