import * as table from './boundaries.mjs';

const sources = (/** @type {string} */ path) => `${path}/src/**/*.ts`;
const specs = (/** @type {string} */ path) => table.specGlobs.map((glob) => `${path}/src/${glob}`);

const general = {
  'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }],
  eqeqeq: 'error',
  'prefer-const': 'error',
  'no-var': 'error',
  'no-console': 'error',
  'typescript/no-explicit-any': 'error',
  'typescript/no-non-null-assertion': 'error',
  'typescript/no-floating-promises': 'error',
  'typescript/no-misused-promises': 'error',
  'typescript/await-thenable': 'error',
  'typescript/only-throw-error': 'error',
  // A default may hand the rest on, or be `unreachable(x)`, which takes only `never`.
  'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  'typescript/no-unnecessary-type-assertion': 'error',
  'import/no-cycle': ['error', { ignoreTypes: false }],
  'import/no-self-import': 'error',
  'import/no-duplicates': 'error',
  'sluice/no-export-star': 'error',
  // expect(value, 'what it is')
  'vitest/valid-expect': ['error', { maxArgs: 2 }],
  // A copy before a loop that changes the original is meant.
  'unicorn/no-useless-spread': 'off',
  'unicorn/no-thenable': 'off',
  // given/when/then asserts inside its own functions.
  'vitest/expect-expect': 'off',
};

const budget = {
  'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
  // `modified` counts a switch as one: an exhaustive switch over many events is no tangle.
  complexity: ['error', { max: 10, variant: 'modified' }],
  'max-depth': ['error', 3],
  'max-params': ['error', 4],
};

/** @returns {Record<string, unknown>} what .oxlintrc.json holds */
export function lintConfiguration() {
  return {
    $schema: './node_modules/oxlint/configuration_schema.json',
    plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'promise', 'node', 'vitest'],
    jsPlugins: ['./tools/lint/sluice-plugin.mjs'],
    options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
    categories: { correctness: 'error' },
    ignorePatterns: ['**/node_modules/**', '**/dist/**', '**/.cache/**', '**/.nx/**', '**/coverage/**', '**/var/**'],
    rules: { ...general, ...budget },
    overrides: [
      ...ownership(),
      purity(),
      // Later overrides replace earlier ones: specs may import more, read the environment and need not be pure.
      { files: table.specGlobs, rules: { ...turnedOff(ownership(), [purity()]), 'max-lines-per-function': 'off' } },
      ...Object.entries(table.packages).flatMap(([name, entry]) => boundaries(name, entry)),
      { files: ['tools/**', 'bench/**', 'test/**', 'apps/cli/**'], rules: { 'no-console': 'off' } },
    ],
  };
}

/** @typedef {{ files: string[], rules: Record<string, unknown> }} Override */

const all = Object.entries(table.packages);

/** @param {(entry: [string, table.Package]) => boolean} chosen */
const sourcesOf = (chosen) => all.filter(chosen).map(([, entry]) => sources(entry.path));

/** @returns {Override[]} */
function ownership() {
  return [
    {
      files: sourcesOf(([name]) => !table.environmentReaders.includes(name)),
      rules: { 'sluice/no-environment': 'error' },
    },
    {
      files: sourcesOf(([name]) => !table.subjectOwners.includes(name)),
      rules: { 'sluice/no-subject-literal': 'error' },
    },
    { files: sourcesOf(([, { layer }]) => layer === 'domain'), rules: { 'sluice/no-async': 'error' } },
  ];
}

/** @returns {Override} */
function purity() {
  const message = 'This layer is pure: what it needs of the machine, the clock or chance comes in as data.';
  const properties = table.impureProperties.map(([object, property]) => ({ object, property, message }));
  return {
    files: sourcesOf(([, { layer }]) => table.pureLayers.includes(layer)),
    rules: {
      'no-restricted-globals': ['error', ...table.impureGlobals.map((name) => ({ name, message }))],
      'no-restricted-properties': ['error', ...properties],
      'sluice/no-current-date': 'error',
    },
  };
}

/** @param {Override[][]} overrides */
function turnedOff(...overrides) {
  return Object.fromEntries(overrides.flat().flatMap(({ rules }) => Object.keys(rules).map((rule) => [rule, 'off'])));
}

/**
 * @param {string} name
 * @param {table.Package} entry
 * @returns {Override[]}
 */
function boundaries(name, entry) {
  const pure = table.pureLayers.includes(entry.layer);
  const forSpecs = [...entry.imports, ...(entry.specImports ?? [])];
  return [
    { files: [sources(entry.path)], rules: restrictedImports(name, entry.imports, pure ? impureModules() : []) },
    { files: specs(entry.path), rules: restrictedImports(name, forSpecs, []) },
  ];
}

/** @returns {{ regex: string, message: string }[]} */
function impureModules() {
  const message = 'This layer is pure: it imports neither Node.js nor a library.';
  // Every bare name (`fs`, `node:fs`, `rxjs`) and every scope but ours; the engine knows no negative look-ahead.
  const regexes = ['^[a-z]', '^@[^s]', '^@s[^l]'];
  return regexes.map((regex) => ({ regex, message }));
}

/**
 * The regular expressions name the forbidden packages one by one: the linter's engine knows no negative look-ahead.
 *
 * @param {string} name
 * @param {readonly string[]} allowed
 * @param {{ regex: string, message: string }[]} more
 */
function restrictedImports(name, allowed, more) {
  const forbidden = Object.keys(table.packages).filter((other) => !allowed.includes(other));
  const patterns = [
    {
      regex: `^${table.scope}(${forbidden.join('|')})$`,
      message: `${name} may not import this package; tools/architecture/boundaries.mjs says who may import whom.`,
    },
    { regex: `^${table.scope}[^/]+/`, message: 'Import the package, not a file in it: its surface is src/index.ts.' },
    ...more,
  ];
  return { 'no-restricted-imports': ['error', { patterns }] };
}
