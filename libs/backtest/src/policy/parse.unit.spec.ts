import { describe, expect, it } from 'vitest';

import { parsePolicy } from './parse.js';

const faultsOf = (document: unknown): readonly string[] => {
  const parsed = parsePolicy(document, 'x');
  return parsed.ok ? [] : parsed.faults.map(({ path, code }) => `${path} ${code}`);
};
const wordsOf = (document: unknown): string => {
  const parsed = parsePolicy(document, 'x');
  return parsed.ok ? '' : parsed.faults.map(({ message }) => message).join('; ');
};

describe('a policy', () => {
  it('is read with its amounts, and stays as the plans are where it says nothing', () => {
    const gate = { name: 'errors', interval: '10s', measure: { kind: 'threshold', limit: 0.01, window: '5m' } };
    const parsed = parsePolicy(
      { applies: { app: 'shop', group: ['a', 'b'] }, brake: { failureLimit: '5%', maxUnavailable: 3 }, gates: [gate] },
      'new.yaml',
    );
    expect(parsed).toEqual({
      ok: true,
      policy: {
        name: 'new.yaml',
        applies: { apps: ['shop'], groups: ['a', 'b'], environments: [] },
        brake: { failureLimit: { kind: 'percent', percent: 5 }, maxUnavailable: { kind: 'count', count: 3 } },
        gates: [{ name: 'errors', intervalMs: 10_000, measure: { kind: 'threshold', limit: 0.01, window: 300_000 } }],
      },
    });
  });

  it.each([
    [{ brake: { failurLimit: 3 } }, '"failurLimit" is not known here: did you mean "failureLimit"?'],
    [{ brakes: { failureLimit: 3 } }, 'did you mean "brake"?'],
    [{ brake: { colour: 3 } }, 'there is failureLimit, maxUnavailable, extraFailures, minServing'],
    [{ gates: [{ name: 'e', measure: { kind: 'treshold' } }] }, 'did you mean "threshold"?'],
    [{ gates: [{ name: 'e', measure: { kind: 'facts', maxRestart: 1 } }] }, 'did you mean "maxRestarts"?'],
  ])('%j with a key that nobody knows names the one that was meant', (document, words) => {
    expect(wordsOf(document)).toContain(words);
  });

  it.each([
    [null, [' BAD_TYPE']],
    [[], [' BAD_TYPE']],
    ['brake', [' BAD_TYPE']],
    [{}, [' EMPTY']],
    [{ brake: {} }, [' EMPTY']],
    [
      { brake: { failureLimit: 0, maxUnavailable: '101%' } },
      ['/brake/failureLimit BAD_AMOUNT', '/brake/maxUnavailable BAD_AMOUNT'],
    ],
    [
      { brake: { failureLimit: 2.5, minServing: -1 } },
      ['/brake/failureLimit BAD_AMOUNT', '/brake/minServing BAD_NUMBER'],
    ],
    [{ gates: [{ limits: { fail: 1 } }] }, ['/gates/0/name MISSING']],
    [{ gates: [{ name: 'ready', limits: { fail: 1 } }] }, ['/gates/0/name GATE_RESERVED']],
    [{ gates: [{ name: 'a' }, { name: 'a' }] }, ['/gates/1/name GATE_TWICE']],
    [
      { gates: [{ name: 'a', interval: 'soon', onFail: 'panic' }] },
      ['/gates/0/interval BAD_DURATION', '/gates/0/onFail BAD_VALUE'],
    ],
    [{ gates: [{ name: 'a', measure: { limit: 1 } }] }, ['/gates/0/measure/kind MISSING']],
    [
      { gates: [{ name: 'a', measure: { kind: 'threshold', limit: Number.NaN } }] },
      ['/gates/0/measure/limit BAD_NUMBER'],
    ],
    [
      JSON.parse('{"__proto__": {}, "brake": {"constructor": 1}}'),
      ['/__proto__ UNKNOWN_KEY', '/brake/constructor UNKNOWN_KEY'],
    ],
  ])('%j is refused with every fault', (document, faults) => {
    expect(faultsOf(document)).toEqual(faults);
  });
});
