import { describe, expect, it } from 'vitest';

import { runHistory } from './history.js';

describe('history', () => {
  it('makes a past, starts on it, lists and reads it', { timeout: 120_000 }, async () => {
    const result = await runHistory({ most: 1_000, rounds: { starts: 1, lists: 30, reads: 20 }, say: () => {} });
    expect(result.rows.map(({ name }) => name)).toEqual(['product', 'limit', 'peer']);
    expect(result.details['bytesPerRollout']).toBeGreaterThan(100);
    for (const { value } of result.ratios) expect(Number.isFinite(value)).toBe(true);
  });
});
