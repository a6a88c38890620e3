import { describe, expect, it } from 'vitest';

import { runBacktest } from './backtest.js';

describe('backtest', () => {
  it('makes a past, tries a policy on all of it, and is compared', { timeout: 120_000 }, async () => {
    const result = await runBacktest({ rollouts: 200, rounds: 1, say: () => {} });
    expect(result.rows.map(({ name }) => name)).toEqual(['product', 'limit', 'a tenth', 'peer']);
    for (const { value } of result.ratios) expect(Number.isFinite(value)).toBe(true);
    expect(result.size).toContain('200 rollouts');
  });
});
