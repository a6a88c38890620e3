/**
 * Who may import whom, and which code is pure: the only table of it, default deny. The linter's configuration is
 * generated from it (generate.mjs), the architecture test reads it, and both are tested with planted violations.
 */

/**
 * @typedef {'kernel' | 'contracts' | 'domain' | 'infrastructure' | 'testing' | 'audit' | 'app' | 'entry'} Layer
 * @typedef {object} Package
 * @property {string} path folder of the package
 * @property {Layer} layer
 * @property {readonly string[]} imports packages that any of its sources may import
 * @property {readonly string[]} [specImports] packages that only its specs may import besides
 */

const infrastructure = /** @type {const} */ (['event-log', 'messaging', 'config', 'observability']);
const base = /** @type {const} */ (['kernel', 'contracts']);
const specImports = /** @type {const} */ (['testing']);

/**
 * @param {string} name
 * @returns {Package}
 */
const context = (name) => ({ path: `libs/domain/${name}`, layer: 'domain', imports: base, specImports });

/**
 * @param {string} name
 * @param {readonly string[]} contexts
 * @returns {Package}
 */
const app = (name, ...contexts) => ({
  path: `apps/${name}`,
  layer: 'app',
  imports: [...base, ...infrastructure, ...contexts],
  specImports,
});

// Its change records are those that an auditor makes: the audit's own code makes both.
const gatewayContexts = /** @type {const} */ ([
  'audit',
  'decisions',
  'planning',
  'rollout',
  'group',
  'dependency',
  'freeze',
  'gating',
  'variable',
  'label',
  'hold',
]);

/** @type {Record<string, Package>} */
const composed = {
  kernel: { path: 'libs/kernel', layer: 'kernel', imports: [] },
  contracts: { path: 'libs/contracts', layer: 'contracts', imports: ['kernel'] },
  planning: context('planning'),
  rollout: context('rollout'),
  group: context('group'),
  dependency: context('dependency'),
  freeze: context('freeze'),
  label: context('label'),
  hold: context('hold'),
  variable: context('variable'),
  gating: context('gating'),
  notification: context('notification'),
  config: { path: 'libs/config', layer: 'infrastructure', imports: base },
  observability: { path: 'libs/observability', layer: 'infrastructure', imports: base },
  messaging: { path: 'libs/messaging', layer: 'infrastructure', imports: [...base, 'config'], specImports },
  'event-log': { path: 'libs/event-log', layer: 'infrastructure', imports: [...base, 'messaging'], specImports },
  // Applications take it into their own processes: it depends on nothing.
  side: { path: 'libs/side', layer: 'infrastructure', imports: [] },
  // It starts the nats-server that config finds.
  testing: { path: 'libs/testing', layer: 'testing', imports: [...base, 'config'] },
  proof: { path: 'libs/proof', layer: 'infrastructure', imports: ['kernel'] },
  // It reads a whole log as an outsider and holds it against what the contexts make of it.
  audit: {
    path: 'libs/audit',
    layer: 'audit',
    imports: [...base, 'proof', 'event-log', 'rollout', 'group', 'variable', 'dependency', 'freeze', 'hold', 'label'],
    specImports,
  },
  // It decides again what the contexts decided, from what each recorded.
  decisions: { path: 'libs/decisions', layer: 'audit', imports: [...base, 'rollout', 'group', 'gating'], specImports },
  // It tries a policy on what a log remembers, with the rules of the contexts themselves.
  backtest: {
    path: 'libs/backtest',
    layer: 'audit',
    imports: [...base, 'event-log', 'audit', 'rollout', 'group', 'gating', 'planning'],
    specImports,
  },
  planner: app('planner', 'planning', 'dependency'),
  executor: app('executor', 'rollout', 'group', 'dependency', 'freeze', 'variable', 'label', 'hold'),
  'health-gate': app('health-gate', 'gating', 'rollout'),
  notifier: app('notifier', 'notification'),
  archiver: app('archiver', 'rollout', 'group', 'hold'),
  // Its key belongs to none of the services that write the log.
  checkpointer: app('checkpointer', 'audit', 'proof'),
  // Its specs poll the weights as applications do.
  gateway: {
    ...app('gateway', ...gatewayContexts),
    specImports: [...specImports, 'side'],
  },
  agent: { path: 'apps/agent', layer: 'app', imports: [...base, 'messaging', 'config', 'observability'], specImports },
  // The one program that holds the others: `sluice <service>`, `sluice up` and its demo fleet (from testing).
  cli: {
    path: 'apps/cli',
    layer: 'entry',
    imports: [
      ...base,
      ...infrastructure,
      // It decides recorded verdicts again, without a server, and verifies logs and proofs as an outsider.
      'gating',
      'audit',
      'decisions',
      'backtest',
      'proof',
      'testing',
      'planner',
      'executor',
      'health-gate',
      'notifier',
      'archiver',
      'checkpointer',
      'gateway',
      'agent',
    ],
  },
};

const everything = Object.keys(composed);

/** @type {Readonly<Record<string, Package>>} */
export const packages = {
  ...composed,
  demo: { path: 'tools/demo', layer: 'entry', imports: everything },
  bench: { path: 'bench', layer: 'entry', imports: everything },
  // The end-to-end tests play on the demo's stage: its processes, artifacts and API client.
  test: { path: 'test', layer: 'entry', imports: [...everything, 'demo'] },
};

export const scope = '@sluice/';

/** Specs, and the behaviour suites that a port ships for its adapters' specs. Neither is imported by other sources. */
export const specFile = /\.(spec|suite)\.[cm]?ts$/;
export const specGlobs = ['**/*.spec.ts', '**/*.suite.ts'];

/** Pure layers know no framework, no server, no machine, no clock and no chance: these come in as data. */
export const pureLayers = /** @type {readonly Layer[]} */ (['kernel', 'domain']);

export const impureGlobals = [
  'process',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'performance',
  'crypto',
  'fetch',
  'console',
  'Buffer',
  'require',
  'global',
  'globalThis',
];

/** @type {readonly (readonly [object: string, property: string])[]} */
export const impureProperties = [
  ['Date', 'now'],
  ['Math', 'random'],
];

/** No image holds them, so their code may use what is a devDependency. */
export const neverShipped = ['demo', 'bench', 'test'];

/** The packages that may read the environment; everybody else is given a parsed configuration. */
export const environmentReaders = ['config', ...neverShipped];

/** The packages that may write a subject, stream or bucket name as a literal. */
export const subjectOwners = ['contracts', 'messaging', 'test'];

/** Folders that say nothing about what is in them. */
export const namelessFolders = ['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'shared'];
