import { refuse } from '../problems/problem.js';

/** Questions that wait while another one is answered. */
const MAX_WAITING = 16;

/** One question about the past at a time, so that one history is in memory and others get their turn. Code TOO_BUSY. */
export class Turns {
  private waiting = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly most = MAX_WAITING) {}

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.waiting >= this.most)
      throw refuse('TOO_BUSY', `${this.waiting} questions about the past are waiting already: try again in a moment`);
    this.waiting += 1;
    const turn = this.last.then(work, work).finally(() => (this.waiting -= 1));
    // How it ends is told to whoever asked; the next one only waits for it.
    this.last = turn.catch(() => {});
    return turn;
  }
}
