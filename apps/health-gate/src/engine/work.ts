import type { CancelTimer, Clock } from '@sluice/kernel';

/** Runs so many tasks at once; the others wait in their order. */
export class Lanes {
  private readonly waiting: (() => void)[] = [];
  private busy = 0;

  constructor(private readonly lanes: number) {}

  async run(task: () => Promise<void>): Promise<void> {
    if (this.busy < this.lanes) this.busy += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      await task();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.busy -= 1;
      else next();
    }
  }
}

/** Gathers things for a moment, so that a thousand heartbeats of one stage are one look at it. */
export class Gatherer<T> {
  private readonly things = new Set<T>();
  private timer: CancelTimer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly delayMs: number,
    private readonly flush: (thing: T) => void,
  ) {}

  add(thing: T): void {
    this.things.add(thing);
    this.timer ??= this.clock.schedule(this.delayMs, () => {
      this.timer = undefined;
      const gathered = [...this.things];
      this.things.clear();
      gathered.forEach(this.flush);
    });
  }

  stop(): void {
    this.timer?.();
    this.timer = undefined;
    this.things.clear();
  }
}

/** Ends when the time is over or the signal is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.schedule(ms, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
