import type { Plan } from '@sluice/contracts';
import type { FrozenSubject } from '@sluice/freeze';
import { type HeldFreeze, isTerminal, type RolloutInput } from '@sluice/rollout';

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
    const held = this.freezes.heldFor(subjectOf(plan));
    const over = [...freezes.keys()].filter((freeze) => held.every((each) => each.freeze !== freeze));
    const isNews = over.length > 0 || held.some(({ freeze }) => !freezes.has(freeze));
    // Another owner may have frozen it for what was declared since we read the freezes: only what we knew of is over.
    if (isNews) {
      this.tell(actor, { type: 'freezes', freezes: held, over });
      void actor.atRest().then(() => this.lookAgain(actor, held));
    }
  }

  /** What is told waits for its turn; a freeze that began or ended meanwhile was held against the state before it. */
  private lookAgain(actor: RolloutActor, told: readonly HeldFreeze[]): void {
    const { plan } = actor.state;
    if (this.freezes === undefined || plan === undefined || this.unlisten === undefined) return;
    const held = this.freezes.heldFor(subjectOf(plan));
    const isSame = held.length === told.length && held.every(({ freeze }, at) => told[at]?.freeze === freeze);
    if (!isSame) this.look(actor);
  }
}

/** What holds the hosts of a fleet holds the ramps that bring them to another value. */
const subjectOf = ({ environment, app, group, ramp }: Plan): FrozenSubject => ({
  ...{ environment, app, group },
  ...(ramp === undefined ? {} : { fleet: ramp.fleet }),
});
