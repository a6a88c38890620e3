import { type Clock, isSluiceError, messageOf } from '@sluice/kernel';
import type { Log, RunningService } from '@sluice/messaging';

import { isOutage } from '../engine/outages.js';
import type { RollbackListener, RollbackOutcome, RollbackPlanner } from '../engine/rollbacks.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** Tries of one commit that fail for another reason than the log being away. */
const MAX_TRIES = 5;

/**
 * Keeps following the log for rollbacks: after a fault again from the last commit, after a growing pause. A rollback
 * that cannot be planned at all is passed over, loudly, so that it does not block those behind it.
 */
export function followRollbacks(planner: RollbackPlanner, clock: Clock, log: Log): RunningService {
  const abort = new AbortController();
  const ended = new Follower(planner, clock, log).run(abort.signal);
  return {
    name: 'planner rollbacks',
    stop: () => {
      abort.abort();
      return ended;
    },
  };
}

class Follower implements RollbackListener {
  #position = 1;
  #tries = 0;
  #pause = FIRST_PAUSE_MS;

  constructor(
    private readonly planner: RollbackPlanner,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.planner.follow(this.#position, signal, this);
      } catch (error) {
        this.#failed(error);
      }
      if (signal.aborted) return;
      await sleep(this.clock, this.#pause, signal);
      this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS);
    }
  }

  seen(position: number): void {
    if (position > this.#position) [this.#tries, this.#pause] = [0, FIRST_PAUSE_MS];
    this.#position = position;
  }

  answered(rollback: RollbackOutcome): void {
    if (rollback.outcome !== 'known')
      this.log.info({ rollout: rollback.rolloutId, outcome: rollback.outcome }, `rollback ${rollback.outcome}`);
  }

  #failed(error: unknown): void {
    // What was passed by then may be what the log lost: it is looked at anew, and what is known is not planned twice.
    if (isSluiceError(error, 'LOG_REGRESSED')) this.#position = 1;
    this.#tries = isOutage(error) ? 0 : this.#tries + 1;
    const facts = { position: this.#position, tries: this.#tries, reason: messageOf(error) };
    this.log.error(facts, 'following the log for rollbacks failed');
    if (this.#tries < MAX_TRIES) return;
    this.log.error(facts, 'a rollback cannot be planned and is passed over: deploy the wanted version by a request');
    [this.#position, this.#tries] = [this.#position + 1, 0];
  }
}

function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      cancel();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = clock.schedule(ms, wake);
    signal.addEventListener('abort', wake, { once: true });
  });
}
