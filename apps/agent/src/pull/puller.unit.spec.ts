import { describe, expect, it } from 'vitest';

import { VirtualClock } from '@sluice/testing';
import { createLogger } from '@sluice/observability';

import { actualText, valuesOf } from './asking.js';
import { type Known, Puller, type PullerParts, type Told, type Values } from './puller.js';

function world(answers: (Told | Error)[], more: Partial<PullerParts> = {}) {
  const asked: (readonly [string | undefined, Values | undefined])[] = [];
  const kept: Known[] = [];
  const runs: Values[] = [];
  const puller = new Puller({
    clock: new VirtualClock(),
    logger: createLogger('agent', 'silent'),
    everyMs: 60_000,
    ask: (etag, actual) => {
      asked.push([etag, actual]);
      const answer = answers.shift() ?? new Error('away');
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    keep: (known) => {
      kept.push(known);
      return Promise.resolve();
    },
    converge: (values) => {
      runs.push(values);
      return Promise.resolve();
    },
    reach: () => Promise.resolve(),
    ...more,
  });
  return { puller, asked, kept, runs };
}

const told = (etag: string, values: Values): Told => ({ kind: 'values', etag, values });

describe('a host that pulls', () => {
  it('TSU-06 converges once for each change, and says what it has', async () => {
    const [one, two] = [{ docker: '1.6' }, { docker: '1.9' }];
    const { puller, asked, runs } = world([told('a', one), { kind: 'same' }, told('b', two), { kind: 'same' }]);
    for (let i = 0; i < 4; i += 1) expect(await puller.once()).toBe(true);
    expect(runs).toEqual([one, two]);
    expect(asked).toEqual([
      [undefined, undefined],
      ['a', one],
      ['a', one],
      ['b', two],
    ]);
  });

  it('TSU-17 keeps what it has while nobody answers, after a restart too', async () => {
    const values = { docker: '1.6' };
    const { puller, kept, runs } = world([new Error('away'), new Error('away')], {
      known: { etag: 'a', values },
      reached: values,
    });
    expect([await puller.once(), await puller.once()]).toEqual([false, false]);
    expect([kept, runs]).toEqual([[], []]);
  });

  it('a hook that failed is run again, though nothing is new', async () => {
    const values = { docker: '1.9' };
    let tries = 0;
    const { puller, asked } = world([told('a', values), { kind: 'same' }], {
      converge: () => ((tries += 1) === 1 ? Promise.reject(new Error('no')) : Promise.resolve()),
    });
    expect([await puller.once(), await puller.once(), tries]).toEqual([false, true, 2]);
    // What it has not got to it does not claim.
    expect(asked[1]).toEqual(['a', undefined]);
  });

  it.each(['', '[]', 'null', '"x"', '{"a":{}}', '{"a":[1]}', '<html>'])('takes no desired state from %s', (text) => {
    expect(() => valuesOf(text)).toThrow('no desired state');
  });

  it('says what it has in one header that no value can break', () => {
    expect(actualText({ a: '1,2', b: 'x\r\ny', c: true })).toBe('a=1%2C2, b=x%0D%0Ay, c=true');
    expect(actualText({ a: 'x'.repeat(5_000) })).toBe('');
  });
});
