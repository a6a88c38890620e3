import { jetstream } from '@nats-io/jetstream';
import { type KV, type KvEntry, Kvm, type KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection, QueuedIterator } from '@nats-io/nats-core';
import { BUCKETS } from '@sluice/contracts';
import { messageOf } from '@sluice/kernel';
import { isWrongLastSequence, type Log, translateNatsError } from '@sluice/messaging';

import type { LeaseEntry, LeaseStore } from './ports.js';

/** The leases in KV `sluice_leases`; each request is tried for `timeoutMs`. */
export async function kvLeases(nats: NatsConnection, timeoutMs: number, log: Log): Promise<LeaseStore> {
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
    watch: (onEntry) => translated(() => watch(kv, onEntry, log)),
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

/** Resolves when everything that stands there was told. */
async function watch(kv: KV, onEntry: (entry: LeaseEntry) => void, log: Log): Promise<() => void> {
  const { values } = await kv.status();
  const entries = await kv.watch();
  if (values === 0) {
    void tellAll(entries, onEntry, log);
    return () => entries.stop();
  }
  await new Promise<void>((resolve) => {
    const tell = (entry: LeaseEntry, isLast: boolean): void => {
      onEntry(entry);
      if (isLast) resolve();
    };
    void tellAll(entries, tell, log).then(resolve);
  });
  return () => entries.stop();
}

async function tellAll(
  entries: QueuedIterator<KvWatchEntry>,
  tell: (entry: LeaseEntry, isLast: boolean) => void,
  log: Log,
): Promise<void> {
  try {
    for await (const entry of entries) tell(entryOf(entry), entry.delta === 0 || entry.isUpdate);
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'the leases cannot be watched any more; they are watched anew in a while');
  }
}

const entryOf = (entry: KvEntry): LeaseEntry => ({
  key: entry.key,
  value: entry.operation === 'PUT' ? entry.string() : undefined,
  revision: entry.revision,
});
