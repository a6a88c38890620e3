import { canonicalJson, type GateJudged, type GateMeasure, hashOf } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  fillQuery,
  type Found,
  inputFaults,
  judgedMeasure,
  judgeMeasured,
  type MeasuredInputs,
  NOTHING_MEASURED,
  type QueryValues,
  rejudge,
  spread,
  takeSeries,
  tallyAfter,
} from '../index.js';

const limits = { fail: 0, inconclusive: 3, error: 2, passes: 1 };
const threshold: GateMeasure = {
  ...{ kind: 'threshold', query: 'errors', windowMs: 60_000, stepMs: 10_000, bound: 'max', limit: 0.05, n: 2, of: 3 },
};
const taken = (values: readonly (number | null)[]) =>
  takeSeries(
    values.map((value, i) => ({ at: 40_000 + (i + 1) * 10_000 - values.length * 10_000 + 60_000, value })),
    { from: 0, to: 100_000 },
  );
const inputs = (more: Partial<MeasuredInputs>): MeasuredInputs => ({
  ...{ stage: 1, round: 1, at: 100_000, passNotBefore: 0, positions: { request: 4, exec: 5 } },
  ...{ gate: 'errors', phase: 'exit', measure: threshold, limits, window: { from: 0, to: 100_000 } },
  ...{ asked: [{ name: 'query', query: 'errors' }], tally: NOTHING_MEASURED },
  ...more,
});
const of = (found: Found, measure: GateMeasure) => inputs({ found, measure });

describe('one measurement', () => {
  const smoke: GateMeasure = { kind: 'smoke', requests: [], maxFailures: 1 };
  const run = { sent: 10, passed: 10, failed: 0, error: 0, skipped: 0, unsent: 0, examples: [], digest: 'd' };
  const facts: GateMeasure = { kind: 'facts', maxRestarts: 1, maxVerifyMs: 500, maxOtherVersion: 0 };
  const found = { kind: 'facts', version: '2.0.0', hosts: 3, heard: 3, otherVersion: 0, restarts: 1 } as const;
  const verified = { verified: 3, slowestVerifyMs: 400, examples: [] };
  const burn: GateMeasure = {
    ...{ kind: 'burnRate', bad: 'b', total: 't', objective: 0.99, factor: 2 },
    ...{ longMs: 3_600_000, shortMs: 300_000, minEvents: 10 },
  };
  const counted = (bad: number | null, total: number | null): Found => ({
    ...{ kind: 'burnRate', long: { bad, total }, short: { bad, total } },
  });

  it.each<readonly [string, MeasuredInputs, string, RegExp]>([
    ['values below', of({ kind: 'threshold', series: taken([0, 0, 0]) }, threshold), 'pass', /^0 of the last 3/],
    [
      'values beyond',
      of({ kind: 'threshold', series: taken([0, 1, 1]) }, threshold),
      'fail',
      /^2 of the last 3.*failed 1/,
    ],
    ['no data', of({ kind: 'threshold', series: taken([]) }, threshold), 'inconclusive', /^no data/],
    ['NaN', of({ kind: 'threshold', series: taken([null, null]) }, threshold), 'inconclusive', /2 unusable/],
    [
      'a problem',
      inputs({ problem: { code: 'SERIES_MANY', words: 'two' } }),
      'inconclusive',
      /^SERIES_MANY: two; .*errors 1$/,
    ],
    ['nothing to ask about', inputs({ nothing: 'no host yet' }), 'inconclusive', /^no host yet/],
    [
      'a warning',
      inputs({ found: { kind: 'threshold', series: taken([0, 0, 0]) }, warnings: ['partly'] }),
      'pass',
      /the source warns: partly/,
    ],
    ['another kind', of(counted(0, 1), threshold), 'inconclusive', /^a threshold was wanted, and a burnRate was found/],
    ['a budget that burns', of(counted(50, 1_000), burn), 'fail', /^burn 5 over 1h/],
    ['one that does not', of(counted(1, 1_000), burn), 'pass', /^burn 0.1 over 1h/],
    ['no events', of(counted(null, null), burn), 'inconclusive', /^no data over 1h/],
    [
      'requests that pass',
      of({ kind: 'smoke', runs: [run] }, smoke),
      'pass',
      /^10 of 10 requests passed; 0 <= limit 1/,
    ],
    [
      'one too many that does not',
      of(
        {
          kind: 'smoke',
          runs: [
            { ...run, failed: 1 },
            { ...run, error: 1 },
          ],
        },
        smoke,
      ),
      'fail',
      /2 > limit 1/,
    ],
    [
      'some that were not sent',
      of({ kind: 'smoke', runs: [{ ...run, unsent: 3 }] }, smoke),
      'inconclusive',
      /3 not sent in time/,
    ],
    ['none at all', of({ kind: 'smoke', runs: [] }, smoke), 'inconclusive', /^no request was sent/],
    ['hosts as they should be', of({ ...found, ...verified }, facts), 'pass', /^3 of 3 hosts heard of/],
    ['restarts', of({ ...found, ...verified, restarts: 2 }, facts), 'fail', /^restarts 2 > limit 1/],
    [
      'a slow verify',
      of({ ...found, ...verified, slowestVerifyMs: 501 }, facts),
      'fail',
      /^slowest verify ms 501 > limit 500/,
    ],
    ['another version', of({ ...found, ...verified, otherVersion: 1 }, facts), 'fail', /^other version 1 > limit 0/],
    ['a silent host', of({ ...found, ...verified, heard: 2 }, facts), 'inconclusive', /1 without a fresh heartbeat/],
    [
      'no verify that was timed',
      of({ ...found, ...verified, verified: 0 }, facts),
      'inconclusive',
      /no verify was timed/,
    ],
    ['no host', of({ ...found, ...verified, hosts: 0 }, facts), 'inconclusive', /^no host came through/],
    [
      'a judge outside',
      of({ kind: 'webhook', verdict: 'fail', words: 'no' }, { kind: 'webhook' }),
      'fail',
      /^no; failed 1/,
    ],
  ])('%s', (_, given, verdict, words) => {
    const said = judgeMeasured(given);
    expect([said.verdict, said.words]).toEqual([verdict, expect.stringMatching(words)]);
    expect(inputFaults(given.gate, { ...given })).toEqual([]);
  });
});

describe('measurements in a row', () => {
  const good = inputs({ found: { kind: 'threshold', series: taken([0, 0, 0]) } });
  const dead = inputs({ problem: { code: 'SOURCE_TIMEOUT', words: 'slow' } });
  const after = (...measured: readonly MeasuredInputs[]) => {
    let tally = NOTHING_MEASURED;
    let last = judgeMeasured(good);
    for (const each of measured) {
      last = judgeMeasured({ ...each, tally });
      tally = tallyAfter({ ...each, tally });
    }
    return last;
  };

  it('tells errors beyond their limit as such, and passes when the source is back', () => {
    expect(after(dead, dead).verdict).toBe('inconclusive');
    expect(after(dead, dead, dead)).toMatchObject({ verdict: 'error', exceeded: true });
    expect(after(dead, dead, dead, good).verdict).toBe('pass');
  });

  it('does not pass by an earlier pass', () => {
    expect(after(good, dead).verdict).toBe('inconclusive');
  });

  it('does not pass before its time, and says until when it watches', () => {
    const early = judgeMeasured({ ...good, passNotBefore: 200_000 });
    expect(early).toMatchObject({
      verdict: 'inconclusive',
      words: expect.stringContaining('watched until 1970') as string,
    });
  });
});

describe('a verdict', () => {
  const values = fc.array(fc.option(fc.double({ noNaN: false, min: -1, max: 1 }), { nil: null }), { maxLength: 30 });
  const tally = fc.record({
    pass: fc.nat(3),
    fail: fc.nat(3),
    inconclusive: fc.nat(5),
    error: fc.nat(5),
    looks: fc.nat(3),
  });

  it('is decided again byte for byte from its event, and never passes without values or before its time', () => {
    fc.assert(
      fc.property(values, tally, fc.nat(200_000), (list, counts, passNotBefore) => {
        const found: Found = { kind: 'threshold', series: taken(list) };
        const event = judgedMeasure(inputs({ found, tally: counts, passNotBefore }), hashOf(threshold));
        const loaded = JSON.parse(canonicalJson(event)) as GateJudged;
        expect(canonicalJson(rejudge(loaded))).toBe(canonicalJson(event));
        const isEmpty = found.series.values.length === 0;
        expect(event.verdict === 'pass' && (isEmpty || passNotBefore > 100_000)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['values that are no numbers', { found: { kind: 'threshold', series: { ...taken([1]), values: ['1'] } } }],
    ['a tally without looks', { tally: { pass: 0, fail: 0, inconclusive: 0, error: 0 } }],
    ['a measure that nobody knows', { measure: { kind: 'oracle' } }],
    ['limits that are missing', { limits: undefined }],
    ['another phase', { phase: 'later' }],
  ])('with %s cannot be decided again', (_, more) => {
    const event = judgedMeasure(inputs({ nothing: 'x' }), 'hash');
    const changed = { ...event, inputs: { ...event.inputs, ...more } };
    expect(() => rejudge(changed)).toThrow(expect.objectContaining({ code: 'BAD_GATE_INPUTS' }));
  });

  it('that somebody changed shows', () => {
    const event = judgedMeasure(inputs({ found: { kind: 'threshold', series: taken([1, 1, 1]) } }), 'hash');
    expect(rejudge({ ...event, verdict: 'pass' }).verdict).toBe('fail');
  });
});

describe('a query', () => {
  const values: QueryValues = {
    ...{ app: 'shop', group: 'web', version: '2.0.0+b"1\\', side: 'flop', oldSide: 'flip' },
    ...{ hosts: ['h1.example', 'h2'], others: [] },
  };
  const filled = (template: string): string => {
    const filling = fillQuery(template, values, 300_000);
    return filling.ok ? filling.query : `${filling.why}: ${filling.words}`;
  };

  it.each([
    ['rate(x{app="{{app}}",side=\'{{ side }}\'}[{{window}}])', 'rate(x{app="shop",side=\'flop\'}[300s])'],
    ['x{host=~"{{hosts}}:.*"}', 'x{host=~"(?:h1[.]example|h2):.*"}'],
    ['x{v="{{version}}"}', 'x{v="2.0.0+b\\u00221\\u005c"}'],
    ['x{v=~"{{version:re}}"}', 'x{v=~"2[.]0[.]0[+]b\\u00221\\u005c\\u005c"}'],
    ['x{g=~`{{group}}`}', 'x{g=~`web`}'],
    ['x{a="\\"{{app}}"}', 'x{a="\\"shop"}'],
  ])('%s', (template, query) => {
    expect(filled(template)).toBe(query);
  });

  it.each([
    ['x{host=~"{{others}}"}', /^empty: no host still runs what was before/],
    ['x{host="{{nobody}}"}', /^faulty: the query holds {{nobody}}; there is {{app}}/],
    ['{{app}}_total', /^faulty: .*outside of quotes/],
    ['x # {{app}}', /^faulty: .*outside of quotes/],
  ])('%s is not asked', (template, words) => {
    expect(filled(template)).toMatch(words);
  });

  it('keeps every name inside its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (version) => {
        const filling = fillQuery('x{v="{{version}}"} + 1', { ...values, version }, 1_000);
        const query = filling.ok ? filling.query : '';
        expect(query).toMatch(/^x\{v="(?:[^"\\\n]|\\u[0-9a-f]{4})*"\} \+ 1$/);
      }),
    );
  });

  it('names fifty hosts at most, spread over all of them', () => {
    const hosts = Array.from({ length: 1_000 }, (_, i) => i);
    expect([spread(hosts).length, spread(hosts)[0], spread(hosts)[49], spread([1, 2])]).toEqual([50, 0, 980, [1, 2]]);
  });
});
