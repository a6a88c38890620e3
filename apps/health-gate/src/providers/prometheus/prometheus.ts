import { isSluiceError, SluiceError } from '@sluice/kernel';

import type { JsonAnswer, SourceClient } from '../http/source-client.js';
import type { RawSample, RawSeries, SeriesQuestion, ValueQuestion } from '../port.js';
import { dataOf, errorOf, oneOf, type PrometheusData } from './answer.js';

/** As Prometheus itself refuses more steps. */
const MAX_STEPS = 11_000;
const MAX_QUERY = 16_384;
const MAX_BYTES = 4 * 1024 * 1024;

export interface Found<T> {
  readonly value: T;
  readonly warnings: readonly string[];
}

/** Questions to a Prometheus, or to what speaks its HTTP API v1. They throw the codes of a measurement. */
export class Prometheus {
  constructor(
    private readonly client: SourceClient,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  async series({ query, from, to, stepMs }: Omit<SeriesQuestion, 'source'>): Promise<Found<RawSeries>> {
    check(Number.isFinite(from) && Number.isFinite(to) && from <= to, 'its window ends before it begins');
    check(
      stepMs >= 1 && (to - from) / stepMs <= MAX_STEPS,
      `its window has more than ${MAX_STEPS} steps: widen the step`,
    );
    const range = { start: seconds(from), end: seconds(to), step: seconds(stepMs) };
    return this.#asked('query_range', query, range, (data) => {
      if (data.type !== 'matrix') throw new SluiceError('ANSWER_INVALID', `the source answers with a ${data.type}`);
      return { samples: oneOf(data.series)?.samples ?? [] };
    });
  }

  async value({ query, at }: Omit<ValueQuestion, 'source'>): Promise<Found<RawSample | undefined>> {
    check(Number.isFinite(at), 'its time is no number');
    return this.#asked('query', query, { time: seconds(at) }, (data) => {
      if (data.type === 'matrix') {
        const words =
          'the query gives a range where one value is wanted: put rate(), avg_over_time() or the like around it';
        throw new SluiceError('QUERY_INVALID', words);
      }
      return oneOf(data.series)?.samples[0];
    });
  }

  async #asked<T>(
    what: 'query' | 'query_range',
    query: string,
    when: Readonly<Record<string, string>>,
    pick: (data: PrometheusData) => T,
  ): Promise<Found<T>> {
    check(query.trim() !== '' && query.length <= MAX_QUERY, `it wants 1 to ${MAX_QUERY} characters`);
    // Prometheus stops working on it when nobody waits any more.
    const timeout = seconds(this.client.source.timeoutMs);
    const body = new URLSearchParams({ query, ...when, timeout }).toString();
    const type = 'application/x-www-form-urlencoded';
    const answer = await this.client.post(`/api/v1/${what}`, { type, body }, this.maxBytes);
    this.#refuseFault(answer);
    try {
      const data = dataOf(answer.document);
      return { value: pick(data), warnings: data.warnings.map((warning) => answer.words(warning, 200)) };
    } catch (error) {
      // Labels are words of the source's, too.
      if (isSluiceError(error)) throw new SluiceError(error.code, answer.words(`${this.client.who}: ${error.message}`));
      throw error;
    }
  }

  #refuseFault({ status, document, words }: JsonAnswer): void {
    const said = errorOf(document);
    if (said !== undefined && (said.type === 'bad_data' || said.type === 'execution'))
      throw new SluiceError('QUERY_INVALID', `${this.client.who} refuses the query: ${words(said.words)}`);
    const fault = this.client.fault(status, said === undefined ? '' : words(said.words));
    if (fault !== undefined) throw fault;
  }
}

function check(isGood: boolean, what: string): asserts isGood {
  if (!isGood) throw new SluiceError('QUERY_INVALID', `the query cannot be asked: ${what}`);
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(3);
