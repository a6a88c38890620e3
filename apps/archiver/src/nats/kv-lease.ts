import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS } from '@sluice/contracts';
import { type CancelTimer, type Clock, messageOf } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';

import type { ArchiverLease } from '../engine/ports.js';

const KEY = 'archiver';

export interface KvLeaseParts {
  readonly nats: NatsConnection;
  readonly clock: Clock;
  readonly logger: Log;
  readonly newId: () => string;
  /** How long a lease holds that is not renewed, in ms: the bucket's age. */
  readonly leaseMs: number;
  /** `archiver` when absent. */
  readonly key?: string;
}

/** A key in KV `sluice_leases`: created by one, renewed each third of its time, gone when its owner is. */
export class KvLease implements ArchiverLease {
  private readonly owner: string;
  private readonly key: string;
  private until = 0;
  private revision = 0;
  private stopped = false;
  private timer: CancelTimer = () => {};
  private turn: Promise<void> = Promise.resolve();

  private constructor(
    private readonly parts: KvLeaseParts,
    private readonly bucket: KV,
  ) {
    this.owner = parts.newId();
    this.key = parts.key ?? KEY;
  }

  static async open(parts: KvLeaseParts): Promise<KvLease> {
    const lease = new KvLease(parts, await new Kvm(jetstream(parts.nats)).open(BUCKETS.leases));
    await lease.renew();
    lease.again();
    return lease;
  }

  isHeld(): boolean {
    return !this.stopped && this.parts.clock.now() < this.until;
  }

  /** Gives it back, so that another archiver need not wait. */
  async stop(): Promise<void> {
    const { revision } = this;
    const held = this.isHeld();
    this.stopped = true;
    this.timer();
    await this.turn;
    if (held) await this.bucket.delete(this.key, { previousSeq: revision }).catch(() => undefined);
  }

  private again(): void {
    this.timer = this.parts.clock.schedule(Math.max(100, this.parts.leaseMs / 3), () => {
      this.turn = this.renew().finally(() => {
        if (!this.stopped) this.again();
      });
    });
  }

  private async renew(): Promise<void> {
    const { clock, leaseMs, logger } = this.parts;
    const until = clock.now() + leaseMs;
    const value = JSON.stringify({ v: 1, owner: this.owner, name: this.key });
    const held = this.isHeld();
    try {
      this.revision = held
        ? await this.bucket.update(this.key, value, this.revision)
        : await this.bucket.create(this.key, value);
      this.until = until;
      if (!held) logger.info({}, `this ${this.key} holds the lease`);
    } catch (error) {
      // Another one holds it, or the server is away: what was held runs out by itself.
      if (held) logger.warn({ reason: messageOf(error) }, `the lease of the ${this.key} could not be renewed`);
    }
  }
}
