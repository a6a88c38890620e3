import { isSluiceError } from '@sluice/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeToken, encodeToken, MAX_NAME_BYTES } from './tokens.js';

const bytesOf = (name: string): number => Buffer.byteLength(name);
const anyName = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 60 })
  .filter((name) => name.isWellFormed() && bytesOf(name) <= MAX_NAME_BYTES);
const nastyName = fc
  .array(
    fc.constantFrom('.', '*', '>', ' ', '\n', '\0', '=', '/', '..', 'a', 'Z', '9', '-', '_', 'é', '💧', '\u007f'),
    { minLength: 1, maxLength: 30 },
  )
  .map((parts) => parts.join(''));
const name = fc.oneof(anyName, nastyName);

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return isSluiceError(error) ? error.code : 'not ours';
  }
  return 'nothing thrown';
};

describe('token codec', () => {
  it('reads back every name', () => {
    fc.assert(fc.property(name, (text) => decodeToken(encodeToken(text)) === text));
  });

  it('writes only letters, digits, - _ and =, so that . * > space and control characters never pass', () => {
    fc.assert(fc.property(name, (text) => /^[A-Za-z0-9_=-]{1,600}$/.test(encodeToken(text))));
  });

  it('gives different names different tokens', () => {
    fc.assert(fc.property(name, name, (a, b) => (a === b) === (encodeToken(a) === encodeToken(b))));
  });

  it('reads only what it writes', () => {
    const tokenLike = fc
      .array(
        fc.constantFrom(
          '=',
          '0',
          '2',
          'e',
          'E',
          'a',
          'f',
          '61',
          '=2e',
          '=2E',
          '=61',
          '=c3=a9',
          '=ff',
          '.',
          '*',
          ' ',
          'é',
          '=',
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(tokenLike, (token) => {
        const code = codeOf(() => decodeToken(token));
        return code === 'nothing thrown' ? encodeToken(decodeToken(token)) === token : code === 'BAD_TOKEN';
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['web-01', 'web-01'],
    ['web-01.example', 'web-01=2eexample'],
    ['a.>', 'a=2e=3e'],
    ['../..', '=2e=2e=2f=2e=2e'],
    ['*', '=2a'],
    ['a b', 'a=20b'],
    ['=', '=3d'],
    ['é', '=c3=a9'],
    ['10.0.0.1:8080', '10=2e0=2e0=2e1=3a8080'],
  ])('writes %j as %s', (text, token) => {
    expect(encodeToken(text)).toBe(token);
    expect(decodeToken(token)).toBe(text);
  });

  it.each(['', 'é'.repeat(101), 'a'.repeat(201), '.'.repeat(201)])(
    'refuses a name out of its bounds with BAD_NAME',
    (text) => {
      expect(codeOf(() => encodeToken(text))).toBe('BAD_NAME');
    },
  );

  it('accepts a name of exactly the bound', () => {
    for (const text of ['a'.repeat(200), '.'.repeat(200), 'é'.repeat(100)])
      expect(decodeToken(encodeToken(text))).toBe(text);
  });

  it('refuses half a surrogate pair', () => {
    expect(codeOf(() => encodeToken('a\ud800'))).toBe('BAD_NAME');
  });

  it.each([
    '',
    '=',
    '=2',
    '=2E',
    '=61',
    '=zz',
    'a.b',
    'a b',
    '*',
    '>',
    '=ff',
    '=c3',
    'é',
    '=00=',
    'a'.repeat(201),
    '=2e'.repeat(201),
    'a'.repeat(1_000_000),
  ])('refuses a token that it never wrote with BAD_TOKEN', (token) => {
    expect(codeOf(() => decodeToken(token))).toBe('BAD_TOKEN');
  });
});
