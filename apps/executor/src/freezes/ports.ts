import type { FrozenSubject } from '@sluice/freeze';
import type { HeldFreeze } from '@sluice/rollout';

/** What an engine asks about freezes. */
export interface FreezesPort {
  /** Those that hold now for a rollout, or for the ramps of a fleet, which is named as a group. */
  heldFor(subject: FrozenSubject): readonly HeldFreeze[];
  /** Told whenever that may have changed; returns how to stop listening. */
  listen(onChanged: () => void): () => void;
}
