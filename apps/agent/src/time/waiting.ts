import type { CancelTimer, Clock } from '@sluice/kernel';

/** Resolves after `ms`, or at once when a signal aborts: the caller looks at the signal. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.schedule(Math.max(0, ms), end);
    signal.addEventListener('abort', end, { once: true });
  });
}

/**
 * A span that ends by the timer and not by comparing clock readings, so that a clock that is set back or forth in the
 * middle changes nothing.
 */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly expired: () => boolean;
  readonly clear: () => void;
}

export function deadlineAfter(clock: Clock, ms: number): Deadline {
  const controller = new AbortController();
  const cancel = clock.schedule(ms, () => controller.abort());
  return { signal: controller.signal, expired: () => controller.signal.aborted, clear: cancel };
}

/** A span that begins anew whenever it is fed; its signal aborts when nothing fed it. */
export class Watchdog {
  private readonly controller = new AbortController();
  private cancel: CancelTimer;

  constructor(
    private readonly clock: Clock,
    readonly ms: number,
  ) {
    this.cancel = this.arm();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  expired(): boolean {
    return this.controller.signal.aborted;
  }

  feed(): void {
    this.cancel();
    this.cancel = this.arm();
  }

  clear(): void {
    this.cancel();
  }

  private arm(): CancelTimer {
    return this.clock.schedule(this.ms, () => this.controller.abort());
  }
}

/** Milliseconds since `from`, never negative: the clock may be set back in between. */
export const elapsed = (clock: Clock, from: number): number => Math.max(0, Math.round(clock.now() - from));
