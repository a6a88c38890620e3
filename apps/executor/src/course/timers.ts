import type { CancelTimer, Clock } from '@sluice/kernel';

interface Timer {
  readonly at: number;
  readonly cancel: CancelTimer;
}

/** One timer a rollout, at the next time that its state names. The state is the truth: a lost timer is set again from it. */
export class Timers {
  private readonly timers = new Map<string, Timer>();

  constructor(private readonly clock: Clock) {}

  /** Replaces the timer of `id`; none when `at` is undefined. */
  set(id: string, at: number | undefined, fire: () => void): void {
    if (this.timers.get(id)?.at === at) return;
    this.clear(id);
    if (at === undefined) return;
    const cancel = this.clock.schedule(Math.max(0, at - this.clock.now()), () => {
      this.timers.delete(id);
      fire();
    });
    this.timers.set(id, { at, cancel });
  }

  has(id: string): boolean {
    return this.timers.has(id);
  }

  clear(id: string): void {
    this.timers.get(id)?.cancel();
    this.timers.delete(id);
  }

  clearAll(): void {
    for (const { cancel } of this.timers.values()) cancel();
    this.timers.clear();
  }
}
