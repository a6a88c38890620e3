import type { DependencyEvent, DomainEvent } from '../events/index.js';

/** Samples of what is said of a dependency. */
export const DEPENDENCY_SAMPLES: {
  readonly [T in DependencyEvent['type']]: readonly Extract<DomainEvent, { readonly type: T }>[];
} = {
  DependencyOpened: [
    { type: 'DependencyOpened', dependency: 'main', words: '5 of 5 calls failed, the last with connect ECONNREFUSED' },
  ],
  DependencyHalfOpened: [{ type: 'DependencyHalfOpened', dependency: 'main' }],
  DependencyClosed: [{ type: 'DependencyClosed', dependency: 'main' }],
  DependencyForced: [
    {
      type: 'DependencyForced',
      dependency: 'main',
      mode: 'open',
      until: 1_767_225_900_000,
      reason: 'it answers wrongly',
    },
    { type: 'DependencyForced', dependency: 'cmdb', mode: 'closed', until: 1_767_225_900_000, reason: 'it is back' },
  ],
  DependencyReleased: [
    { type: 'DependencyReleased', dependency: 'main', by: 'expiry' },
    { type: 'DependencyReleased', dependency: 'main', by: 'command', reason: 'repaired' },
  ],
};
