/** How many targets of a rollout are out of service, and how many are lost. */
export interface Tally {
  out: number;
  lost: number;
}

/**
 * The two flags that the budget is made of. Whoever sets one is counted in that moment, so that asking for the numbers
 * does not cost a look at every target: a log in which each of 100,000 targets is admitted by itself stays linear.
 */
export class Flags {
  #out = false;
  #lost = false;

  constructor(private readonly tally: Tally) {}

  get out(): boolean {
    return this.#out;
  }

  set out(value: boolean) {
    if (value !== this.#out) this.tally.out += value ? 1 : -1;
    this.#out = value;
  }

  get lost(): boolean {
    return this.#lost;
  }

  set lost(value: boolean) {
    if (value !== this.#lost) this.tally.lost += value ? 1 : -1;
    this.#lost = value;
  }
}
