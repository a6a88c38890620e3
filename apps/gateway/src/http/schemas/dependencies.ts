import { count, instant, list, nullable, object, oneOf, ref, text } from './parts.js';

export const DEPENDENCY_SCHEMAS = {
  Dependencies: object({
    items: list(
      object({
        name: text(),
        rev: count,
        passage: {
          ...oneOf('open', 'closed', 'probe'),
          description: 'Whether calls go through: none (open), all (closed), one to see whether it is back (probe).',
        },
        breaker: oneOf('closed', 'open', 'halfOpen'),
        words: text({ description: 'Why the breaker is open.' }),
        since: nullable(instant),
        forced: nullable(object({ mode: oneOf('open', 'closed'), until: instant, reason: text(), by: ref('Actor') })),
      }),
    ),
  }),
} as const;
