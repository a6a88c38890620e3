import type { LogLoss, RolloutInput } from '@sluice/rollout';

/** The part of a rollout that is asked for here. */
interface Open {
  readonly id: string;
  readonly state: { readonly status: string };
}

/**
 * After a loss of the log's tail: the rollouts that were open then, until each has its brake in the log. One that is
 * only planned gets it with its start, for what was lost may be that it had begun.
 */
export class LossBrake {
  /** Resolves when all that had begun are braked. */
  readonly done: Promise<void>;
  private readonly planned = new Set<string>();
  private readonly begun = new Set<string>();
  private announce: () => void = () => undefined;

  constructor(readonly loss: LogLoss | undefined) {
    this.done = new Promise((resolve) => {
      this.announce = resolve;
    });
  }

  /** Called once, when the log was folded. */
  hold(actors: Iterable<Open>): void {
    if (this.loss === undefined) return;
    for (const { id, state } of actors) (state.status === 'planned' ? this.planned : this.begun).add(id);
    this.release('');
  }

  /** What brakes it, while it has still to be braked. */
  inputFor({ id }: Open): Extract<RolloutInput, { readonly type: 'logRegressed' }> | undefined {
    return this.loss === undefined || !this.begun.has(id) ? undefined : { type: 'logRegressed', loss: this.loss };
  }

  /** What its start carries. */
  atStart({ id }: Open): { readonly loss?: LogLoss } {
    return this.loss === undefined || !this.planned.has(id) ? {} : { loss: this.loss };
  }

  /** The brake is in the log. */
  release(id: string): void {
    this.begun.delete(id);
    if (this.begun.size === 0) this.announce();
  }
}
