import { LEASE_KEYS, type MemberLease } from '@sluice/contracts';

import type { LeaseStore } from './ports.js';

/** Says that this executor is there, so that the others leave a share to it. */
export class Membership {
  readonly key: string;
  private readonly value: string;

  constructor(
    private readonly store: LeaseStore,
    me: Pick<MemberLease, 'owner' | 'name'>,
  ) {
    const lease: MemberLease = { v: 1, ...me };
    this.key = LEASE_KEYS.member(me.owner);
    this.value = JSON.stringify(lease);
  }

  sayHere(): Promise<void> {
    return this.store.put(this.key, this.value);
  }

  /** From now on the others share the shards among themselves. */
  async sayGone(): Promise<void> {
    const stands = await this.store.get(this.key);
    if (stands !== undefined) await this.store.remove(this.key, stands.revision);
  }
}
