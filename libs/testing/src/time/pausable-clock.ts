import type { CancelTimer, Clock } from '@sluice/kernel';

/** The clock of a process that can be stopped and woken: time goes on, its timers fire when it wakes. */
export class PausableClock implements Clock {
  private readonly late: (() => void)[] = [];
  paused = false;

  constructor(private readonly clock: Clock) {}

  now(): number {
    return this.clock.now();
  }

  schedule(delayMs: number, fire: () => void): CancelTimer {
    let cancelled = false;
    const fireOrWait = (): void => {
      if (cancelled) return;
      if (this.paused) this.late.push(fireOrWait);
      else fire();
    };
    const cancel = this.clock.schedule(delayMs, fireOrWait);
    return () => {
      cancelled = true;
      cancel();
    };
  }

  wake(): void {
    this.paused = false;
    for (const fire of this.late.splice(0)) fire();
  }
}
