import type { CancelTimer, Clock } from '@sluice/kernel';

// setTimeout fires at once for anything longer than 2^31 - 1 ms (24.8 days): longer waits are several.
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs: number, fire: () => void): CancelTimer {
    let timer: NodeJS.Timeout;
    let left = Math.max(0, delayMs);
    const arm = (): void => {
      const step = Math.min(left, LONGEST_TIMEOUT);
      left -= step;
      timer = setTimeout(left > 0 ? arm : fire, step);
    };
    arm();
    return () => clearTimeout(timer);
  },
};
