import type { CancelTimer, Clock } from '@sluice/kernel';

const FIRST_MS = 250;
const LONGEST_MS = 30_000;

/** One pause for everything that failed at the same time, longer each time until something succeeds. */
export class Backoff {
  private failures = 0;
  private timer: CancelTimer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly over: () => void,
  ) {}

  get pausing(): boolean {
    return this.timer !== undefined;
  }

  failed(): void {
    if (this.timer !== undefined) return;
    const delay = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.failures, 16));
    this.failures += 1;
    this.timer = this.clock.schedule(delay, () => {
      this.timer = undefined;
      this.over();
    });
  }

  succeeded(): void {
    this.failures = 0;
  }

  stop(): void {
    this.timer?.();
    this.timer = undefined;
  }
}
