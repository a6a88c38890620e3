import { SluiceError } from '@sluice/kernel';

import type { RawSample } from '../port.js';

/** What Prometheus answered, parsed: of which kind its result is, and the series in it. */
export interface PrometheusData {
  readonly type: 'vector' | 'matrix' | 'scalar';
  readonly series: readonly PrometheusSeries[];
  readonly warnings: readonly string[];
}

export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly RawSample[];
}

const MAX_WARNINGS = 10;

/** Code ANSWER_INVALID when it is no answer of its API v1, QUERY_INVALID when the result holds no numbers. */
export function dataOf(document: unknown): PrometheusData {
  const data = isRecord(document) && document['status'] === 'success' ? document['data'] : undefined;
  if (!isRecord(document) || !isRecord(data)) throw invalid('no answer of the API v1');
  const { resultType: type, result } = data;
  const warnings = textsOf(document['warnings']);
  switch (type) {
    case 'vector':
    case 'matrix': {
      if (!Array.isArray(result)) throw invalid(`a ${type} without a list`);
      return { type, series: result.map((one) => seriesOf(one, type)), warnings };
    }
    case 'scalar':
      return { type, series: [{ labels: {}, samples: [sampleOf(result)] }], warnings };
    case 'string':
      throw new SluiceError('QUERY_INVALID', 'the query gives a text: a gate judges numbers');
    default:
      throw invalid('a type of result that is unknown');
  }
}

/** What Prometheus says of a question that it does not answer. */
export function errorOf(document: unknown): { readonly type: string; readonly words: string } | undefined {
  if (!isRecord(document) || document['status'] !== 'error') return undefined;
  const { errorType: type, error: words } = document;
  return typeof type === 'string' && typeof words === 'string' ? { type, words } : undefined;
}

function seriesOf(one: unknown, type: 'vector' | 'matrix'): PrometheusSeries {
  if (!isRecord(one) || !isRecord(one['metric'])) throw invalid('a series without its labels');
  const labels = Object.fromEntries(Object.entries(one['metric']).map(([name, value]) => [name, String(value)]));
  if ('histogram' in one || 'histograms' in one) {
    const words = 'the query gives a histogram, and a gate judges numbers: use histogram_quantile() or histogram_avg()';
    throw new SluiceError('QUERY_INVALID', words);
  }
  if (type === 'vector') return { labels, samples: [sampleOf(one['value'])] };
  if (!Array.isArray(one['values'])) throw invalid('a series without values');
  return { labels, samples: one['values'].map(sampleOf) };
}

/** `[1700000000.123, "0.25"]`: seconds, and a number as text, which is how NaN and infinity come through JSON. */
function sampleOf(pair: unknown): RawSample {
  const [seconds, text] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
  if (typeof seconds !== 'number' || typeof text !== 'string') throw invalid('a value without its time');
  const at = Math.round(seconds * 1_000);
  if (/^(?:NaN|[+-]?Inf)$/.test(text)) return { at, value: null };
  const value = /^[+-]?(?:\d|\.\d)/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw invalid('a value that is no number');
  return { at, value: Number.isFinite(value) ? value : null };
}

const MAX_NAMED = 3;
const MAX_LABELS = 60;

/** Code SERIES_MANY with the labels by which the first of them differ, and what to do. */
export function oneOf(series: readonly PrometheusSeries[]): PrometheusSeries | undefined {
  if (series.length <= 1) return series[0];
  const shown = series.slice(0, MAX_NAMED).map(({ labels }) => labels);
  const names = Object.keys(Object.assign({}, ...shown) as object);
  const differing = names.filter((name) => shown.some((labels) => labels[name] !== shown[0]?.[name]));
  const more = series.length > shown.length ? ` and ${series.length - shown.length} more` : '';
  const which = `${shown.map((labels) => labelsText(labels, differing)).join(', ')}${more}`;
  const words = `the query gives ${series.length} series, and a gate judges one: ${which}`;
  throw new SluiceError('SERIES_MANY', `${words}. Aggregate them, as in sum(...) or max(...), or select one by labels`);
}

function labelsText(labels: Readonly<Record<string, string>>, names: readonly string[]): string {
  const text = `{${names.map((name) => `${name}=${JSON.stringify(labels[name] ?? '')}`).join(', ')}}`;
  return text.length > MAX_LABELS ? `${text.slice(0, MAX_LABELS - 4).toWellFormed()}...}` : text;
}

const textsOf = (list: unknown): readonly string[] =>
  (Array.isArray(list) ? (list as readonly unknown[]) : [])
    .filter((one): one is string => typeof one === 'string')
    .slice(0, MAX_WARNINGS);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (what: string): SluiceError => new SluiceError('ANSWER_INVALID', `the source answers with ${what}`);
