import { count, instant, list, map, nullable, object, oneOf, page, ref, rolloutId, text } from './parts.js';

const weights = {
  ...map({ type: 'integer', minimum: 0, maximum: 100 }),
  description: 'Percent by side; they sum to 100.',
};
const share = { type: 'number', minimum: 0, maximum: 1 };

const service = object({ service: text(), desired: count, created: count, ready: count });

const side = object(
  {
    name: text(),
    weight: count,
    services: list(service),
    capacityHours: {
      type: 'number',
      minimum: 0,
      description: 'Created instances times hours, while it was under way.',
    },
    retired: { const: true },
  },
  'retired',
);

/** Of a rollout that shifts traffic. */
export const trafficSchema = object(
  {
    old: side,
    new: side,
    live: text({ description: 'The side with all traffic; absent while both have some.' }),
    weights,
    version: count,
    wanted: { ...weights, description: 'Decided, and not in force everywhere yet.' },
    short: { ...list(text()), description: 'Services of the new side that are not ready, in words.' },
    awaitsWeight: { const: true },
    stages: list(object({ stage: count, enteredAt: instant, passedAt: instant })),
    pauses: object({ count, ms: count, since: instant }, 'since'),
  },
  'live',
  'version',
  'wanted',
  'awaitsWeight',
);

export const frozenSchema = {
  ...list(object({ freeze: text(), until: instant, words: text() })),
  description: 'The freezes that hold it.',
};

/** Of a group with two sides. */
export const sidesSchema = object({
  names: list(text()),
  live: nullable(text({ description: 'The side with all traffic; null while both have some (SWB-01).' })),
  dark: nullable(text({ description: 'The side without any: reached by the header x-sluice-side.' })),
  weights: nullable(weights),
  version: nullable(count),
  since: nullable(count),
  movedBy: nullable(rolloutId),
  moving: nullable({ ...rolloutId, description: 'The rollout that moves it now.' }),
  versions: { ...map(nullable(text())), description: 'The version that succeeded last on each side.' },
  services: list(text()),
  capacity: text(),
});

export const inventorySides = object(
  {
    names: list(text()),
    services: list(object({ name: text(), groups: map(text()) }, 'groups')),
    capacity: text(),
    publish: list(object({ publisher: text(), backend: text() })),
  },
  'publish',
);

const verdict = object(
  {
    type: { const: 'GateJudged' },
    stage: count,
    round: count,
    gate: text(),
    verdict: oneOf('pass', 'fail', 'inconclusive', 'error'),
    words: text({ description: 'The arithmetic.' }),
    inputs: map({}),
    policyHash: text(),
    phase: oneOf('entry', 'during'),
    shadow: { const: true, description: 'It decides nothing.' },
  },
  'phase',
  'shadow',
);

export const WEIGHT_SCHEMAS = {
  WeightDocument: object(
    {
      v: { const: 1 },
      group: text(),
      version: { ...count, description: 'Grows with each publish.' },
      weights,
      rolloutId: nullable(rolloutId),
      since: instant,
      token: count,
      rev: count,
      by: text(),
    },
    'token',
    'rev',
    'by',
  ),
  WeightMovePage: page(
    object({
      rolloutId,
      stage: count,
      by: ref('Actor'),
      why: oneOf('stage', 'manual', 'back'),
      reason: nullable(text()),
      from: nullable(weights),
      to: weights,
      setAt: instant,
      publishedAt: nullable(count),
      version: nullable(count),
    }),
  ),
  VerdictPage: page(object({ position: count, at: instant, by: ref('Actor'), event: verdict })),
  GateScores: object({
    items: list(
      object(
        {
          gate: text(),
          caught: { ...count, description: 'It would have failed, and the rollout went bad.' },
          falseAlarms: { ...count, description: 'It would have failed, and the rollout came through.' },
          missed: { ...count, description: 'It would not have failed, and the rollout went bad.' },
          passed: count,
          undecided: count,
          precision: share,
          recall: share,
        },
        'precision',
        'recall',
      ),
    ),
  }),
} as const;
