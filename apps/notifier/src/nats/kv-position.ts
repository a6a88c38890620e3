import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS } from '@sluice/contracts';

import type { PositionStore } from '../engine/ports.js';

const KEY = 'notifier.position';

/** The position in KV `sluice_index`. What stands there and is no position counts as nothing. */
export async function kvPosition(nats: NatsConnection): Promise<PositionStore> {
  const bucket = await new Kvm(jetstream(nats)).open(BUCKETS.index);
  return {
    async load() {
      const position = Number((await bucket.get(KEY))?.string() ?? '0');
      return Number.isSafeInteger(position) && position > 0 ? position : 0;
    },
    async save(position) {
      await bucket.put(KEY, String(position));
    },
  };
}
