import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  crockford,
  formatDuration,
  invariant,
  isSluiceError,
  MAX_DURATION_MS,
  messageOf,
  parseDuration,
  SluiceError,
  ulid,
  unreachable,
} from './index.js';

const CROCKFORD = /^[0-9A-HJKMNP-TV-Z]*$/;

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return isSluiceError(error) ? error.code : `not ours: ${messageOf(error)}`;
  }
  return 'nothing thrown';
};

describe('durations', () => {
  it.each([
    ['0s', 0],
    ['1ms', 1],
    ['300ms', 300],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['14d', 1_209_600_000],
    ['366d', MAX_DURATION_MS],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    '5',
    's',
    '-5s',
    '1.5h',
    '5 m',
    ' 5m',
    '5m ',
    '5M',
    '5w',
    '1e3s',
    '٥s',
    '367d',
    '9999999999s',
    '5m5s',
    '5m\n',
  ])('refuses %j with BAD_DURATION', (text) => {
    expect(codeOf(() => parseDuration(text))).toBe('BAD_DURATION');
  });

  it('quotes at most 40 characters of what it refuses', () => {
    expect(() => parseDuration('x'.repeat(10_000))).toThrow(/^"x{40}" is no duration/);
  });

  it('reads back every text that it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (ms) => parseDuration(formatDuration(ms)) === ms),
    );
  });

  it('writes the largest unit that divides', () => {
    expect([0, 999, 1_000, 90_000, 3_600_000, 86_400_000].map(formatDuration)).toEqual([
      '0ms',
      '999ms',
      '1s',
      '90s',
      '1h',
      '1d',
    ]);
  });
});

describe('ids', () => {
  it('writes known vectors of base 32', () => {
    expect(crockford(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff]), 8)).toBe('ZZZZZZZZ');
    expect(crockford(Uint8Array.from([0x00, 0x44, 0x32, 0x14, 0xc7]), 8)).toBe('01234567');
  });

  it('writes exactly the asked number of symbols of the alphabet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 64 }), (bytes, length) => {
        const text = crockford(bytes, length);
        return text.length === length && CROCKFORD.test(text);
      }),
    );
  });

  it('tells different bytes apart', () => {
    const bytes = fc.uint8Array({ minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => (crockford(a, 16) === crockford(b, 16)) === (Buffer.compare(a, b) === 0)),
    );
  });

  it('orders ULIDs by time, then by chance', () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    const chance = fc.uint8Array({ minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(time, time, chance, chance, (t1, t2, r1, r2) => {
        const [a, b] = [ulid(t1, r1), ulid(t2, r2)];
        const expected = t1 === t2 ? Math.sign(Buffer.compare(r1, r2)) : Math.sign(t1 - t2);
        return a.length === 26 && CROCKFORD.test(a) && (a < b ? -1 : Number(a > b)) === expected;
      }),
    );
  });

  it('writes the time as the ULID specification does', () => {
    expect(ulid(1_469_918_176_385, new Uint8Array(10))).toBe('01ARYZ6S410000000000000000');
  });
});

describe('errors', () => {
  it('branches on the code only', () => {
    const error = new SluiceError('BAD_NAME', 'say another', { bytes: 0 }, { cause: new Error('why') });
    expect([
      isSluiceError(error),
      isSluiceError(error, 'BAD_NAME'),
      isSluiceError(error, 'OTHER'),
      isSluiceError(new Error('x')),
    ]).toEqual([true, true, false, false]);
    expect(messageOf(error.cause)).toBe('why');
    expect(messageOf('plain')).toBe('plain');
  });

  it('turns a broken invariant into INVARIANT_BROKEN', () => {
    expect(codeOf(() => invariant(false, 'no'))).toBe('INVARIANT_BROKEN');
    expect(codeOf(() => invariant(true, 'yes'))).toBe('nothing thrown');
    expect(codeOf(() => unreachable('surprise' as never, 'kind'))).toBe('INVARIANT_BROKEN');
  });
});
