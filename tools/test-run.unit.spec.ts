import { expect, it } from 'vitest';
import { NOTHING, summaryLine, totals } from './test-run.mjs';

const run = (passed: number, failed: number, unloadable = 0) => ({ ...NOTHING, passed, failed, unloadable });

it('counts tests, and each failed check as one failure', () => {
  expect(totals(run(7, 0), 0, 0)).toEqual({ passed: 7, failed: 0, skipped: 0 });
  expect(totals(run(7, 2), 1, 1)).toEqual({ passed: 7, failed: 3, skipped: 0 });
});

it('counts a file that could not be loaded', () => {
  expect(totals(run(7, 0, 1), 1, 0).failed).toBe(1);
});

it('never says 0 failed for a run that failed', () => {
  expect(totals(run(7, 0), 1, 0).failed).toBe(1);
  expect(totals(NOTHING, 1, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

it('prints one plain line', () => {
  expect(summaryLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
  expect(summaryLine({ passed: 12, failed: 1, skipped: 3 })).toBe('12 passed, 1 failed, 3 skipped');
});
