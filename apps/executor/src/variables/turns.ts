import { SluiceError } from '@sluice/kernel';

/** More are refused with BUSY. */
const MAX_WAITING = 10_000;

/** What is done one after the other, in the order in which it came. */
export class Turns {
  private waiting = 0;
  private last: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(private readonly what: string) {}

  get isStopped(): boolean {
    return this.stopped;
  }

  /** Nothing is under way, and nothing waits. */
  get isAtRest(): boolean {
    return this.waiting === 0;
  }

  /** Codes BUSY, STOPPING, and what the work throws. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.stopped) throw stopping();
    if (this.waiting >= MAX_WAITING)
      throw new SluiceError('BUSY', `${MAX_WAITING} messages wait at ${this.what}: say it again later`);
    this.waiting += 1;
    const turn = this.last.then(() => (this.stopped ? Promise.reject(stopping()) : work()));
    this.last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.waiting -= 1;
    }
  }

  /** Resolves when what is under way has ended; what waits is refused. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.last;
  }
}

const stopping = (): SluiceError =>
  new SluiceError('STOPPING', 'this executor is stopping: say it again, another one takes over');
