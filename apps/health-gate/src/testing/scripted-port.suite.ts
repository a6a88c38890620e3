import type { MeasurementCode, MeasurementPort, RawSample, SeriesQuestion } from '../providers/port.js';
import type { SmokeQuestion, SmokeResult } from '../providers/smoke/port.js';

type Answer<T> = T | { readonly code: MeasurementCode };

/** Sources that say what a test wants, and remember what they were asked. */
export class ScriptedPort implements MeasurementPort {
  readonly asked: string[] = [];
  /** How many questions are under way, and were at most. */
  now = 0;
  most = 0;
  /** One value for each step; `gaps` are left out. */
  series_: (question: SeriesQuestion) => Answer<readonly RawSample[]> = () => [];
  value_: (query: string, at: number) => Answer<number | null | undefined> = () => undefined;
  smoke_: (question: SmokeQuestion) => Answer<Partial<SmokeResult>> = () => ({});
  judge_: () => Answer<{ readonly verdict: 'pass' | 'fail' | 'inconclusive'; readonly words: string }> = () => ({
    verdict: 'pass',
    words: 'looks good',
  });
  /** Waited for before each answer. */
  delay: () => Promise<void> = () => Promise.resolve();
  readonly smoked: SmokeQuestion[] = [];
  readonly told: unknown[] = [];

  series: MeasurementPort['series'] = (question) =>
    this.answer(question.query, this.series_(question), (samples) => ({ samples }));

  value: MeasurementPort['value'] = ({ query, at }) =>
    this.answer(query, this.value_(query, at), (value) => (value === undefined ? undefined : { at, value }));

  smoke: MeasurementPort['smoke'] = (question) => {
    this.smoked.push(question);
    return this.answer('smoke', this.smoke_(question), (result) => ({ ...SMOKED, ...result }));
  };

  webhook: MeasurementPort['webhook'] = ({ body }) => {
    this.told.push(body);
    return this.answer('webhook', this.judge_(), (verdict) => verdict);
  };

  private async answer<A, T>(
    query: string,
    answer: Answer<A>,
    value: (answer: A) => T,
  ): Promise<
    | { readonly kind: 'ok'; readonly value: T }
    | { readonly kind: 'error'; readonly code: MeasurementCode; readonly words: string }
  > {
    this.asked.push(query);
    this.now += 1;
    this.most = Math.max(this.most, this.now);
    await this.delay();
    this.now -= 1;
    if (isProblem(answer)) return { kind: 'error', code: answer.code, words: 'as the test wants it' };
    return { kind: 'ok', value: value(answer) };
  }
}

const isProblem = <A>(answer: Answer<A>): answer is { readonly code: MeasurementCode } =>
  typeof answer === 'object' && answer !== null && 'code' in answer;

const SMOKED: SmokeResult = {
  ...{ sent: 10, passed: 10, failed: 0, error: 0, skipped: 0, unsent: 0 },
  checks: { answer: 0, status: 0, body: 0, latency: 0 },
  examples: [],
  elapsedMs: 5,
  digest: 'sha256:00',
};

/** A sample at each step, as `value` says; undefined: the source has none then. */
export function steps(
  { from, to, stepMs }: SeriesQuestion,
  value: (at: number) => number | null | undefined,
): readonly RawSample[] {
  const samples: RawSample[] = [];
  for (let at = from; at <= to; at += stepMs) {
    const here = value(at);
    if (here !== undefined) samples.push({ at, value: here });
  }
  return samples;
}
