import { SluiceError } from '@sluice/kernel';

import { unlessAborted } from './within.js';

/** So many at once, and no more than so many that wait. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(
    atOnce: number,
    private readonly mostWaiting: number,
  ) {
    this.#free = atOnce;
  }

  /** Code SOURCE_BUSY when too many wait; the signal's reason when it is aborted before there is a slot. */
  async use<T>(who: string, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    await this.#take(who, signal);
    try {
      return await act();
    } finally {
      this.#give();
    }
  }

  async #take(who: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    if (this.#waiting.length >= this.mostWaiting) {
      const words = `${who} has ${this.mostWaiting} questions waiting: ask less often, or raise its concurrency`;
      throw new SluiceError('SOURCE_BUSY', words);
    }
    let turn = (): void => {};
    const own = new Promise<void>((resolve) => (turn = resolve));
    this.#waiting.push(turn);
    try {
      await unlessAborted(own, signal);
    } catch (error) {
      const place = this.#waiting.indexOf(turn);
      // Not there: the slot was handed over in the same moment, and goes on to the next.
      if (place === -1) this.#give();
      else this.#waiting.splice(place, 1);
      throw error;
    }
  }

  #give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
