import { count, instant, list, map, nullable, object, oneOf, ref, text } from './parts.js';

const scalar = { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] };
const fraction = { type: 'number', minimum: 0, maximum: 1, description: 'Of the schedule.' };
const phase = oneOf('defined', 'ramping', 'paused', 'stopped', 'finished', 'reversing', 'reversed', 'reverted');
const counts = {
  from: { ...count, description: 'Hosts that are to have the old value.' },
  to: { ...count, description: 'Hosts that are to have the new value.' },
  other: { ...count, description: 'Hosts that are pinned to a third one.' },
};

const schedule = {
  oneOf: [
    object({ kind: oneOf('linear'), durationMs: count }),
    object({
      kind: oneOf('points'),
      points: list({ type: 'array', prefixItems: [count, fraction], minItems: 2, maxItems: 2 }),
    }),
  ],
};

const limit = object(
  {
    maxPercent: { type: 'number' },
    minHosts: count,
    maxHosts: count,
    pace: object({ changes: count, windowMs: count }),
  },
  ...['maxPercent', 'minHosts', 'maxHosts', 'pace'],
);

const spec = object({
  name: text(),
  type: oneOf('string', 'number', 'boolean'),
  from: scalar,
  to: scalar,
  schedule,
  limits: map(limit),
  salt: text(),
});

const summary = {
  fleet: text(),
  name: text(),
  rev: count,
  version: { ...count, description: 'Of its definition.' },
  phase,
  fraction,
  counts: object(counts),
  spec,
  actions: { ...list(text()), description: 'Commands that it takes now.' },
};

const rules = ['before', 'ramp', 'limit', 'pace', 'pin', 'pause', 'stop', 'join', 'revert', 'reverse', 'away'] as const;

const explanation = object(
  {
    host: text(),
    variable: text(),
    at: instant,
    value: scalar,
    version: count,
    rule: { ...oneOf(...rules), description: 'What bound.' },
    given: {
      ...object({ at: instant, fraction, by: ref('Actor'), reason: text() }, 'by', 'reason'),
      description: 'When it was given the value.',
    },
    fraction,
    role: {
      ...object({ name: text(), rank: count, hosts: count, to: count, asked: count, limit: count }),
      description: 'Its place in its role, in the order of the variable; missing while it is away.',
    },
    words: text({ description: 'All of it in a sentence.' }),
  },
  'role',
);

export const VARIABLE_SCHEMAS = {
  Variables: object({ items: list(object(summary)) }),
  VariableDetail: object({
    ...summary,
    activeMs: count,
    durationMs: count,
    nextAt: { ...nullable({ type: 'number' }), description: 'When the next host changes, ms since the epoch.' },
    stopped: nullable(object({ kind: oneOf('command', 'breach'), words: text(), numbers: map({ type: 'number' }) })),
    roles: list(
      object({
        role: text(),
        hosts: count,
        limit: { ...count, description: 'The most that may have the new value.' },
        ...counts,
      }),
    ),
    pins: list(object({ host: text(), value: scalar })),
    reported: {
      ...object({ same: count, other: count, silent: count }),
      description: 'What the hosts say that they have: what they are to have, something else, nothing.',
    },
  }),
  VariableSeries: object({ stepMs: count, points: list(object({ at: instant, ...counts })) }),
  VariableExplanation: explanation,
  DesiredState: { type: 'object', additionalProperties: { anyOf: [...scalar.anyOf, ref('VariableExplanation')] } },
} as const;
