import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { ALL_SHARDS, BUCKETS, leaseKeys, LEASED, readLease, type Shard } from '@sluice/contracts';

/** The process that drives each shard, by its id; shards that nobody drives are left out. */
export async function shardOwners(nats: NatsConnection): Promise<ReadonlyMap<Shard, number>> {
  const kv = await new Kvm(jetstream(nats)).open(BUCKETS.leases);
  const owners = new Map<Shard, number>();
  for (const shard of ALL_SHARDS) {
    const entry = await kv.get(leaseKeys(LEASED.executor).part(shard));
    const lease = entry?.operation === 'PUT' ? readLease(entry.string()) : undefined;
    if (lease !== undefined) owners.set(shard, Number(lease.name.split(':').at(-1)));
  }
  return owners;
}
