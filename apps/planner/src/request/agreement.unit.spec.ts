import { DEPLOY_REQUEST_SCHEMA } from '@sluice/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FULL_REQUEST, SAMPLE_REQUEST } from './samples.js';
import { shapeFaults } from './shape.js';

const bySchema = new Ajv2020({ allErrors: true, strict: false }).compile(DEPLOY_REQUEST_SCHEMA);

const exec = { kind: 'exec', steps: { install: ['/opt/install', ''] }, stepTimeoutMs: 60_000 };
const bare = { kind: 'process', command: ['a'], stopGraceMs: 1 };
const threshold = { kind: 'threshold', query: 'x', limit: 1 };
const burnRate = { kind: 'burnRate', bad: 'x', total: 'y', objective: 0.99 };
const compared = { kind: 'comparison', metrics: [{ name: 'a', canary: 'x', baseline: 'y' }] };
const smoke = { kind: 'smoke', requests: [{ path: '/' }] };
const gateOf = (measure: unknown, more: object = {}): unknown => withField('gates', [{ name: 'g', measure, ...more }]);
const withField = (name: string, value: unknown): unknown => ({ ...SAMPLE_REQUEST, [name]: value });
const without = (name: string): unknown =>
  Object.fromEntries(Object.entries(SAMPLE_REQUEST).filter(([key]) => key !== name));
/** As it comes out of JSON.parse: `__proto__` is a field like any other there. */
const parsed = (text: string): unknown => JSON.parse(`{${JSON.stringify(SAMPLE_REQUEST).slice(1, -1)},${text}}`);

const valid: readonly unknown[] = [
  SAMPLE_REQUEST,
  FULL_REQUEST,
  withField('profile', exec),
  withField('profile', { ...exec, steps: {}, env: { NODE_ENV: 'x', toString: 'y' } }),
  withField('gates', []),
  withField('gates', ['ready', 'ready']),
  ...[threshold, burnRate, compared, smoke, { kind: 'smoke' }, { kind: 'facts' }, { kind: 'webhook' }].map((measure) =>
    gateOf(measure),
  ),
  gateOf({ ...threshold, n: 500, of: 1, bound: 'min', limit: -1e9, window: '1ms' }),
  gateOf({ ...burnRate, factor: 0.1, long: '1d', short: '2d', minEvents: 0 }),
  gateOf({ ...compared, level: 1, effect: 0, pass: 0, marginal: 100 }),
  gateOf({ kind: 'smoke', requests: [], replay: { most: 1, perSecond: 500 } }),
  gateOf({ kind: 'facts', maxRestarts: 0, maxVerify: '1m', maxOtherVersion: 1 }),
  gateOf(threshold, { at: ['entry', 'exit'], limits: {}, onFail: 'record', source: 'main-1' }),
  ...['traffic', 'blueGreen'].map((strategy) => withField('strategy', strategy)),
  withField('traffic', {}),
  withField('traffic', { weights: [100, 1], smokeAt: [0, 100], preScale: 1, artifacts: {} }),
  withField('traffic', { artifacts: { web: { url: 'file:///a', sha256: 'ab'.repeat(32), sources: [] } } }),
  withField('dataCompatible', 'oneWay'),
  withField('verify', {}),
  withField('canary', {}),
  withField('approvals', {}),
  withField('reason', ''),
  withField('tailFrom', 2.0),
  withField('group', '店铺-web'),
  withField('version', '1.0.0+build.7~rc1'),
  withField('app', 'a..b'),
  ...['0%', '51%', ' 25% ', '10% + 90%', '2', '101%', '1%+1%'].map((text) => withField('batches', text)),
  withField('artifact', { url: 'file:///srv/shop.tgz', sha256: '0'.repeat(64) }),
  withField('artifact', { ...SAMPLE_REQUEST.artifact, sources: [] }),
  withField('artifact', {
    ...SAMPLE_REQUEST.artifact,
    sources: Array.from({ length: 8 }, () => ({ url: 'http://a' })),
  }),
  withField('profile', {
    ...bare,
    preStop: { command: ['./leave'], timeoutMs: 1, required: true },
    postStart: { command: ['./join', ''], timeoutMs: 1_000 },
    recreate: true,
    self: false,
  }),
  withField('strategy', 'scaleOut'),
  withField('stepRetries', { drain: 0, download: 10, install: 1, verify: 2, enable: 3 }),
  withField('stepRetries', {}),
  withField('deadlines', { drain: '1m', enable: '1ms' }),
  withField('onVerifyFailure', 'giveUp'),
  withField('onVerifyFailure', { then: 'waive', waivedBy: 'Ana B.' }),
  withField('mixedVersions', 'forbidden'),
  withField('targets', { labels: { cluster: '' } }),
  withField('inventory', {}),
  withField('inventory', { maxAge: '1d' }),
];

const wrongValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  '',
  ' ',
  'x'.repeat(5_000),
  [],
  [1],
  ['settled', 'settled'],
  {},
  { host: 1 },
  { kind: 'exec' },
  'a.>',
  '../..',
  'a\u0000b',
  '\ud800',
  'a b',
  '*',
];

const oddGates: readonly unknown[] = [
  gateOf(undefined),
  gateOf('threshold'),
  gateOf({}),
  gateOf({ kind: 'sql' }),
  gateOf({ ...threshold, limit: '1' }),
  gateOf({ ...threshold, limit: null }),
  gateOf({ ...threshold, n: 0 }),
  gateOf({ ...threshold, of: 501 }),
  gateOf({ ...threshold, query: '' }),
  gateOf({ ...threshold, bad: 'x' }),
  gateOf({ ...threshold, window: 300 }),
  ...[0, 1, 1.5, '0.99'].map((objective) => gateOf({ ...burnRate, objective })),
  gateOf({ ...burnRate, factor: 0 }),
  gateOf({ ...compared, metrics: [] }),
  gateOf({ ...compared, metrics: [{ name: 'a', canary: 'x' }] }),
  gateOf({ ...compared, level: 0 }),
  gateOf({ ...compared, effect: 0.6 }),
  gateOf({ ...compared, minSamples: 1.5 }),
  ...[{}, { path: 'health' }, { path: '/', method: 'get' }, { path: '/', status: 99 }, { path: '/ä' }].map((request) =>
    gateOf({ kind: 'smoke', requests: [request] }),
  ),
  gateOf({ kind: 'smoke', requests: [{ path: '/', headers: { 'a b': 'x' } }] }),
  gateOf({ kind: 'smoke', requests: [{ path: '/', headers: { toString: 'x' } }] }),
  gateOf({ kind: 'smoke', requests: [{ path: '/', headers: { a: 'x\r\ny: z' } }] }),
  gateOf({ kind: 'smoke', replay: { most: 1 } }),
  gateOf({ kind: 'webhook', url: 'https://judge.example' }),
  gateOf(threshold, { at: [] }),
  gateOf(threshold, { at: ['exit', 'exit'] }),
  gateOf(threshold, { at: 'exit' }),
  gateOf(threshold, { onFail: 'panic' }),
  gateOf(threshold, { source: 'Main' }),
  gateOf(threshold, { limits: { passes: 0 } }),
  gateOf(threshold, { limits: { fails: 0 } }),
  gateOf(threshold, { kind: 'x' }),
  withField('gates', [{ measure: threshold }]),
  withField('gates', Array<string>(17).fill('ready')),
  withField('gates', ['smoke']),
];

const oddTraffic: readonly unknown[] = [
  ...[[], [0], [101], [1.5], ['1'], '100', Array<number>(101).fill(1)].map((weights) => ({ weights })),
  ...[[], [-1], [101]].map((smokeAt) => ({ smokeAt })),
  ...[{ dwell: 5 }, { preScale: 0 }, { preScale: 101 }, { drainWindow: 'soon' }, { steps: [1] }, { toString: 1 }],
  { artifacts: { web: {} } },
  { artifacts: { 'a b': { url: 'file:///a', sha256: 'ab'.repeat(32) } } },
  { artifacts: { web: { url: 'file:///a', sha256: 'ab'.repeat(32), check: 'planner' } } },
  { artifacts: [] },
].map((traffic) => withField('traffic', traffic));

const invalid: readonly unknown[] = [
  ...oddGates,
  ...oddTraffic,
  withField('dataCompatible', 'noWay'),
  withField('artifact', { ...SAMPLE_REQUEST.artifact, check: 'agent' }),
  parsed('"gates":[{"name":"g","measure":{"kind":"webhook","__proto__":{"x":1}}}]'),
  parsed('"traffic":{"artifacts":{"__proto__":{"url":"file:///a","sha256":"x"}}}'),
  null,
  1,
  'text',
  true,
  [],
  [SAMPLE_REQUEST],
  {},
  ...['app', 'group', 'version', 'artifact'].map(without),
  withField('unknown', 1),
  withField('Batches', '25%'),
  ...['toString', 'hasOwnProperty', 'constructor', 'valueOf'].map((name) => withField(name, 1)),
  parsed('"__proto__":{"x":1}'),
  parsed('"profile":{"kind":"exec","steps":{"__proto__":["a"]},"stepTimeoutMs":1}'),
  parsed('"profile":{"kind":"exec","steps":{},"stepTimeoutMs":1,"env":{"__proto__":"a"}}'),
  parsed('"profile":{"kind":"exec","steps":{},"stepTimeoutMs":1,"env":{"constructor":"a"}}'),
  parsed('"odd":{"constructor":1}'),
  parsed('"gates":[{"constructor":{"prototype":1}}]'),
  ...['app', 'group'].flatMap((name) =>
    ['a.>', '../..', '*', '', '.hidden', 'a/b', 'a\nb', 'x'.repeat(201), 'a\u0007'].map((text) =>
      withField(name, text),
    ),
  ),
  ...['..', '.', 'a/b', '', '-1', 'ä', 'x'.repeat(129), '1.0\n'].map((text) => withField('version', text)),
  ...['', 'ftp://x/y', 'store.example/x', 'https://', 'https://a b', 'file:///a\nb'].map((url) =>
    withField('artifact', { ...SAMPLE_REQUEST.artifact, url }),
  ),
  ...['', 'AB'.repeat(32), 'ab'.repeat(31), 'zz'.repeat(32)].map((sha256) =>
    withField('artifact', { ...SAMPLE_REQUEST.artifact, sha256 }),
  ),
  ...[{}, { labels: {} }, { labels: { 'a b': '1' } }, { labels: { cluster: 1 } }, { labels: ['fra'] }].map((targets) =>
    withField('targets', targets),
  ),
  withField('targets', { labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, ''])) }),
  parsed('"targets":{"labels":{"__proto__":"x"}}'),
  ...[{ maxAge: 'soon' }, { maxAge: 60 }, { allowStale: '' }, { allowStale: true }, 'stale-ok'].map((inventory) =>
    withField('inventory', inventory),
  ),
  withField('artifact', { url: 'https://a/b' }),
  withField('artifact', { ...SAMPLE_REQUEST.artifact, md5: 'x' }),
  withField('artifact', [SAMPLE_REQUEST.artifact]),
  ...[
    null,
    {},
    [null],
    [[]],
    ['https://a/b'],
    [{}],
    [{ site: 'fra' }],
    [{ url: 'ftp://a' }],
    [{ url: 'https://a/b', site: '' }],
    [{ url: 'https://a/b', sha256: 'ab'.repeat(32) }],
    Array.from({ length: 9 }, () => ({ url: 'https://a/b' })),
  ].map((sources) => withField('artifact', { ...SAMPLE_REQUEST.artifact, sources })),
  ...[
    { preStop: ['./leave'] },
    { preStop: { command: ['./leave'] } },
    { preStop: { command: './leave', timeoutMs: 1 } },
    { preStop: { command: ['./leave'], timeoutMs: 0 } },
    { preStop: { command: ['./leave'], timeoutMs: 1, required: 'yes' } },
    { postStart: { command: ['./join'], timeoutMs: 1, required: true } },
    { postStart: null },
    { recreate: 'yes' },
    { self: 1 },
  ].map((part) => withField('profile', { ...bare, ...part })),
  withField('profile', { ...exec, recreate: true }),
  ...['25', '%', '10+90', '1e1%', '-1%', '10%+', Array<string>(101).fill('1%').join('+')]
    .slice(1)
    .map((text) => withField('batches', text)),
  ...['5', '5 m', '-5m', '1.5m', 'm', '5w', '1234567890s'].map((text) => withField('interval', text)),
  ...[1, 0, 2.5, 100_001, '3'].map((n) => withField('tailFrom', n)),
  withField('profile', { kind: 'docker' }),
  withField('profile', {}),
  withField('profile', { ...exec, stepTimeoutMs: 0 }),
  withField('profile', { ...exec, steps: { install: [] } }),
  withField('profile', { ...exec, steps: { install: [''] } }),
  withField('profile', { ...exec, steps: { deploy: ['a'] } }),
  withField('profile', { ...exec, steps: [] }),
  withField('profile', { ...exec, command: ['a'] }),
  withField('profile', { kind: 'process', command: 'node server.js', stopGraceMs: 1 }),
  withField('profile', { kind: 'process', command: Array<string>(65).fill('a'), stopGraceMs: 1 }),
  withField('profile', { kind: 'process', command: ['a'], stopGraceMs: 1, env: { 'A B': 'x' } }),
  withField('profile', { kind: 'process', command: ['a'], stopGraceMs: 1, env: { A: 1 } }),
  withField('profile', { kind: 'process', command: ['a'], stopGraceMs: 1, env: [] }),
  withField('strategy', 'rollback'),
  ...[{ probe: 1 }, { verify: 11 }, { verify: -1 }, { verify: 1.5 }, { verify: '3' }, { toString: 1 }].map((retries) =>
    withField('stepRetries', retries),
  ),
  ...[{ probe: '1m' }, { drain: 60 }, { drain: '1 m' }, { drain: null }].map((deadlines) =>
    withField('deadlines', deadlines),
  ),
  ...[
    'waive',
    { then: 'waive' },
    { then: 'giveUp' },
    { then: 'giveUp', waivedBy: 'ana' },
    { then: 'waive', waivedBy: '' },
    { then: 'waive', waivedBy: 'ana', why: 'x' },
    { waivedBy: 'ana', constructor: 'x' },
    ['waive', 'ana'],
  ].map((then) => withField('onVerifyFailure', then)),
  withField('requestedBy', { id: 'ana' }),
  withField('requestedBy', { id: '', kind: 'user' }),
  withField('verify', { intervalMs: 5 }),
  withField('verify', { path: 'health' }),
  withField('verify', { port: 0 }),
  ...Object.keys(FULL_REQUEST).flatMap((name) => wrongValues.map((value) => withField(name, value))),
];

/** Most of the crossings of fields and odd values are faults; a few (`''` as a reason) are not. */
const agree = (document: unknown): void => {
  const faults = shapeFaults(document);
  const shown = JSON.stringify({ document, faults, errors: bySchema.errors }).slice(0, 600);
  expect(bySchema(document), shown).toBe(faults.length === 0);
};

describe('DTOs and JSON Schema of a deploy request', () => {
  it('accept the same documents', () => {
    for (const document of valid) expect(shapeFaults(document), JSON.stringify(document)).toEqual([]);
    for (const document of valid) agree(document);
  });

  it('refuse the same documents', () => {
    for (const document of invalid) agree(document);
    for (const document of [...oddGates, ...oddTraffic])
      expect(shapeFaults(document), JSON.stringify(document)).not.toEqual([]);
    const refused = invalid.filter((document) => shapeFaults(document).length > 0);
    expect(refused.length).toBeGreaterThan(500);
  });

  it('agree on whatever becomes of a request when a field is changed', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(...wrongValues),
      fc.constantFrom(...Object.values(FULL_REQUEST)),
    );
    const field = fc.oneof(fc.constantFrom(...Object.keys(FULL_REQUEST)), fc.string({ maxLength: 5 }));
    fc.assert(
      fc.property(field, value, (name, changed) => agree({ ...FULL_REQUEST, [name]: changed })),
      { numRuns: 1_000 },
    );
  });

  it('gives the examples of the schema no fault', () => {
    for (const example of DEPLOY_REQUEST_SCHEMA.examples) expect(shapeFaults(example)).toEqual([]);
  });
});
