import { DECISION_KINDS } from '@sluice/contracts';

import { count, instant, list, map, nullable, object, oneOf, page, ref, type Schema, text } from './parts.js';
import { ROLLOUT_SCHEMAS } from './rollouts.js';

const number: Schema = { type: 'number' };

const explanation = {
  kind: oneOf(...DECISION_KINDS),
  outcome: text(),
  rule: text(),
  inputs: map({ type: ['number', 'string'] }),
  threshold: object({ name: text(), op: oneOf('<', '<=', '=', '>=', '>'), value: number, actual: number }),
  arithmetic: text({ description: 'The rule with its numbers: they satisfy the relation that it states.' }),
  reason: text(),
  doubt: text({ description: 'What is recorded is not what the log before it makes.' }),
} as const;

const OPTIONAL = ['threshold', 'reason', 'doubt'] as const;

const decision = object(
  {
    id: text({ description: '`ID:REV.INDEX`: event INDEX (from 0) of commit REV.' }),
    ...{ position: count, at: instant, writer: text(), stream: text(), rev: count, index: count, type: text() },
    ...{ by: ref('Actor'), cause: text() },
    ...explanation,
  },
  ...OPTIONAL,
);

export const DECISION_SCHEMAS = {
  DecisionPage: object({
    items: list(decision),
    next: nullable(text()),
    standing: nullable(object(explanation, ...OPTIONAL)),
  }),
  GroupEventPage: page(
    (ROLLOUT_SCHEMAS.EventPage as { properties: { items: { items: Schema } } }).properties.items.items,
  ),
} as const;
