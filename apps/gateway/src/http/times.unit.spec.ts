import { describe, expect, it } from 'vitest';

import { timeOf } from './times.js';

describe('a time in a body', () => {
  it.each([
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2026-01-31T12:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T12:00:00.5+02:00', Date.UTC(2026, 0, 31, 10, 0, 0, 500)],
  ])('is read the same everywhere: %s', (text, ms) => {
    expect(timeOf('/from', text)).toBe(ms);
  });

  it.each(['2026-W01', '2026-12-24T18:00', '2026-12-24T18:00:00', '2026-02-31T12:00:00Zz', 'soon', ''])(
    'is refused with its path when its zone is not said, or it is none: %s',
    (text) => {
      expect(() => timeOf('/from', text)).toThrow(
        expect.objectContaining({ problem: expect.objectContaining({ code: 'BAD_DOCUMENT', status: 422 }) }),
      );
    },
  );
});
