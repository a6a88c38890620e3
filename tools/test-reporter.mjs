import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @typedef {import('vitest/node').TestModule} TestModule
 * @typedef {import('vitest/node').TestCase} TestCase
 * @typedef {{ passed: number, failed: number, skipped: number, unloadable: number, skips: string[], flaky: string[] }} Results
 */

/** Where the results go, for test-run.mjs. */
export const RESULTS_FILE = '.cache/test-results.json';

/** A reporter for vitest that counts, and lists what was skipped or tried twice: neither is ever silent. */
export default class SummaryReporter {
  /** @param {readonly TestModule[]} modules */
  onTestRunEnd(modules) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (/** @type {string} */ state) => tests.filter((test) => test.result().state === state);
    /** @type {Results} */
    const results = {
      passed: inState('passed').length,
      failed: inState('failed').length,
      skipped: inState('skipped').length,
      unloadable: modules.filter(isUnloadable).length,
      skips: inState('skipped').map(describeSkip),
      flaky: tests.filter((test) => test.diagnostic()?.flaky).map(nameOf),
    };
    mkdirSync(dirname(RESULTS_FILE), { recursive: true });
    writeFileSync(RESULTS_FILE, JSON.stringify(results));
  }
}

/**
 * A file that failed, though none of its tests did: it could not be loaded, or a hook failed.
 *
 * @param {TestModule} module
 */
function isUnloadable(module) {
  const failedTests = [...module.children.allTests('failed')];
  return module.state() === 'failed' && failedTests.length === 0;
}

/** @param {TestCase} test */
function describeSkip(test) {
  const result = test.result();
  const note = 'note' in result && result.note ? result.note : 'its condition does not hold here';
  return `${nameOf(test)}: ${note}`;
}

/** @param {TestCase} test */
function nameOf(test) {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}
