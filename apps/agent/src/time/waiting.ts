import type { Clock } from '@sluice/kernel';

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

/** Milliseconds since `from`, never negative: the clock may be set back in between. */
export const elapsed = (clock: Clock, from: number): number => Math.max(0, Math.round(clock.now() - from));
