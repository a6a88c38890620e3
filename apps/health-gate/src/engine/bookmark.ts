import { type Clock, messageOf } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';

import type { PositionStore } from './ports.js';

const SAVE_MS = 10_000;

interface Deps {
  readonly positions: PositionStore | undefined;
  readonly clock: Clock;
  readonly logger: Log;
}

/** Where a restart goes on to read. */
export class Bookmark {
  private saved = 0;
  private nextSave = 0;

  constructor(private readonly deps: Deps) {}

  /** The position to go on from, when the log ends at `end`. */
  async start(end: number): Promise<number> {
    const remembered = (await this.deps.positions?.load()) ?? 0;
    // A log that is shorter than what is remembered is another one, or lost its tail: it is read anew.
    return remembered > end + 1 ? 0 : Math.max(0, remembered - 1);
  }

  async saveNowAndThen(position: () => number): Promise<void> {
    if (this.deps.clock.now() < this.nextSave) return;
    this.nextSave = this.deps.clock.now() + SAVE_MS;
    await this.save(position());
  }

  async save(position: number): Promise<void> {
    const { positions, logger } = this.deps;
    if (positions === undefined || position === this.saved) return;
    try {
      await positions.save(position);
      this.saved = position;
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'the position cannot be remembered; a restart reads more');
    }
  }
}
