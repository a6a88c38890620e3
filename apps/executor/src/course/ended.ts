import { messageOf } from '@sluice/kernel';

import type { GroupActor } from '../actors/group-actor.js';
import type { Registry } from '../actors/registry.js';
import type { EngineLogger } from '../ports.js';
import type { Coordinator } from './coordinator.js';

/** What is owed to rollouts that have ended and left the memory: each is read from the log again. */
export class Ended {
  private readonly reading = new Set<string>();

  constructor(
    private readonly registry: Registry,
    private readonly logger: EngineLogger,
    private readonly coordinator: Coordinator,
  ) {}

  /**
   * A rollout may be called off, and forgotten, while its question for the lease is still under way: then its group gives
   * the lease, or a place in the queue, to one that nobody drives. It lets go as any other.
   */
  strays(group: GroupActor): void {
    const { active, waiting } = group.state;
    for (const id of [active, waiting?.rolloutId]) {
      if (id === undefined || this.reading.has(id) || this.registry.rollout(id) !== undefined) continue;
      this.reading.add(id);
      void this.takeUp(id).finally(() => this.reading.delete(id));
    }
  }

  /** A crash came between the order to roll back and the block of the bad version, and the rollout has ended since. */
  async block(id: string): Promise<void> {
    try {
      const actor = await this.registry.find(id);
      this.coordinator.blockBad(actor);
      this.registry.forget(actor);
    } catch (error) {
      const facts = { rollout: id, reason: messageOf(error) };
      this.logger.error(facts, 'its version could not be blocked: block it by hand');
    }
  }

  private async takeUp(id: string): Promise<void> {
    try {
      this.coordinator.react(await this.registry.find(id));
    } catch (error) {
      const facts = { rollout: id, reason: messageOf(error) };
      this.logger.error(facts, 'it holds the lease of its group and cannot be read; a restart tries it again');
    }
  }
}
