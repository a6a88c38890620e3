import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS, encodeToken, type InventoryRecord, type MemberEntry } from '@sluice/contracts';

import type { BalancedTarget, EndpointBook } from './ports.js';

/** What the inventory heard last: for an executor that has just started, and a host that it has not heard yet. */
export class KvEndpoints implements EndpointBook {
  private bucket: Promise<KV> | undefined;

  constructor(private readonly nats: NatsConnection) {}

  /** Undefined also when the inventory cannot be read: the balancer keeps the address that it has. */
  async endpointOf({ host, group }: BalancedTarget): Promise<string | undefined> {
    try {
      this.bucket ??= new Kvm(this.nats).open(BUCKETS.inventory);
      const entry = await (await this.bucket).get(`member.${encodeToken(group)}.${encodeToken(host)}`);
      if (entry?.operation !== 'PUT') return undefined;
      return entry.json<InventoryRecord<MemberEntry>>().entry.endpoint ?? undefined;
    } catch {
      this.bucket = undefined;
      return undefined;
    }
  }
}
