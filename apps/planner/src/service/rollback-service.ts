import { type Clock, isSluiceError, messageOf } from '@sluice/kernel';
import type { Log, RunningService } from '@sluice/messaging';

import type { RollbackPlanner } from '../engine/rollbacks.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** Tries of one position that fail for another reason than the log being away. */
const MAX_TRIES = 5;

/**
 * Keeps following the log for rollbacks: after a fault again from the last position, after a growing pause. A rollback
 * that cannot be planned at all is passed over, loudly, so that it does not block those behind it.
 */
export function followRollbacks(planner: RollbackPlanner, clock: Clock, log: Log): RunningService {
  const abort = new AbortController();
  const { signal } = abort;
  const run = async (): Promise<void> => {
    let [next, tries, pause] = [1, 0, FIRST_PAUSE_MS];
    while (!signal.aborted) {
      try {
        await planner.follow(next, signal, (position, rollback) => {
          if (rollback !== undefined && rollback.outcome !== 'known')
            log.info(rollback, `rollback ${rollback.outcome}`);
          if (rollback === undefined) [next, tries, pause] = [position + 1, 0, FIRST_PAUSE_MS];
        });
      } catch (error) {
        const isOutage = isSluiceError(error) && error.code !== 'INVARIANT_BROKEN';
        tries = isOutage ? 0 : tries + 1;
        log.error({ position: next, tries, reason: messageOf(error) }, 'following the log for rollbacks failed');
        if (tries >= MAX_TRIES) [next, tries] = [next + 1, 0];
      }
      if (!signal.aborted) await sleep(clock, pause, signal);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  };
  const ended = run();
  return {
    name: 'planner rollbacks',
    stop: () => {
      abort.abort();
      return ended;
    },
  };
}

function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(ms, resolve);
    const wake = (): void => {
      cancel();
      resolve();
    };
    signal.addEventListener('abort', wake, { once: true });
  });
}
