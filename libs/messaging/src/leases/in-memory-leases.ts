import type { Clock } from '@sluice/kernel';

import type { LeaseEntry, LeaseStore } from './ports.js';

const LATENCY_MS = 1;
/** As long as the client of the real store waits. */
const TIMEOUT_MS = 500;

/** A store of leases that several executors of a simulation share, on their clock. */
export class InMemoryLeases {
  private readonly entries = new Map<string, LeaseEntry & { readonly at: number }>();
  private readonly watchers = new Set<(entry: LeaseEntry) => void>();
  private last = 0;

  constructor(
    private readonly clock: Clock,
    /** What was not written for so long is gone, without a word. */
    private readonly leaseMs: number,
  ) {}

  /** One executor's way to it, on its own clock; nothing passes while `isCut`. */
  link(clock: Clock = this.clock, isCut: () => boolean = () => false): LeaseStore {
    const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.schedule(ms, resolve));
    const across = async <T>(act: () => T): Promise<T> => {
      await wait(LATENCY_MS);
      if (isCut()) {
        await wait(TIMEOUT_MS);
        throw new Error('the leases cannot be reached');
      }
      const result = act();
      await wait(LATENCY_MS);
      return result;
    };
    return {
      create: (key, value) => across(() => (this.find(key) === undefined ? this.write(key, value) : undefined)),
      update: (key, value, revision) =>
        across(() => (this.find(key)?.revision === revision ? this.write(key, value) : undefined)),
      put: (key, value) => across(() => void this.write(key, value)),
      remove: (key, revision) =>
        across(() => this.find(key)?.revision === revision && this.write(key, undefined) !== undefined),
      get: (key) => across(() => this.find(key)),
      watch: (onEntry) =>
        across(() => {
          const tell = (entry: LeaseEntry): void => {
            clock.schedule(LATENCY_MS, () => {
              if (!isCut()) onEntry(entry);
            });
          };
          for (const entry of this.entries.values()) onEntry(entry);
          this.watchers.add(tell);
          return () => void this.watchers.delete(tell);
        }),
    };
  }

  private find(key: string): LeaseEntry | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.value === undefined) return undefined;
    return this.clock.now() - entry.at < this.leaseMs ? entry : undefined;
  }

  private write(key: string, value: string | undefined): number {
    this.last += 1;
    const entry = { key, value, revision: this.last, at: this.clock.now() };
    this.entries.set(key, entry);
    for (const tell of this.watchers) tell(entry);
    return this.last;
  }
}
