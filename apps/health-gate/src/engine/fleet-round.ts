import type { FleetEvent } from '@sluice/contracts';
import type { CancelTimer, Clock } from '@sluice/kernel';

import type { FleetFacts } from '../facts/fleet-facts.js';
import { lookAtFleet } from '../watch/fleet-look.js';
import type { RolloutWatch } from '../watch/rollout-watch.js';

const ROUND_MS = 5_000;
/** Three heartbeats of the slowest agent, and a restart of it. */
export const DEFAULT_SILENT_AFTER_MS = 60_000;

interface Deps {
  readonly clock: Clock;
  readonly facts: FleetFacts;
  readonly silentAfterMs: number;
  /** Rollouts that are read and not over. */
  readonly watches: () => Iterable<RolloutWatch>;
  readonly write: (watch: RolloutWatch, events: readonly FleetEvent[]) => void;
}

/** Holds the open rollouts against the heartbeats every few seconds. */
export class FleetRound {
  private since: number;
  private last: number;
  private timer: CancelTimer | undefined;
  private stopped = false;

  constructor(private readonly deps: Deps) {
    this.since = deps.clock.now();
    this.last = this.since;
  }

  /** Goes on until there is nothing to look at. */
  keepGoing(): void {
    if (this.timer !== undefined || this.stopped) return;
    const { clock } = this.deps;
    const idle = clock.now() - this.last;
    if (idle > 2 * ROUND_MS) this.last = clock.now();
    this.timer = clock.schedule(ROUND_MS, () => {
      this.timer = undefined;
      if (this.look()) this.keepGoing();
    });
  }

  stop(): void {
    this.stopped = true;
    this.timer?.();
  }

  /** True while some rollout is open. */
  private look(): boolean {
    const { clock, facts, silentAfterMs, watches, write } = this.deps;
    const now = clock.now();
    // Who could not hear, stood still, or has had its clock set knows nothing about silence.
    if (facts.problem() !== undefined || now < this.last || now - this.last > 3 * ROUND_MS) this.since = now;
    this.last = now;
    let any = false;
    for (const watch of watches()) {
      any = true;
      if (facts.problem() !== undefined || !watch.isReadable) continue;
      const events = lookAtFleet(watch, facts, { now, since: this.since, silentAfterMs });
      if (events.length > 0) write(watch, events);
    }
    return any;
  }
}
