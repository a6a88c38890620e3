import { jetstream } from '@nats-io/jetstream';
import { type KV, type KvEntry, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS, type LeasedWork, leaseKeys } from '@sluice/contracts';
import { messageOf } from '@sluice/kernel';

import { isWrongLastSequence, translateNatsError } from '../nats-errors.js';
import type { Log } from '../running-service.js';
import type { LeaseEntry, LeaseStore } from './ports.js';

const SHORTEST_TRY_MS = 250;

/** The leases of one service in KV `sluice_leases`; each request is tried for a fifth of the lease time. */
export async function kvLeases(nats: NatsConnection, work: LeasedWork, leaseMs: number, log: Log): Promise<LeaseStore> {
  const timeoutMs = Math.max(SHORTEST_TRY_MS, leaseMs / 5);
  const kv = await new Kvm(jetstream(nats, { timeout: timeoutMs })).open(BUCKETS.leases);
  return {
    create: (key, value) => whereItStands(() => kv.create(key, value)),
    update: (key, value, revision) => whereItStands(() => kv.update(key, value, revision, timeoutMs)),
    put: async (key, value) => {
      await translated(() => kv.put(key, value));
    },
    remove: async (key, revision) =>
      (await whereItStands(() => kv.delete(key, { previousSeq: revision }).then(() => revision))) !== undefined,
    get: async (key) => {
      const entry = await translated(() => kv.get(key));
      return entry?.operation === 'PUT' ? entryOf(entry) : undefined;
    },
    watch: (onEntry) => translated(() => watch(kv, { key: leaseKeys(work).all, longestMs: timeoutMs, onEntry, log })),
  };
}

/** Undefined when the key stands at another revision. */
async function whereItStands(act: () => Promise<number>): Promise<number | undefined> {
  try {
    return await act();
  } catch (error) {
    if (isWrongLastSequence(error)) return undefined;
    throw translateNatsError(error, 'write a lease');
  }
}

async function translated<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw translateNatsError(error, 'read or write a lease');
  }
}

/** Resolves when everything that stands there was told; of an empty bucket nothing is, so it waits for no longer than that. */
async function watch(kv: KV, { key, longestMs, onEntry, log }: Watching): Promise<() => void> {
  const entries = await kv.watch({ key });
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, longestMs);
    const told = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const tellAll = async (): Promise<void> => {
      for await (const entry of entries) {
        onEntry(entryOf(entry));
        if (entry.delta === 0 || entry.isUpdate) told();
      }
    };
    tellAll().catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'the leases cannot be watched any more; they are watched anew in a while');
      told();
    });
  });
  return () => entries.stop();
}

interface Watching {
  readonly key: string;
  readonly longestMs: number;
  readonly onEntry: (entry: LeaseEntry) => void;
  readonly log: Log;
}

const entryOf = (entry: KvEntry): LeaseEntry => ({
  key: entry.key,
  value: entry.operation === 'PUT' ? entry.string() : undefined,
  revision: entry.revision,
});
