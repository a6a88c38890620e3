import { closed, instant, is, name, oneOfTexts, rolloutId, text } from './parts.js';

const label = oneOfTexts('good', 'bad', 'none');
const why = text(2_000, 1);

const holdScope = {
  type: 'object',
  oneOf: [
    closed({ kind: is('all') }),
    closed({ kind: oneOfTexts('rollout', 'group', 'app'), name }),
    closed({ kind: is('period'), from: instant, until: instant }),
  ],
};

/** Payloads of what is said about rollouts afterwards. */
export const RECORD_EVENT_SCHEMAS = {
  RolloutLabelled: closed({ rollout: rolloutId, label, reason: why }),
  HoldPlaced: closed({ hold: name, scope: holdScope, reason: why }),
  HoldLifted: closed({ hold: name, reason: why }),
} as const;

/** What may be said about a rollout. */
export const labelCommand = closed({ type: is('label'), label });

/** What may be said to legal holds. */
export const holdCommand = {
  type: 'object',
  oneOf: [closed({ type: is('place'), scope: holdScope }), closed({ type: is('lift') })],
};
