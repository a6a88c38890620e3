import type { Shard } from '@sluice/contracts';
import type { LogPlace } from '@sluice/event-log';
import { type CancelTimer, type Clock, messageOf } from '@sluice/kernel';

import type { EngineLogger } from '../ports.js';

/** Keeps one place over the life of the process, outside the log and the store that the log stands on. */
export interface PlaceStore {
  load(): Promise<LogPlace | undefined>;
  save(place: LogPlace): Promise<void>;
}

const SAVE_EVERY_MS = 1_000;

/**
 * The furthest place of the log that this process has seen, kept for the next one. It may be older than the truth:
 * then only a loss of the last second goes unnoticed by a fresh process. While a loss is not answered by brakes that
 * are durable nothing is saved, so that a process that dies over it leaves it to the next one.
 */
export class LogMemory {
  private furthest: LogPlace | undefined;
  private saved: LogPlace | undefined;
  private readonly losers = new Set<object>();
  private readonly looked = new Set<Shard>();
  private complained = false;
  private timer: CancelTimer | undefined;

  private constructor(
    private readonly store: PlaceStore,
    private readonly clock: Clock,
    private readonly logger: EngineLogger,
    /** Where the process before this one was. */
    readonly remembered: LogPlace | undefined,
  ) {
    this.furthest = remembered;
    this.saved = remembered;
  }

  static async open(store: PlaceStore, clock: Clock, logger: EngineLogger): Promise<LogMemory> {
    return new LogMemory(store, clock, logger, await store.load());
  }

  /**
   * What a first look at some shards compares the log with: the place of the process before this one, and once they
   * were looked at, the furthest place of this one.
   */
  placeFor(shards: readonly Shard[]): LogPlace | undefined {
    const isFirst = shards.some((shard) => !this.looked.has(shard));
    for (const shard of shards) this.looked.add(shard);
    return isFirst ? this.remembered : this.furthest;
  }

  saw({ position, hash }: LogPlace): void {
    if (position <= (this.furthest?.position ?? 0)) return;
    this.furthest = { position, hash };
    this.timer ??= this.clock.schedule(SAVE_EVERY_MS, () => {
      this.timer = undefined;
      void this.save();
    });
  }

  /** The log was found to end earlier: what is seen from here on is the truth. */
  lost(engine: object): void {
    this.losers.add(engine);
    this.furthest = undefined;
  }

  /** The brakes for one loss are durable. */
  async braked(engine: object): Promise<void> {
    this.losers.delete(engine);
    await this.save();
  }

  async stop(): Promise<void> {
    this.timer?.();
    await this.save();
  }

  private async save(): Promise<void> {
    const place = this.furthest;
    if (this.losers.size > 0 || place === undefined || place.position === this.saved?.position) return;
    try {
      await this.store.save(place);
      this.saved = place;
      this.complained = false;
    } catch (error) {
      if (this.complained) return;
      this.complained = true;
      const facts = { reason: messageOf(error) };
      this.logger.warn(
        facts,
        'the place in the log cannot be kept: a loss of its tail may go unnoticed after a restart',
      );
    }
  }
}
