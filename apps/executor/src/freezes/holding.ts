import { isTerminal, type RolloutInput } from '@sluice/rollout';

import type { RolloutActor } from '../actors/rollout-actor.js';
import type { FreezesPort } from './ports.js';

type FreezesInput = Extract<RolloutInput, { readonly type: 'freezes' }>;

/** Tells the rollouts of an engine which freezes hold for them: each decides for itself what it may still do. */
export class Holding {
  private unlisten: (() => void) | undefined;

  constructor(
    private readonly freezes: FreezesPort | undefined,
    private readonly rollouts: () => Iterable<RolloutActor>,
    private readonly tell: (actor: RolloutActor, input: FreezesInput) => void,
  ) {}

  start(): void {
    this.unlisten ??= this.freezes?.listen(() => {
      for (const actor of this.rollouts()) this.look(actor);
    });
  }

  stop(): void {
    this.unlisten?.();
    this.unlisten = undefined;
  }

  /** Quiet when the rollout knows already: one change of a freeze must not cost a decision for each of 10,000 rollouts. */
  look(actor: RolloutActor): void {
    const { plan, freezes, status } = actor.state;
    if (this.freezes === undefined || plan === undefined || isTerminal(status)) return;
    const held = this.freezes.heldFor(plan);
    const isNews = held.length !== freezes.size || held.some(({ freeze }) => !freezes.has(freeze));
    if (isNews) this.tell(actor, { type: 'freezes', freezes: held });
  }
}
