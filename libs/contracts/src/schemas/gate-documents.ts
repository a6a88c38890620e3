import { BUILT_IN_GATES } from '../gates.js';
import { REQUEST_LIMITS, REQUEST_PATTERNS } from './request-limits.js';
import { choice, closed, duration, int, text } from './request-parts.js';

const query = (description: string) => text('query', description);
const number = (description: string, more: object = {}) => ({ type: 'number', description, ...more });
const share = { minimum: 0, maximum: 1 };
const kind = (value: string) => ({ const: value });
const list = (items: object, [minItems, maxItems]: readonly [number, number], description: string) => ({
  type: 'array',
  description,
  items,
  minItems,
  maxItems,
});

const window = duration('The window whose values are judged.');
const step = duration('From one value to the next.', { default: '15s' });

const comparedQuery = closed(
  'A metric of both sides.',
  {
    name: text('name', 'Its name in verdicts.'),
    bad: choice(['increase', 'decrease', 'either'], 'Which way is bad.', { default: 'increase' }),
    weight: number('Its share of the score.', { minimum: 0, maximum: 1_000_000, default: 1 }),
    critical: { type: 'boolean', description: 'When it fails, all fails.', default: false },
    canary: query('Of the canary, or of the new side.'),
    baseline: query('Of those that still run what was before.'),
  },
  ['name', 'canary', 'baseline'],
);

const smokeRequest = closed(
  'One request and what its answer must be.',
  {
    method: choice(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'], 'The method.', { default: 'GET' }),
    path: text('requestPath', 'From / on, with its query.'),
    headers: {
      type: 'object',
      description: 'No secrets: a request is kept in the log. The source has the credential.',
      propertyNames: { pattern: REQUEST_PATTERNS.header },
      additionalProperties: text('headerValue', 'The value.'),
      maxProperties: REQUEST_LIMITS.headers[1],
    },
    body: text('requestBody', 'The body.'),
    status: int('status', 'The status that its answer must have; any 2xx when absent.'),
    contains: text('expected', 'The body of the answer holds this text.'),
    maxMs: int('requestMs', 'Most milliseconds until its end.'),
  },
  ['path'],
);

/** By kind: how a gate measures, as MeasureDocument. */
export const GATE_MEASURE_SCHEMAS = {
  threshold: closed(
    'n of the last `of` values beyond the limit fail.',
    {
      kind: kind('threshold'),
      query: query('A query of one series.'),
      window,
      step,
      bound: choice(['max', 'min'], 'max: larger values are beyond the limit; min: smaller ones.', { default: 'max' }),
      limit: number('The limit.'),
      n: int('samples', 'So many beyond the limit fail.', { default: 3 }),
      of: int('samples', 'Of the last so many.', { default: 5 }),
    },
    ['kind', 'query', 'limit'],
  ),
  burnRate: closed(
    'How fast an error budget is used up: fails when both windows burn faster than the factor.',
    {
      kind: kind('burnRate'),
      bad: query('Counts bad events over {{window}}.'),
      total: query('Counts all events over {{window}}.'),
      objective: number('The promised share of good events, such as 0.999.', {
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
      }),
      factor: number('Times as fast as promised.', { exclusiveMinimum: 0, maximum: 1_000_000, default: 14.4 }),
      long: duration('The long window.', { default: '1h' }),
      short: duration('The short window.', { default: '5m' }),
      minEvents: int('events', 'Fewer events in a window say nothing.', { default: 100 }),
    },
    ['kind', 'bad', 'total', 'objective'],
  ),
  comparison: closed(
    'The canary, or the new side, against the baseline, by the Mann-Whitney U test.',
    {
      kind: kind('comparison'),
      metrics: list(comparedQuery, REQUEST_LIMITS.metrics, 'What is compared.'),
      window,
      step,
      level: number('How often two equal sides may be told apart.', { ...share, exclusiveMinimum: 0, default: 0.05 }),
      looks: int('looks', 'How often it is looked at: each look has its share of the level.', { default: 1 }),
      effect: number('The share of pairs above one half from which on a difference matters.', {
        minimum: 0,
        maximum: 0.5,
        default: 0.15,
      }),
      minSamples: int('samples', 'Fewer values on a side say nothing.', { default: 10 }),
      pass: int('score', 'It passes from this score on.', { default: 90 }),
      marginal: int('score', 'It fails below this score, and holds in between.', { default: 60 }),
      maxMissing: int('score', 'Percent of the weight that may be without data.', { default: 0 }),
    },
    ['kind', 'metrics'],
  ),
  smoke: closed(
    'Requests that are sent to the new side, or the canary, alone.',
    {
      kind: kind('smoke'),
      requests: list(smokeRequest, REQUEST_LIMITS.smokeRequests, 'Synthetic requests.'),
      replay: closed(
        'Recorded requests of the source.',
        {
          most: int('replayed', 'The first so many of them.'),
          perSecond: int('perSecond', 'At most so many a second.'),
        },
        ['most', 'perSecond'],
      ),
      maxFailures: int('hostCount', 'So many requests may fail.', { default: 0 }),
    },
    ['kind'],
  ),
  facts: closed(
    'What the hosts of a stage say.',
    {
      kind: kind('facts'),
      maxRestarts: int('hostCount', 'So many restarts since; none unless said here.'),
      maxVerify: duration('How long verify may have taken.'),
      maxOtherVersion: int('hostCount', 'So many hosts may run another version; none unless said here.'),
    },
    ['kind'],
  ),
  webhook: closed('An outside judge is asked over HTTP.', { kind: kind('webhook') }, ['kind']),
} as const;

const measurements = (description: string, more: object) => int('measurements', description, more);

/** All of a gate but how it measures. */
export const gateDocument = (measure: object) =>
  closed(
    'A gate that measures. Labels in its queries may hold {{app}}, {{group}}, {{version}}, {{hosts}} and {{others}} (as regular expressions), on a shift {{side}} and {{oldSide}} too.',
    {
      name: text('name', 'Its name; settled and ready are taken.'),
      source: text('gateSource', 'Its name among the sources of the health-gate; facts needs none.'),
      at: {
        ...list(
          choice(['entry', 'during', 'exit'], 'A phase of a stage.'),
          REQUEST_LIMITS.gatePhases,
          'When it is judged; during and exit, exit alone for comparison, smoke and webhook, during alone for burnRate.',
        ),
        uniqueItems: true,
      },
      onFail: choice(
        ['brake', 'rollback', 'record'],
        'What a failure does. record: nothing, it is only written down.',
        {
          default: 'brake',
        },
      ),
      interval: duration('From one measurement to the next.', { default: '10s' }),
      limits: closed('How many measurements of a kind it bears; one more decides.', {
        fail: measurements('Failures.', { default: 0 }),
        inconclusive: measurements('Without a result.', { default: 10 }),
        error: measurements('That could not be made.', { default: 4 }),
        passes: int('passes', 'So many passes are wanted.', { default: 1 }),
      }),
      measure,
    },
    ['name', 'measure'],
  );

/** The gates of a request: names of the built-in ones, and GateDocument objects. */
export const GATES_SCHEMA = {
  type: 'array',
  description:
    'What must pass before the next stage. settled: every host has a result. ready: the hosts serve. Both stay when only gates that measure are named.',
  items: {
    anyOf: [
      choice(BUILT_IN_GATES, 'A built-in gate.'),
      gateDocument({ description: 'How it measures.', oneOf: Object.values(GATE_MEASURE_SCHEMAS) }),
    ],
  },
  maxItems: REQUEST_LIMITS.gates[1],
  default: ['settled', 'ready'],
};
