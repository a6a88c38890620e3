import { isSluiceError } from '@sluice/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { DomainEvent, EventMeta, EventToAppend } from '../events/index.js';
import { type DecodedCommit, decodeCommit, encodeCommit } from './commit.js';

const stream = { shard: '07', writer: 'exec', id: 'r07-0123456789ABCDEFGHJKMNPQRS' } as const;
const textOf = (events: readonly EventToAppend[]): string =>
  new TextDecoder().decode(
    encodeCommit({ id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', stream, rev: 3, at: 1_767_225_600_000, prev: 'ab', events }),
  );
const read = (text: string): DecodedCommit => decodeCommit(new TextEncoder().encode(text));
const refusal = (text: string): string => {
  try {
    read(text);
  } catch (error) {
    return isSluiceError(error) ? error.code : String(error);
  }
  return 'read';
};

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('web-1', 'a"b', 'a\\b', '}', ']}'),
);
const step = fc.constantFrom('probe', 'drain', 'download', 'install', 'verify', 'enable');
const places = {
  target: fc.nat(),
  step,
  n: fc.nat(99),
  ms: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e6, noNaN: true })),
};
const result: fc.Arbitrary<DomainEvent> = fc.record(
  { type: fc.constant('StepSucceeded'), ...places, note: fc.constantFrom('local', 'waived'), source: anyText },
  { requiredKeys: ['type', 'target', 'step', 'n', 'ms'] },
);
const failure: fc.Arbitrary<DomainEvent> = fc.record({
  ...{ type: fc.constant('StepFailed'), ...places, code: anyText, message: anyText, serving: fc.boolean() },
});
const kind = fc.constantFrom('agent', 'service', 'user');
const meta: fc.Arbitrary<EventMeta> = fc.record({
  by: fc.record({ id: anyText, kind }),
  cause: anyText,
  corr: anyText,
});
const events = fc.array(fc.record({ event: fc.oneof(result, result, failure), meta }), { minLength: 1, maxLength: 30 });

describe('a commit that is read in one go', () => {
  it('says what the same JSON in another form says, which goes the long way', () => {
    fc.assert(
      fc.property(events, fc.boolean(), (some, shared) => {
        const first = some[0]?.meta;
        const text = textOf(shared && first !== undefined ? some.map(({ event }) => ({ event, meta: first })) : some);
        expect(read(text)).toEqual(read(JSON.stringify(JSON.parse(text), undefined, 1)));
      }),
    );
  });

  const one = textOf([
    {
      event: { type: 'StepSucceeded', target: 12, step: 'drain', n: 1, ms: 340 },
      meta: { by: { id: 'web-1', kind: 'agent' }, cause: 'a', corr: 'q' },
    },
  ]);

  it.each([
    ['cut off', one.slice(0, -1)],
    ['followed by something', `${one}]`],
    ['a number that JSON does not have', one.replace('[12,', '[012,')],
    ['no comma', one.replace('12,"d"', '12"d"')],
    ['a string without its end', one.replace('"cause":"a"', '"cause":"a')],
    ['two commas', one.replace('[{', '[,{')],
  ])('refuses what is no JSON: %s', (_, text) => {
    expect(text).not.toBe(one);
    expect(refusal(text)).toBe('BAD_COMMIT');
  });

  it('knows no step that it was not told of, and nothing that is no event', () => {
    expect(refusal(one.replace('"d"', '"z"'))).toBe('UNKNOWN_STEP');
    expect(refusal(one.replace('"events":[{', '"events":[{"a":1},{'))).toBe('BAD_COMMIT');
    expect(refusal(one)).toBe('read');
  });
});
