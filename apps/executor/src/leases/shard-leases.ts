import { ALL_SHARDS, LEASE_KEYS, type MemberLease, readLease, type Shard, shardOfLeaseKey } from '@sluice/contracts';
import { type CancelTimer, type Clock, messageOf } from '@sluice/kernel';

import type { EngineLogger } from '../ports.js';
import { allocate } from './allocation.js';
import { HeldLease, valueOf } from './held-lease.js';
import { LeaseView } from './lease-view.js';
import { Membership } from './membership.js';
import type { LeaseEntry, LeaseStore, ShardHost } from './ports.js';

export interface ShardLeasesDeps {
  readonly store: LeaseStore;
  readonly host: ShardHost;
  /** Only differences of it count: it must go on while the process stands still, and never be set. */
  readonly clock: Clock;
  /** Who we are: another one in each process. One that starts again under its old id takes its leases back at once. */
  readonly me: Pick<MemberLease, 'owner' | 'name'>;
  /** A lease that was not renewed for so long is free, ms. */
  readonly leaseMs: number;
  /** ms since the epoch, for the people who read the leases. */
  readonly timeOfDay: () => number;
  readonly logger: EngineLogger;
}

/** Of the lease time: so many renewals may fail before a lease runs out. */
const RENEWALS = 4;
/** What changes at the same time is looked at together. */
const GATHER_MS = 10;
const REMOVE_TRIES = 3;

/**
 * Holds a fair share of the shards: renews what it has, gives what another one should have, claims what is free. It
 * makes the work go to one place; that nothing is done twice never rests on it (design 4).
 */
export class ShardLeases {
  private readonly view: LeaseView;
  private readonly held = new Map<Shard, HeldLease>();
  /** Shards that could not be driven: when they are tried again. */
  private readonly notBefore = new Map<Shard, number>();
  private readonly works = new Set<Promise<void>>();
  private readonly membership: Membership;
  private renewAt = 0;
  private heardSelfAt = 0;
  private cancel: CancelTimer | undefined;
  private running: Promise<void> | undefined;
  private again = false;
  private told = '';
  private unwatch: () => void = () => undefined;
  private stopping = false;

  constructor(private readonly deps: ShardLeasesDeps) {
    this.view = new LeaseView(deps.leaseMs);
    this.membership = new Membership(deps.store, deps.me);
  }

  /** Resolves when it is there and what was free for it is driven. Rejects when the store cannot be reached. */
  async start(): Promise<void> {
    await this.membership.sayHere();
    this.renewAt = this.deps.clock.now() + this.deps.leaseMs / RENEWALS;
    await this.watch();
    await this.look();
    await Promise.all(this.works);
  }

  /** Hands everything over: each shard is free as soon as its work has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
    await this.membership.sayGone().catch((error: unknown) => this.notRenewed(error));
    for (const lease of this.held.values()) this.giveUp(lease);
    await Promise.all(this.works);
    this.cancel?.();
    this.unwatch();
    await this.running;
  }

  /** The shards whose lease is ours now. */
  shards(): Shard[] {
    return ALL_SHARDS.filter((shard) => this.held.get(shard)?.isValid());
  }

  /** Looks at everything at once, or once more when it is being looked at. */
  private look(): Promise<void> {
    if (this.running !== undefined) {
      this.again = true;
      return this.running;
    }
    this.cancel?.();
    this.cancel = undefined;
    this.again = false;
    this.running = this.round()
      .catch((error: unknown) => this.complain(error, 'the leases could not be looked at'))
      .finally(() => {
        this.running = undefined;
        this.tell();
        this.lookLater();
      });
    return this.running;
  }

  /** Says what is driven here when that has changed and come to rest. */
  private tell(): void {
    const shards = this.shards();
    if (this.works.size > 0 || shards.join() === this.told) return;
    this.told = shards.join();
    this.deps.logger.info({ shards }, `${shards.length} of ${ALL_SHARDS.length} shards are driven here`);
  }

  private lookLater(): void {
    if (this.stopping && this.held.size === 0) return;
    const now = this.deps.clock.now();
    const next = Math.min(this.renewAt, this.view.nextEnd(now, this.deps.me.owner) ?? Infinity);
    const delay = this.again ? GATHER_MS : Math.max(GATHER_MS, next - now);
    this.cancel?.();
    this.cancel = this.deps.clock.schedule(delay, () => void this.look());
  }

  private soon(): void {
    if (this.running !== undefined) this.again = true;
    else if (!this.again) {
      this.again = true;
      this.lookLater();
    }
  }

  private async round(): Promise<void> {
    this.dropLapsed();
    if (this.deps.clock.now() >= this.renewAt) await this.renewAll();
    this.dropLapsed();
    if (!this.stopping) await this.rebalance();
  }

  /** We stood still, or the store did: another one may have it by now. */
  private dropLapsed(): void {
    for (const lease of this.held.values()) if (!lease.isValid()) this.lose(lease, 'it was not renewed in time');
  }

  private lose(lease: HeldLease, why: string): void {
    lease.drop();
    if (this.held.get(lease.shard) !== lease) return;
    this.held.delete(lease.shard);
    this.deps.host.drop(lease.shard);
    this.deps.logger.warn({ shard: lease.shard, why }, 'the lease of a shard is lost: it is driven here no more');
    this.soon();
  }

  private async renewAll(): Promise<void> {
    this.renewAt = this.deps.clock.now() + this.deps.leaseMs / RENEWALS;
    const works = [...this.held.values()].map((lease) => this.renew(lease));
    if (!this.stopping) works.push(this.membership.sayHere().catch((error: unknown) => this.notRenewed(error)));
    await Promise.all(works);
    await this.watchAgain();
  }

  private async renew(lease: HeldLease): Promise<void> {
    const { clock, store, leaseMs } = this.deps;
    if (lease.phase === 'leaving' || !lease.isValid()) return;
    const sentAt = clock.now();
    const key = LEASE_KEYS.shard(lease.shard);
    try {
      const revision = await store.update(key, lease.value, lease.revision);
      if (revision !== undefined) {
        if (lease.isValid()) lease.renewed(revision, sentAt + leaseMs);
        return;
      }
      const stands = await store.get(key);
      // A renewal whose answer was lost has landed.
      if (stands !== undefined && this.isMine(stands)) lease.revision = stands.revision;
      else if (lease.phase !== 'releasing') this.lose(lease, 'another one has it');
      this.renewAt = Math.min(this.renewAt, clock.now());
    } catch (error) {
      this.notRenewed(error);
    }
  }

  private async rebalance(): Promise<void> {
    const { clock, me } = this.deps;
    const now = clock.now();
    const owners = this.view.owners(now);
    for (const [shard, owner] of owners) if (owner === me.owner) owners.delete(shard);
    for (const { shard, phase } of this.held.values()) {
      if (phase === 'held' || phase === 'taking') owners.set(shard, me.owner);
      else owners.delete(shard);
    }
    const wanted = allocate([me.owner, ...this.view.members(now)], owners);
    for (const lease of this.held.values())
      if (lease.phase === 'held' && wanted.get(lease.shard) !== me.owner) this.giveUp(lease);
    const free = ALL_SHARDS.filter(
      (shard) => wanted.get(shard) === me.owner && !owners.has(shard) && !this.held.has(shard),
    );
    await Promise.all(free.filter((shard) => this.mayTry(shard, now)).map((shard) => this.claim(shard)));
  }

  private mayTry(shard: Shard, now: number): boolean {
    return (this.notBefore.get(shard) ?? 0) <= now;
  }

  private async claim(shard: Shard): Promise<void> {
    const { clock, store, leaseMs, me, timeOfDay } = this.deps;
    const key = LEASE_KEYS.shard(shard);
    const value = valueOf(me, timeOfDay());
    const until = clock.now() + leaseMs;
    const seen = this.view.revisionOf(key);
    try {
      const revision = await (seen === undefined ? store.create(key, value) : store.update(key, value, seen));
      if (revision === undefined) await this.readAgain(key);
      else this.take(new HeldLease(shard, clock, { revision, until, value }));
    } catch (error) {
      this.complain(error, 'a shard could not be claimed; it is tried again', shard);
    }
  }

  /** Another one was faster, or the key has expired in the store before it did here. */
  private async readAgain(key: string): Promise<void> {
    const stands = await this.deps.store.get(key);
    if (stands === undefined) this.view.forget(key);
    else this.view.hear(stands, this.deps.clock.now());
    this.again = true;
  }

  private take(lease: HeldLease): void {
    const { host, clock, leaseMs } = this.deps;
    const { shard } = lease;
    this.held.set(shard, lease);
    this.spend(
      host.acquire(shard, lease).then(
        () => {
          if (lease.phase === 'taking') lease.phase = 'held';
          this.soon();
        },
        (error: unknown) => {
          if (this.held.get(shard) !== lease) return;
          this.complain(error, 'a shard could not be driven; it is tried again', shard);
          this.notBefore.set(shard, clock.now() + leaseMs);
          this.giveUp(lease);
        },
      ),
    );
  }

  private giveUp(lease: HeldLease): void {
    if (lease.phase === 'releasing' || lease.phase === 'leaving') return;
    lease.phase = 'releasing';
    this.spend(this.handOver(lease));
  }

  private async handOver(lease: HeldLease): Promise<void> {
    const { shard } = lease;
    const key = LEASE_KEYS.shard(shard);
    try {
      await this.deps.host.release(shard);
      lease.phase = 'leaving';
      for (let tries = 0; tries < REMOVE_TRIES && this.held.get(shard) === lease; tries += 1) {
        if (await this.deps.store.remove(key, lease.revision)) break;
        const stands = await this.deps.store.get(key);
        if (stands === undefined || !this.isMine(stands)) break;
        lease.revision = stands.revision;
      }
    } catch (error) {
      this.complain(error, 'the lease of a shard could not be given back: it runs out by itself', shard);
    }
    lease.drop();
    if (this.held.get(shard) === lease) this.held.delete(shard);
    this.soon();
  }

  private async watch(): Promise<void> {
    this.heardSelfAt = this.deps.clock.now();
    this.unwatch = await this.deps.store.watch((entry) => this.heard(entry));
  }

  /** A watch that does not even tell of our own renewals tells nothing. */
  private async watchAgain(): Promise<void> {
    if (this.stopping || this.deps.clock.now() - this.heardSelfAt < this.deps.leaseMs) return;
    this.unwatch();
    await this.watch().catch((error: unknown) => this.notRenewed(error));
  }

  private heard(entry: LeaseEntry): void {
    const now = this.deps.clock.now();
    if (entry.key === this.membership.key) this.heardSelfAt = now;
    if (!this.view.hear(entry, now) || this.isMine(entry)) return;
    const lease = this.held.get(shardOfLeaseKey(entry.key) ?? '');
    const isTaken = lease !== undefined && entry.value !== undefined && entry.revision > lease.revision;
    if (isTaken) this.lose(lease, 'another one has it');
    this.soon();
  }

  private isMine({ value }: LeaseEntry): boolean {
    return value !== undefined && readLease(value)?.owner === this.deps.me.owner;
  }

  private spend(work: Promise<void>): void {
    this.works.add(work);
    void work.finally(() => this.works.delete(work));
  }

  private notRenewed(error: unknown): void {
    this.complain(error, 'leases could not be renewed; it is tried again until they run out');
  }

  private complain(error: unknown, what: string, shard?: Shard): void {
    this.deps.logger.warn({ ...(shard === undefined ? {} : { shard }), reason: messageOf(error) }, what);
  }
}
