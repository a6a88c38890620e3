import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm, type KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection, QueuedIterator } from '@nats-io/nats-core';
import { BUCKETS } from '@sluice/contracts';
import { type Clock, messageOf } from '@sluice/kernel';
import type { Log, RunningService } from '@sluice/messaging';

import type { AnyRecord } from './records.js';
import { type InventoryChange, InventoryStore } from './store.js';

const PARALLEL_WRITES = 8;
const RETRY_MS = 1_000;
const DRAIN_MS = 5_000;

export interface KeptInventory extends RunningService {
  readonly store: InventoryStore;
}

/**
 * An inventory that is kept in KV `sluice_inventory` and shared with other planners: what one of them learns the others
 * adopt. Resolves when what was stored has been read.
 */
export async function keepInventory(nats: NatsConnection, clock: Clock, log: Log): Promise<KeptInventory> {
  const kv = await new Kvm(jetstream(nats)).open(BUCKETS.inventory);
  const writer = new Writer(kv, clock, log);
  const store = new InventoryStore((change) => writer.put(change));
  const entries = await readStored(kv, store, log);
  return {
    name: 'inventory',
    store,
    stop: async () => {
      entries.stop();
      await writer.drain();
    },
  };
}

/** Reads what is stored, then goes on with what others store. */
async function readStored(kv: KV, store: InventoryStore, log: Log): Promise<QueuedIterator<KvWatchEntry>> {
  const { values } = await kv.status();
  const entries = await kv.watch();
  await new Promise<void>((resolve, reject) => {
    if (values === 0) resolve();
    const adoptAll = async (): Promise<void> => {
      for await (const entry of entries) {
        adopt(store, entry, log);
        if (entry.delta === 0 || entry.isUpdate) resolve();
      }
    };
    adoptAll().catch((error: unknown) => {
      log.error({ reason: messageOf(error) }, 'the stored inventory cannot be watched any more');
      reject(error instanceof Error ? error : new Error(messageOf(error)));
    });
  });
  return entries;
}

function adopt(store: InventoryStore, entry: KvWatchEntry, log: Log): void {
  if (entry.operation !== 'PUT') return store.adopt(entry.key, undefined);
  const record = recordOf(entry);
  if (record === undefined) log.warn({ key: entry.key }, 'an entry of the inventory cannot be read; ignored');
  else store.adopt(entry.key, record);
}

/** Only planners write the bucket, so what it holds is trusted beyond being a record of version 1. */
function recordOf(entry: KvWatchEntry): AnyRecord | undefined {
  try {
    const record = entry.json<AnyRecord | null>();
    return record?.v === 1 && typeof record.entry === 'object' ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Writes changes, a few at once and the last of each key only; it tries again while the bucket cannot be reached. */
class Writer {
  readonly #pending = new Map<string, InventoryChange>();
  readonly #idle = new Set<() => void>();
  /** Keys that are being written: a key's changes go one after the other. */
  readonly #active = new Set<string>();

  constructor(
    private readonly kv: KV,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  put(change: InventoryChange): void {
    this.#pending.set(change.key, change);
    this.#pump();
  }

  /** Resolves when everything is written, and after a bound at the latest. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isIdle()) return resolve();
      const cancel = this.clock.schedule(DRAIN_MS, resolve);
      this.#idle.add(() => {
        cancel();
        resolve();
      });
    });
  }

  #isIdle(): boolean {
    return this.#pending.size === 0 && this.#active.size === 0;
  }

  #pump(): void {
    for (const change of this.#pending.values()) {
      if (this.#active.size >= PARALLEL_WRITES) return;
      if (this.#active.has(change.key)) continue;
      this.#pending.delete(change.key);
      this.#active.add(change.key);
      void this.#write(change).then((isWritten) => this.#written(change, isWritten));
    }
  }

  async #write({ key, record }: InventoryChange): Promise<boolean> {
    try {
      await (record === undefined ? this.kv.delete(key) : this.kv.put(key, JSON.stringify(record)));
      return true;
    } catch (error) {
      this.log.warn({ key, reason: messageOf(error) }, 'an entry of the inventory cannot be stored now; trying again');
      return false;
    }
  }

  #written(change: InventoryChange, isWritten: boolean): void {
    if (!isWritten) {
      // The key stays taken for the pause, and a newer change of it takes the place of this one.
      this.clock.schedule(RETRY_MS, () => {
        if (!this.#pending.has(change.key)) this.#pending.set(change.key, change);
        this.#written(change, true);
      });
      return;
    }
    this.#active.delete(change.key);
    this.#pump();
    if (!this.#isIdle()) return;
    for (const wake of this.#idle) wake();
    this.#idle.clear();
  }
}
