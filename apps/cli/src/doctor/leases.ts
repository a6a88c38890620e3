import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS, LEASED, type LeasedWork, leaseKeys, readLease } from '@sluice/contracts';
import { messageOf } from '@sluice/kernel';

import { type Finding, ok, unknown, wrong } from './finding.js';

/** Who has which part of the work of those services that share it. */
export async function leaseFindings(nats: NatsConnection): Promise<readonly Finding[]> {
  try {
    const bucket = await new Kvm(nats).open(BUCKETS.leases);
    return await Promise.all(Object.values(LEASED).map((work) => findingOf(bucket, work)));
  } catch (error) {
    return [unknown('leases', `cannot see the leases: ${messageOf(error)}`, 'give this user the right to read them')];
  }
}

async function findingOf(bucket: KV, work: LeasedWork): Promise<Finding> {
  const { service, parts } = work;
  const check = `leases of ${service}`;
  const holders = new Map<string, string[]>();
  const free: string[] = [];
  for (const part of parts) {
    const name = await holderOf(bucket, leaseKeys(work).part(part));
    if (name === undefined) free.push(part);
    else holders.set(name, [...(holders.get(name) ?? []), part]);
  }
  const words = [...holders].map(([name, held]) => `${name} has ${held.join(' ')}`).toSorted();
  if (free.length === 0) return ok(check, words.join('; '));
  return wrong(
    check,
    [`nobody has ${free.join(' ')}`, ...words].join('; '),
    `look again in a moment; if it stays so, start \`sluice ${service}\` (any number may run), or see what it logs`,
  );
}

async function holderOf(bucket: KV, key: string): Promise<string | undefined> {
  const entry = await bucket.get(key);
  return entry?.operation === 'PUT' ? readLease(entry.string())?.name : undefined;
}
