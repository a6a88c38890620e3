import type { Clock } from '@sluice/kernel';

/** Lets others have their turn after every so many of what is counted. */
export class Breath {
  private counted = 0;

  constructor(
    private readonly clock: Clock,
    private readonly every: number,
  ) {}

  /** Resolves at once, or behind what else waits. */
  async after(count: number): Promise<void> {
    this.counted += count;
    if (this.counted < this.every) return;
    this.counted = 0;
    await new Promise<void>((resolve) => this.clock.schedule(0, resolve));
  }
}
