import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';

import { type Clock, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

const PAUSE_MS = 1_000;

export interface BucketWatchParts {
  readonly nats: NatsConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bucket: string;
  /** `value` undefined: the key was deleted, or what stands there is no JSON. */
  readonly put: (key: string, value: unknown) => void;
  /** Everything that stood in the bucket has been told. */
  readonly synced?: () => void;
}

/** Keeps a view behind its bucket. The bucket may come later than the gateway. */
export class BucketWatch {
  private stopped = false;
  private stopWatch = (): void => {};
  private done: Promise<void> = Promise.resolve();

  constructor(private readonly parts: BucketWatchParts) {}

  start(): void {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.stopWatch();
    await this.done;
  }

  private async run(): Promise<void> {
    const { bucket, logger } = this.parts;
    while (!this.stopped) {
      try {
        await this.watchOnce();
      } catch (error) {
        if (!this.stopped) logger.debug({ bucket, reason: messageOf(error) }, 'the bucket is not there yet');
      }
      if (!this.stopped) await this.pause();
    }
  }

  private async watchOnce(): Promise<void> {
    const { nats, bucket, put, synced } = this.parts;
    const store = await new Kvm(nats).open(bucket);
    const { values } = await store.status();
    if (values === 0) synced?.();
    const entries = await store.watch();
    this.stopWatch = () => entries.stop();
    // stop() may have come while the watch was being made.
    if (this.stopped) entries.stop();
    for await (const entry of entries) {
      put(entry.key, entry.operation === 'PUT' ? jsonOf(entry.value) : undefined);
      if (entry.delta === 0) synced?.();
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
