import { count, instant, list, object, oneOf, ref, text, yes } from './parts.js';

export const FREEZE_SCHEMAS = {
  FreezeScope: object(
    {
      kind: oneOf('all', 'environment', 'app', 'group'),
      name: text({ description: 'Of the environment, app or group.' }),
    },
    'name',
  ),
  Freezes: object({
    rev: count,
    items: list(
      object({
        id: text(),
        scope: ref('FreezeScope'),
        from: instant,
        until: instant,
        holds: { ...yes, description: 'False while it has not begun.' },
        reason: text(),
        by: ref('Actor'),
      }),
    ),
  }),
} as const;
