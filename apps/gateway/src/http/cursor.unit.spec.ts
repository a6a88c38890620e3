import { describe, expect, it } from 'vitest';

import { decodeCursor, encodeCursor } from './cursor.js';

describe('cursors', () => {
  it('come back as they were', () => {
    expect(decodeCursor('rollouts', 'number', encodeCursor('rollouts', 42))).toBe(42);
    expect(decodeCursor('groups', 'string', encodeCursor('groups', 'ä/b'))).toBe('ä/b');
  });

  it.each(['', 'x', '%%%', 'bnVsbA', encodeCursor('targets', 1), encodeCursor('rollouts', 'text'), 'A'.repeat(5_000)])(
    'refuses %s',
    (cursor) => {
      expect(() => decodeCursor('rollouts', 'number', cursor)).toThrow(/none of this list/);
    },
  );
});
