import type { Plan } from '@sluice/contracts';
import type { HeldFreeze } from '@sluice/rollout';

/** What an engine asks about freezes. */
export interface FreezesPort {
  /** Those that hold for a rollout of this plan now. */
  heldFor(plan: Pick<Plan, 'environment' | 'app' | 'group'>): readonly HeldFreeze[];
  /** Told whenever that may have changed; returns how to stop listening. */
  listen(onChanged: () => void): () => void;
}
