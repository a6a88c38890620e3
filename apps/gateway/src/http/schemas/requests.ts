import { count, instant, list, map, object, nullable, oneOf, ref, rolloutId, sha256, text, yes } from './parts.js';

const ms = { ...count, description: 'In milliseconds.' };

const estimate = {
  ...object({
    totalMs: ms,
    parts: object({
      waitsMs: { ...ms, description: 'The intervals before later batches.' },
      bakeMs: { ...ms, description: 'The canary is watched.' },
      rounds: { ...count, description: 'How many times hosts are taken out one after the other.' },
      startMs: { ...ms, description: 'Drain, download and start of one host.' },
      verifyMs: { ...ms, description: 'The successes in a row that verify asks for.' },
      switchMs: { ...ms, description: 'Back into service.' },
    }),
    words: text({ description: 'The sum in words.' }),
  }),
  description: 'How long it takes when nothing fails and nobody is waited for.',
};

export const inventoryUsed = {
  ...object(
    {
      source: oneOf('file', 'api', 'heartbeat', 'cmdb'),
      version: count,
      fetchedAt: instant,
      ageMs: ms,
      note: text({ description: 'Why it was good enough, though older than wanted.' }),
    },
    'note',
  ),
  description: 'The inventory that the plan was made from, and how old it was.',
};

const preview = object(
  {
    plan: ref('Plan'),
    planHash: sha256,
    batches: list(object({ name: text(), hosts: list(text()), profiles: map(count) }, 'profiles')),
    truncated: { ...yes, description: 'Later batches are not listed: they would not fit into one message.' },
    unreachable: {
      ...list(text()),
      description: 'Hosts that were not heard of for 30 s, or never: the first of them.',
    },
    unreachableCount: count,
    estimate,
    inventory: inventoryUsed,
    drift: {
      ...object({ count, hosts: list(object({ host: text(), recorded: nullable(text()), running: text() })) }),
      description: 'Hosts that run what no rollout brought to the group: the first of them.',
    },
  },
  'truncated',
  'unreachable',
  'unreachableCount',
  'estimate',
  'inventory',
  'drift',
);

export const REQUEST_SCHEMAS = {
  Outcome: object(
    {
      v: count,
      requestId: text(),
      outcome: oneOf('planned', 'duplicate'),
      rolloutId,
      planHash: sha256,
    },
    'v',
    'outcome',
    'rolloutId',
    'planHash',
  ),
  Preview: preview,
  Live: object({ status: oneOf('ok') }),
  Ready: object({ ready: yes, position: count }),
} as const;
