#!/usr/bin/env node
/**
 * The sequences behind the npm scripts: `node tools/tasks.mjs <task> [arguments]`.
 * Arguments go to the last program of the task, whose stdout stays its own: what comes before it prints to stderr.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from './test-run.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tool = (/** @type {string} */ name) => join('node_modules', '.bin', name);
const node = process.execPath;

/** @typedef {{ name: string, command: string[] }} Step */

/** @satisfies {Record<string, Step>} */
const steps = {
  setup: { name: 'set-up', command: [node, 'tools/setup/setup.mjs'] },
  build: { name: 'build', command: [tool('tsc'), '-b'] },
  types: { name: 'types', command: [tool('tsc'), '-b', '--force'] },
  format: { name: 'format', command: [tool('prettier'), '--check', '--log-level', 'warn', '.'] },
  lint: { name: 'lint', command: [tool('oxlint'), '--type-aware', '--deny-warnings'] },
};

/** @type {Record<string, (args: string[]) => number>} */
const tasks = {
  setup: () => prepare([steps.setup]),
  demo: (args) => prepare([steps.setup, steps.build]) || program('tools/demo/dist/main.js', args),
  start: (args) =>
    prepare([steps.setup, steps.build]) || program('apps/cli/dist/main.js', ['up', '--demo-fleet', ...args]),
  bench: (args) => prepare([steps.setup, steps.build]) || program('bench/dist/main.js', args),
  simulate: (args) => prepare([steps.setup, steps.build]) || program('test/dist/simulation/main.js', args),
  chaos: (args) => prepare([steps.setup, steps.build]) || program('test/dist/chaos/main.js', args),
  test: (args) => prepare([steps.setup]) || checked([steps.build, steps.format, steps.lint], args),
  verify: (args) => prepare([steps.setup]) || checked([steps.types, steps.format, steps.lint], args),
};

/**
 * Runs steps until one fails.
 *
 * @param {Step[]} list
 */
function prepare(list) {
  for (const step of list) {
    const status = run(step.command, ['ignore', 2, 2]);
    if (status !== 0) {
      process.stderr.write(`The ${step.name} failed; its message is above.\n`);
      return status;
    }
  }
  return 0;
}

/**
 * Runs every check and all tests, so that one run shows all that is wrong. A failed check counts as one failure.
 *
 * @param {Step[]} checks
 * @param {string[]} args for vitest
 */
function checked(checks, args) {
  const failed = checks.filter((check) => run(check.command, ['ignore', 'inherit', 'inherit']) !== 0);
  const notes = checks.map((check) => `${check.name} ${failed.includes(check) ? 'FAILED' : 'ok'}`);
  process.stdout.write(`Checks: ${notes.join(', ')}\n`);
  return runTests(root, args, failed.length);
}

/**
 * @param {string} script
 * @param {string[]} args
 */
function program(script, args) {
  if (!existsSync(join(root, script))) {
    process.stderr.write(`${script} does not exist: the build made no such program.\n`);
    return 1;
  }
  return run([node, script, ...args], 'inherit');
}

/**
 * @param {string[]} command
 * @param {import('node:child_process').StdioOptions} stdio
 */
function run(command, stdio) {
  const [file = node, ...args] = command;
  const result = spawnSync(file, args, { cwd: root, stdio });
  if (result.error) process.stderr.write(`${file}: ${result.error.message}\n`);
  return result.status ?? 1;
}

const [name = '', ...args] = process.argv.slice(2);
const task = tasks[name];
if (task) {
  process.exitCode = task(args);
} else {
  process.stderr.write(`Unknown task "${name}". There are: ${Object.keys(tasks).join(', ')}.\n`);
  process.exitCode = 2;
}
