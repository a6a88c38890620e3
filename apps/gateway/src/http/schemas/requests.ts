import { count, list, map, object, oneOf, ref, rolloutId, sha256, text, yes } from './parts.js';

const preview = object(
  {
    plan: ref('Plan'),
    planHash: sha256,
    batches: list(object({ name: text(), hosts: list(text()), profiles: map(count) }, 'profiles')),
    truncated: yes,
  },
  'truncated',
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
  Preview: { ...preview, additionalProperties: true },
  Live: object({ status: oneOf('ok') }),
  Ready: object({ ready: yes, position: count }),
} as const;
