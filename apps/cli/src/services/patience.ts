import { type Clock, isSluiceError } from '@sluice/kernel';
import { isNatsError, type Log, translateNatsError } from '@sluice/messaging';

const PAUSE_MS = 500;

export interface Patience {
  readonly clock: Clock;
  readonly waitMs: number;
  /** What is tried, as the end of "could not ...". */
  readonly doing: string;
  readonly log: Log;
}

/** What the NATS client threw, with a code and what to do; everything else as it is. */
export const explained = (error: unknown, doing: string): unknown =>
  isNatsError(error) ? translateNatsError(error, doing) : error;

/**
 * A start that NATS interrupts, because it restarts or is cut off just then, is tried again for `waitMs`. Code
 * NATS_UNAVAILABLE after that; whatever else is wrong is thrown at once.
 */
export async function patiently<T>(work: () => Promise<T>, { clock, waitMs, doing, log }: Patience): Promise<T> {
  const deadline = clock.now() + waitMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const fault = explained(error, doing);
      if (!isSluiceError(fault, 'NATS_UNAVAILABLE') || clock.now() + PAUSE_MS > deadline) throw fault;
      log.warn({ reason: fault.message }, 'NATS went away during the start; trying again');
      await new Promise<void>((resolve) => clock.schedule(PAUSE_MS, resolve));
    }
  }
}
