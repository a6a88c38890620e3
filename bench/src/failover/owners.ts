import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { ALL_SHARDS, BUCKETS, leaseKeys, LEASED, readLease, type Shard } from '@sluice/contracts';

/** The process that drives a shard, by its id; undefined while nobody does. */
export async function ownerOf(nats: NatsConnection, shard: Shard): Promise<number | undefined> {
  const kv = await new Kvm(jetstream(nats)).open(BUCKETS.leases);
  const entry = await kv.get(leaseKeys(LEASED.executor).part(shard));
  const lease = entry?.operation === 'PUT' ? readLease(entry.string()) : undefined;
  return lease === undefined ? undefined : Number(lease.name.split(':').at(-1));
}

/** True when those processes, and no others, share all shards. */
export async function share(nats: NatsConnection, pids: readonly number[]): Promise<boolean> {
  const owners = new Set(await Promise.all(ALL_SHARDS.map((shard) => ownerOf(nats, shard))));
  return owners.size === pids.length && pids.every((pid) => owners.has(pid));
}
