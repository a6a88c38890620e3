import { count, instant, list, object, oneOf, ref, text } from './parts.js';

export const HOLD_SCHEMAS = {
  HoldScope: object(
    {
      kind: oneOf('all', 'rollout', 'group', 'app', 'period'),
      name: text({ description: 'Of the rollout, group or app.' }),
      from: instant,
      until: instant,
    },
    ...['name', 'from', 'until'],
  ),
  Holds: object({
    rev: count,
    items: list(object({ name: text(), scope: ref('HoldScope'), reason: text(), by: ref('Actor'), at: instant })),
  }),
} as const;
