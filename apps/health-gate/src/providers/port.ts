import type { SmokeQuestion, SmokeResult } from './smoke/port.js';

/** Why a measurement could not be made. Stable: gates and people branch on it. */
export type MeasurementCode =
  /** Nothing of that name, or of that kind, is configured. */
  | 'SOURCE_UNKNOWN'
  | 'SECRET_UNREADABLE'
  /** It did not answer in time. */
  | 'SOURCE_TIMEOUT'
  /** It cannot be reached, or said that it cannot answer now. */
  | 'SOURCE_UNAVAILABLE'
  /** It answered that it will not: credential, address, redirect. */
  | 'SOURCE_REFUSED'
  /** Too many questions wait for it already. */
  | 'SOURCE_BUSY'
  | 'ANSWER_TOO_LARGE'
  /** No JSON, or not in the form that was agreed. */
  | 'ANSWER_INVALID'
  /** The question itself is wrong, or the source says that its query is. */
  | 'QUERY_INVALID'
  /** The query gives several series where a gate judges one. */
  | 'SERIES_MANY'
  | 'RECORDING_INVALID'
  /** No request could be sent, so nothing was tested. */
  | 'SMOKE_EMPTY'
  | 'STOPPED'
  | 'INTERNAL';

/** `warnings` are the source's own: it answered, but perhaps not from all its data. Neither they nor words hold secrets. */
export type Measured<T> =
  | { readonly kind: 'ok'; readonly value: T; readonly warnings?: readonly string[] }
  | { readonly kind: 'error'; readonly code: MeasurementCode; readonly words: string };

/** `at` is ms since the epoch; null: the source's value was NaN or infinite. */
export interface RawSample {
  readonly at: number;
  readonly value: number | null;
}

/** Oldest first. Steps without data are absent; no data at all is an empty series. */
export interface RawSeries {
  readonly samples: readonly RawSample[];
}

/** Evaluated at `from`, `from + stepMs` and so on up to `to`. Times in ms since the epoch. */
export interface SeriesQuestion {
  readonly source: string;
  readonly query: string;
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

export interface ValueQuestion {
  readonly source: string;
  readonly query: string;
  readonly at: number;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface WebhookQuestion {
  readonly source: string;
  /** What the judge is told, as it is. */
  readonly body: Json;
}

export interface WebhookVerdict {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly words: string;
  readonly values?: Readonly<Record<string, number>>;
}

/** Where gates get their facts from. No question rejects, and each is answered within a bounded time. */
export interface MeasurementPort {
  /** One series. Several are an error, none is an empty one. */
  series(question: SeriesQuestion): Promise<Measured<RawSeries>>;
  /** One value; undefined: no data. */
  value(question: ValueQuestion): Promise<Measured<RawSample | undefined>>;
  /** Sends requests and counts what was not as expected. Requests that fail are its result and no error. */
  smoke(question: SmokeQuestion): Promise<Measured<SmokeResult>>;
  /** Asks a judge outside. */
  webhook(question: WebhookQuestion): Promise<Measured<WebhookVerdict>>;
}
