import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Totals
 * @typedef {{
 *   numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: { status: string, assertionResults: { status: string }[] }[],
 * }} Results of vitest's JSON reporter
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
  const file = join(root, '.cache', 'test-results.json');
  rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const result = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...args], { cwd: root, stdio: 'inherit' });
  const status = result.status ?? 1;
  const results = existsSync(file) ? /** @type {Results} */ (JSON.parse(readFileSync(file, 'utf8'))) : undefined;
  process.stdout.write(`\n${summaryLine(totals(results, status, failedChecks))}\n`);
  return status === 0 && failedChecks === 0 ? 0 : 1;
}

/**
 * A file that could not be loaded has no test to fail, and an unhandled rejection belongs to none: both count as one
 * failure, so that the line never says `0 failed` for a run that failed.
 *
 * @param {Results | undefined} results
 * @param {number} status
 * @param {number} failedChecks
 * @returns {Totals}
 */
export function totals(results, status, failedChecks) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = results ?? NOTHING;
  const unloadable = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failedTests = numFailedTests + unloadable;
  const unexplained = status !== 0 && failedTests === 0 ? 1 : 0;
  return {
    passed: numPassedTests,
    failed: failedTests + unexplained + failedChecks,
    skipped: numPendingTests + numTodoTests,
  };
}

/** @type {Results} */
const NOTHING = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

/** @param {Totals} totals */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
