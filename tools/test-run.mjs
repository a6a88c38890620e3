import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RESULTS_FILE } from './test-reporter.mjs';

/**
 * @typedef {import('./test-reporter.mjs').Results} Results
 * @typedef {{ passed: number, failed: number, skipped: number }} Totals
 */

/**
 * Runs vitest and ends with one plain line, `N passed, N failed`.
 *
 * @param {string} root
 * @param {string[]} args
 * @param {number} failedChecks
 * @returns {number} the exit code
 */
export function runTests(root, args, failedChecks) {
  const file = join(root, RESULTS_FILE);
  rmSync(file, { force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=./tools/test-reporter.mjs'];
  const result = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...args], { cwd: root, stdio: 'inherit' });
  const status = result.status ?? 1;
  const results = existsSync(file) ? /** @type {Results} */ (JSON.parse(readFileSync(file, 'utf8'))) : NOTHING;
  for (const skip of results.skips) process.stdout.write(`skipped: ${skip}\n`);
  for (const test of results.flaky) process.stdout.write(`passed only at the second try: ${test}\n`);
  process.stdout.write(`\n${summaryLine(totals(results, status, failedChecks))}\n`);
  return status === 0 && failedChecks === 0 ? 0 : 1;
}

/** @type {Results} */
export const NOTHING = { passed: 0, failed: 0, skipped: 0, unloadable: 0, skips: [], flaky: [] };

/**
 * A file that could not be loaded has no test to fail, and an unhandled rejection belongs to none: both count as one
 * failure, so that the line never says `0 failed` for a run that failed.
 *
 * @param {Results} results
 * @param {number} status
 * @param {number} failedChecks
 * @returns {Totals}
 */
export function totals(results, status, failedChecks) {
  const failedTests = results.failed + results.unloadable;
  const unexplained = status !== 0 && failedTests === 0 ? 1 : 0;
  return { passed: results.passed, failed: failedTests + unexplained + failedChecks, skipped: results.skipped };
}

/** @param {Totals} totals */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
