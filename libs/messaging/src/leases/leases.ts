import { type LeasedWork, type LeaseKeys, leaseKeys, type MemberLease, readLease } from '@sluice/contracts';
import { type CancelTimer, type Clock, messageOf } from '@sluice/kernel';

import type { Log } from '../running-service.js';
import { allocate } from './allocation.js';
import { HeldLease, valueOf } from './held-lease.js';
import { LeaseView } from './lease-view.js';
import { Membership } from './membership.js';
import type { LeaseEntry, LeaseStore, LeaseHolder } from './ports.js';

export interface LeasesDeps {
  /** What is shared. */
  readonly work: LeasedWork;
  readonly store: LeaseStore;
  readonly host: LeaseHolder;
  /** Only differences of it count: it must go on while the process stands still, and never be set. */
  readonly clock: Clock;
  /** Who we are: another one in each process. One that starts again under its old id takes its leases back at once. */
  readonly me: Pick<MemberLease, 'owner' | 'name'>;
  /** A lease that was not renewed for so long is free, ms. */
  readonly leaseMs: number;
  /** ms since the epoch, for the people who read the leases. */
  readonly timeOfDay: () => number;
  readonly logger: Log;
}

/** Of the lease time: so many renewals may fail before a lease runs out. */
const RENEWALS = 4;
/** What changes at the same time is looked at together. */
const GATHER_MS = 10;
const REMOVE_TRIES = 3;

/**
 * Holds a fair share of the parts: renews what it has, gives what another one should have, claims what is free. It
 * makes the work go to one place; that nothing is done twice never rests on it (design 4).
 */
export class Leases {
  private readonly keys: LeaseKeys;
  private readonly view: LeaseView;
  private readonly held = new Map<string, HeldLease>();
  /** Shards that could not be driven: when they are tried again. */
  private readonly notBefore = new Map<string, number>();
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

  constructor(private readonly deps: LeasesDeps) {
    this.keys = leaseKeys(deps.work);
    this.view = new LeaseView(this.keys, deps.leaseMs);
    this.membership = new Membership(deps.store, this.keys.member(deps.me.owner), deps.me);
  }

  /** Resolves when it is there and what was free for it is driven. Rejects when the store cannot be reached. */
  async start(): Promise<void> {
    await this.membership.sayHere();
    this.renewAt = this.deps.clock.now() + this.deps.leaseMs / RENEWALS;
    await this.watch();
    await this.look();
    await Promise.all(this.works);
  }

  /** Hands everything over: each part is free as soon as its work has ended. */
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

  /** The parts whose lease is ours now. */
  parts(): string[] {
    return this.deps.work.parts.filter((part) => this.held.get(part)?.isValid());
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
    const parts = this.parts();
    if (this.works.size > 0 || parts.join() === this.told) return;
    this.told = parts.join();
    this.deps.logger.info(
      { parts },
      `${parts.length} of ${this.deps.work.parts.length} parts of the work are done here`,
    );
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
    if (this.held.get(lease.part) !== lease) return;
    this.held.delete(lease.part);
    this.deps.host.drop(lease.part);
    this.deps.logger.warn(
      { part: lease.part, reason: why },
      'a lease is lost: this part of the work is done here no more',
    );
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
    const key = this.keys.part(lease.part);
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
    for (const [part, owner] of owners) if (owner === me.owner) owners.delete(part);
    for (const { part, phase } of this.held.values()) {
      if (phase === 'held' || phase === 'taking') owners.set(part, me.owner);
      else owners.delete(part);
    }
    const wanted = allocate([me.owner, ...this.view.members(now)], owners, this.deps.work.parts);
    for (const lease of this.held.values())
      if (lease.phase === 'held' && wanted.get(lease.part) !== me.owner) this.giveUp(lease);
    const free = this.deps.work.parts.filter(
      (part) => wanted.get(part) === me.owner && !owners.has(part) && !this.held.has(part),
    );
    await Promise.all(free.filter((part) => this.mayTry(part, now)).map((part) => this.claim(part)));
  }

  private mayTry(part: string, now: number): boolean {
    return (this.notBefore.get(part) ?? 0) <= now;
  }

  private async claim(part: string): Promise<void> {
    const { clock, store, leaseMs, me, timeOfDay } = this.deps;
    const key = this.keys.part(part);
    const value = valueOf(me, timeOfDay());
    const until = clock.now() + leaseMs;
    const seen = this.view.revisionOf(key);
    try {
      const revision = await (seen === undefined ? store.create(key, value) : store.update(key, value, seen));
      if (revision === undefined) await this.readAgain(key);
      else this.take(new HeldLease(part, clock, { revision, until, value }));
    } catch (error) {
      this.complain(error, 'a part could not be claimed; it is tried again', part);
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
    const { part } = lease;
    this.held.set(part, lease);
    this.spend(
      host.acquire(part, lease).then(
        () => {
          if (lease.phase === 'taking') lease.phase = 'held';
          this.soon();
        },
        (error: unknown) => {
          if (this.held.get(part) !== lease) return;
          this.complain(error, 'a part of the work could not be taken up; it is tried again', part);
          this.notBefore.set(part, clock.now() + leaseMs);
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
    const { part } = lease;
    const key = this.keys.part(part);
    try {
      await this.deps.host.release(part);
      lease.phase = 'leaving';
      for (let tries = 0; tries < REMOVE_TRIES && this.held.get(part) === lease; tries += 1) {
        if (await this.deps.store.remove(key, lease.revision)) break;
        const stands = await this.deps.store.get(key);
        if (stands === undefined || !this.isMine(stands)) break;
        lease.revision = stands.revision;
      }
    } catch (error) {
      this.complain(error, 'the lease of a part could not be given back: it runs out by itself', part);
    }
    lease.drop();
    if (this.held.get(part) === lease) this.held.delete(part);
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
    const lease = this.held.get(this.keys.partOf(entry.key) ?? '');
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

  private complain(error: unknown, what: string, part?: string): void {
    this.deps.logger.warn({ ...(part === undefined ? {} : { part }), reason: messageOf(error) }, what);
  }
}
