import { messageOf } from '@sluice/kernel';

import type { Log, RunningService } from './running-service.js';

export interface ShutdownOptions {
  /** In the order in which they were started. */
  readonly services: readonly RunningService[];
  /** Last: closes what the services share, e.g. drains the connection. */
  readonly close: () => Promise<void>;
  /** For both phases together, in ms. */
  readonly graceMs: number;
  readonly log: Log;
}

export type ShutdownSignal = 'SIGTERM' | 'SIGINT';

const SIGNAL_CODES: Readonly<Record<ShutdownSignal, number>> = { SIGTERM: 143, SIGINT: 130 };

/** Ends the process itself when it is told to hurry: for the second signal. */
const hurry = (signal: ShutdownSignal): never => process.exit(SIGNAL_CODES[signal]);

/**
 * Waits for SIGTERM or SIGINT, then stops in two phases: every service stops its intake and drains, all at once; then
 * what they share is closed. Resolves to the exit code: 0, or 1 when the grace was not enough. A second signal ends the
 * process at once.
 */
export async function shutdownOnSignal(options: ShutdownOptions): Promise<number> {
  const signal = await firstSignal();
  options.log.info({ signal }, 'stopping');
  return stopAll(options);
}

function firstSignal(): Promise<ShutdownSignal> {
  return new Promise((resolve) => {
    let isFirst = true;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (!isFirst) hurry(signal);
        isFirst = false;
        resolve(signal);
      });
    }
  });
}

/** Both phases of a shutdown, without a signal: the exit code. */
export async function stopAll({ services, close, graceMs, log }: ShutdownOptions): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), graceMs)));
  const work = stopThenClose({ services, close, log });
  const outcome = await Promise.race([work, late]);
  clearTimeout(timer);
  if (outcome === 'late')
    log.error({ graceMs }, 'did not stop in time; what was not settled is done again at the next start');
  return outcome === 'clean' ? 0 : 1;
}

async function stopThenClose({ services, close, log }: Omit<ShutdownOptions, 'graceMs'>): Promise<'clean' | 'failed'> {
  const results = await Promise.allSettled([...services].reverse().map((service) => service.stop()));
  const closed = await Promise.allSettled([close()]);
  const failures = [...results, ...closed].filter((result) => result.status === 'rejected');
  for (const { reason } of failures) log.error({ reason: messageOf(reason) }, 'a part did not stop cleanly');
  return failures.length === 0 ? 'clean' : 'failed';
}
