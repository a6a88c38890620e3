import { describe, expect, it } from 'vitest';

import { MOMENT_PATTERN, parseMoment } from './moment.js';

describe('moments', () => {
  it.each([
    ['@118', { kind: 'position', position: 118 }],
    ['@0', { kind: 'position', position: 0 }],
    ['5m', { kind: 'ago', ms: 300_000 }],
    ['14d', { kind: 'ago', ms: 14 * 86_400_000 }],
    ['1767225600000', { kind: 'time', at: 1_767_225_600_000 }],
    ['2026-01-01T00:00:00Z', { kind: 'time', at: 1_767_225_600_000 }],
    ['2026-01-01T01:30:00.250+01:30', { kind: 'time', at: 1_767_225_600_250 }],
    ['2028-02-29T00:00:00Z', { kind: 'time', at: Date.UTC(2028, 1, 29) }],
  ])('%s', (text, moment) => {
    expect(parseMoment(text)).toEqual(moment);
    expect(text).toMatch(new RegExp(MOMENT_PATTERN));
  });

  it.each([
    ...['', '118', '@', '@-1', '@1.5', '@1234567890123456', '5', '5 m', '-5m', '400d', 'yesterday', 'now'],
    ...['2026-01-31', '2026-01-31T12:00:00', '2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z', '2027-02-29T00:00:00Z'],
    ...['2026-01-01T25:00:00Z', '1960-01-01T00:00:00Z', '@118 ', ' 5m', '9'.repeat(100)],
  ])('"%s" is none, and says what is', (text) => {
    expect(() => parseMoment(text)).toThrowError(
      expect.objectContaining({
        code: 'BAD_MOMENT',
        message: expect.stringMatching(/^"[^"]{0,40}" is no moment.*@118/),
      }),
    );
  });
});
