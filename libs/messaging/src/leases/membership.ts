import type { MemberLease } from '@sluice/contracts';

import type { LeaseStore } from './ports.js';

/** Says that this process is there, so that the others leave a share to it. */
export class Membership {
  private readonly value: string;

  constructor(
    private readonly store: LeaseStore,
    readonly key: string,
    me: Pick<MemberLease, 'owner' | 'name'>,
  ) {
    const lease: MemberLease = { v: 1, ...me };
    this.value = JSON.stringify(lease);
  }

  sayHere(): Promise<void> {
    return this.store.put(this.key, this.value);
  }

  /** From now on the others share the parts among themselves. */
  async sayGone(): Promise<void> {
    const stands = await this.store.get(this.key);
    if (stands !== undefined) await this.store.remove(this.key, stands.revision);
  }
}
