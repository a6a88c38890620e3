import type { CancelTimer, Clock } from '@sluice/kernel';

// setTimeout fires at once for anything longer than 2^31 - 1 ms (24.8 days): longer waits are several.
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Less than that is left to the machine: it waits until its time of day has caught up. */
const STEP_BACK_MS = 60_000;

/**
 * The time of day, ms since the epoch, that never goes backwards: when it is set back by more than a minute it goes on
 * from where it was, at the pace of `elapsed` (ms). Waits and deadlines would take that much longer otherwise.
 */
export function steadyTime(timeOfDay: () => number, elapsed: () => number): () => number {
  let [at, since] = [timeOfDay(), elapsed()];
  return () => {
    const [now, passed] = [timeOfDay(), elapsed()];
    const due = at + passed - since;
    at = due - now > STEP_BACK_MS ? due : Math.max(now, at);
    since = passed;
    return Math.floor(at);
  };
}

/** The machine's time, never backwards. */
export const systemClock: Clock = {
  now: steadyTime(
    () => Date.now(),
    () => performance.now(),
  ),
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
