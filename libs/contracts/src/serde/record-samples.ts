import type { DomainEvent, HoldEvent, LabelEvent } from '../events/index.js';

const rollout = 'r13-0123456789ABCDEFGHJKMNPQRS';

/** Samples of what is said about rollouts afterwards: labels and legal holds. */
export const RECORD_SAMPLES: {
  readonly [T in (HoldEvent | LabelEvent)['type']]: readonly Extract<DomainEvent, { readonly type: T }>[];
} = {
  RolloutLabelled: [
    { type: 'RolloutLabelled', rollout, label: 'bad', reason: 'logins failed for an hour' },
    { type: 'RolloutLabelled', rollout, label: 'none', reason: 'it was the network' },
  ],
  HoldPlaced: [
    { type: 'HoldPlaced', hold: 'case-7', scope: { kind: 'all' }, reason: 'until it is known what is needed' },
    { type: 'HoldPlaced', hold: 'case-8', scope: { kind: 'rollout', name: rollout }, reason: 'case 8' },
    { type: 'HoldPlaced', hold: 'case-9', scope: { kind: 'app', name: 'hello' }, reason: 'case 9' },
    {
      type: 'HoldPlaced',
      hold: 'case-10',
      scope: { kind: 'period', from: 1_767_225_000_000, until: 1_767_225_900_000 },
      reason: 'case 10',
    },
  ],
  HoldLifted: [{ type: 'HoldLifted', hold: 'case-7', reason: 'closed' }],
};
