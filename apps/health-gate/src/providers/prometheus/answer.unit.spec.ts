import { describe, expect, it } from 'vitest';

import { dataOf, errorOf, oneOf } from './answer.js';

const success = (resultType: string, result: unknown): unknown => ({ status: 'success', data: { resultType, result } });
const sample = (text: unknown) => dataOf(success('scalar', [1_700_000_000.1239, text])).series[0]?.samples[0];

describe('an answer of Prometheus', () => {
  it('is read as ms and numbers; what is no number is null', () => {
    expect(sample('0.25')).toEqual({ at: 1_700_000_000_124, value: 0.25 });
    expect(['1e-7', '-3', '+Inf', '-Inf', 'NaN', '1e999'].map((text) => sample(text)?.value)).toEqual([
      ...[1e-7, -3, null, null, null, null],
    ]);
  });

  it.each([
    ['nothing', null, 'ANSWER_INVALID'],
    ['a list', [], 'ANSWER_INVALID'],
    ['another document', { data: { resultType: 'vector', result: [] } }, 'ANSWER_INVALID'],
    ['a vector without a list', success('vector', {}), 'ANSWER_INVALID'],
    ['a series without labels', success('vector', [{ value: [1, '1'] }]), 'ANSWER_INVALID'],
    ['a sample without its time', success('vector', [{ metric: {}, value: ['1'] }]), 'ANSWER_INVALID'],
    ['a number that is none', success('scalar', [1, 'ok']), 'ANSWER_INVALID'],
    ['an empty number', success('scalar', [1, '']), 'ANSWER_INVALID'],
    ['a matrix without values', success('matrix', [{ metric: {} }]), 'ANSWER_INVALID'],
    ['a type of tomorrow', success('cube', []), 'ANSWER_INVALID'],
    ['a text', success('string', [1, 'x']), 'QUERY_INVALID'],
    ['a histogram', success('vector', [{ metric: {}, histogram: [1, {}] }]), 'QUERY_INVALID'],
  ])('is refused as %s', (_, document, code) => {
    expect(() => dataOf(document)).toThrow(expect.objectContaining({ code }));
  });

  it('of several series says which, and what to do', () => {
    const metric = (pod: string) => ({ metric: { __name__: 'up', job: 'shop', pod }, value: [1, '1'] });
    const { series } = dataOf(success('vector', ['a', 'b"', 'c', 'd', 'e'].map(metric)));
    expect(() => oneOf(series)).toThrow(
      'the query gives 5 series, and a gate judges one: {pod="a"}, {pod="b\\""}, {pod="c"} and 2 more. ' +
        'Aggregate them, as in sum(...) or max(...), or select one by labels',
    );
    const long = ['a', 'b'].map((name) => ({ labels: { [name]: 'x'.repeat(500) }, samples: [] }));
    const refused = expect.objectContaining({ message: expect.stringMatching(/^.{100,400} or select one by labels$/) });
    expect(() => oneOf([...long, ...long])).toThrow(refused);
    expect(oneOf([])).toBeUndefined();
  });

  it('may be an error in its own words', () => {
    expect(errorOf({ status: 'error', errorType: 'bad_data', error: 'no' })).toEqual({ type: 'bad_data', words: 'no' });
    for (const document of [null, 'error', { status: 'error' }, success('vector', [])])
      expect(errorOf(document)).toBeUndefined();
  });
});
