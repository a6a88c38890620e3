import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS } from '@sluice/contracts';

import type { FollowersPort } from '../engine/ports.js';

/** Where the services that keep their own place in the log remember it, as the first position that they still need. */
const KEYS = ['notifier.position', 'health-gate.position'] as const;

/**
 * The places in KV `sluice_index`. A service that has never remembered one holds everything back: it may have yet to
 * tell of it. Planner and executor need no place: what they owe is read off the streams, see candidatesIn.
 */
export async function kvFollowers(nats: NatsConnection): Promise<FollowersPort> {
  const bucket = await new Kvm(jetstream(nats)).open(BUCKETS.index);
  return {
    async passed() {
      let passed = Number.POSITIVE_INFINITY;
      for (const key of KEYS) {
        const needed = Number((await bucket.get(key))?.string() ?? '0');
        passed = Math.min(passed, Number.isSafeInteger(needed) ? needed - 1 : 0);
      }
      return Math.max(0, passed);
    },
  };
}
