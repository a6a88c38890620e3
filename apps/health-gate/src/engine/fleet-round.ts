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

/** Holds the open rollouts against the heartbeats: every few seconds while some come, and now and then while none do. */
export class FleetRound {
  private since: number;
  /** When the next look should be; a later one means that this process stood still. */
  private due: number;
  private timer: CancelTimer | undefined;
  private heard = false;
  private stopped = false;

  constructor(private readonly deps: Deps) {
    this.since = deps.clock.now();
    this.due = this.since;
  }

  /** Goes on until there is nothing to look at. */
  keepGoing(): void {
    if (this.timer === undefined && !this.stopped) this.lookIn(ROUND_MS);
  }

  /** A heartbeat came. */
  hear(): void {
    if (this.heard || this.timer === undefined) return;
    this.heard = true;
    if (this.due - this.deps.clock.now() > ROUND_MS) this.lookIn(ROUND_MS);
  }

  stop(): void {
    this.stopped = true;
    this.timer?.();
  }

  private lookIn(delayMs: number): void {
    const { clock } = this.deps;
    this.timer?.();
    this.due = clock.now() + delayMs;
    this.timer = clock.schedule(delayMs, () => {
      this.timer = undefined;
      const isOpen = this.look();
      const { heard } = this;
      this.heard = false;
      if (isOpen) this.lookIn(heard ? ROUND_MS : Math.max(ROUND_MS, this.deps.silentAfterMs / 4));
    });
  }

  /** True while some rollout is open. */
  private look(): boolean {
    const { clock, facts, silentAfterMs, watches, write } = this.deps;
    const now = clock.now();
    // Who could not hear, stood still, or has had its clock set knows nothing about silence.
    if (facts.problem() !== undefined || Math.abs(now - this.due) > 2 * ROUND_MS) this.since = now;
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
