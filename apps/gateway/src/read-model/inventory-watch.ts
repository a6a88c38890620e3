import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';

import { BUCKETS } from '@sluice/contracts';
import { type Clock, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

import type { InventoryView } from './inventory-view.js';

const PAUSE_MS = 1_000;

export interface InventoryWatchParts {
  readonly nats: NatsConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly view: InventoryView;
}

/** Keeps the inventory view behind its bucket. The bucket may come later than the gateway. */
export class InventoryWatch {
  private stopped = false;
  private stopWatch = (): void => {};
  private done: Promise<void> = Promise.resolve();

  constructor(private readonly parts: InventoryWatchParts) {}

  start(): void {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.stopWatch();
    await this.done;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.watchOnce();
      } catch (error) {
        if (!this.stopped) this.parts.logger.debug({ error: messageOf(error) }, 'the inventory is not there yet');
      }
      if (!this.stopped) await this.pause();
    }
  }

  private async watchOnce(): Promise<void> {
    const bucket = await new Kvm(this.parts.nats).open(BUCKETS.inventory);
    const entries = await bucket.watch();
    this.stopWatch = () => entries.stop();
    // stop() may have come while the watch was being made.
    if (this.stopped) entries.stop();
    for await (const entry of entries) {
      this.parts.view.put(entry.key, entry.operation === 'PUT' ? jsonOf(entry.value) : undefined);
    }
  }

  private async pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.parts.clock.schedule(PAUSE_MS, resolve);
      this.stopWatch = () => (cancel(), resolve());
    });
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
