import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { NatsConnection } from '@nats-io/nats-core';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import {
  BUCKETS,
  LEASED,
  leaseKeys,
  type Notification,
  NOTIFICATION_TYPES as TYPES,
  parseNotification,
  readLease,
  shardOfGroup,
  STREAMS,
  SUBJECTS,
} from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats, provision } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startNotifier } from './start.js';
import { Rollouts } from './testing/notice-world.suite.js';

const CHILD = fileURLToPath(new URL('../dist/testing/notifier-child.suite.js', import.meta.url));

let server: RunningNatsServer;
let nats: NatsConnection;
let log: JetStreamEventLog;
let rollouts: Rollouts;
let heard: Notification[];
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  server = await startNatsServer();
  nats = await connectNats({ servers: server.url, name: 'test' });
  await provision(nats, { leaseMs: 60_000 });
  log = new JetStreamEventLog(nats);
  rollouts = new Rollouts(log, newUlid, () => Date.now());
  heard = [];
  nats.subscribe(SUBJECTS.allNotifications, {
    callback: (_, message) => void heard.push(parseNotification(message.data)),
  });
});

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
  await nats?.close();
  await server?.stop();
});

async function start(): Promise<void> {
  const deps = { nats, servers: server.url, log, clock: systemClock, newId: newUlid };
  const service = await startNotifier({ ...deps, logger: createLogger('test', 'silent') });
  ends.push(() => service.stop());
}

async function startChild(leaseMs = 1_000): Promise<ChildProcess> {
  const child = spawn(process.execPath, [CHILD, server.url, String(leaseMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  ends.push(() => kill(child));
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function ledger(group: string): Promise<string[]> {
  const out: string[] = [];
  for await (const { events } of log.read({ shard: shardOfGroup(group), writer: 'notice', id: rollouts.id(group) })) {
    out.push(...events.map(({ notificationId }) => notificationId));
  }
  return out;
}

const wait = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 30_000, interval: 20 });

it('TAR-07 planted log events arrive on a plain subscription, by app and severity', async () => {
  await start();
  const warnings: string[] = [];
  nats.subscribe(SUBJECTS.notify('hello', 'warning'), { callback: (_, { subject }) => void warnings.push(subject) });
  await rollouts.plan('web');
  await rollouts.advance('web', 2);
  await rollouts.grant('web');
  await rollouts.exclude('web', 'h07');
  await wait(() => expect(heard).toHaveLength(5));
  const ofRollout = heard.filter(({ data }) => data.rolloutId !== '').map(({ type }) => type);
  expect(ofRollout).toEqual([TYPES.planned, TYPES.started, TYPES.stagePassed, TYPES.stagePassed]);
  expect(warnings).toHaveLength(1);
  await wait(async () => expect(await ledger('web')).toHaveLength(4));
});

it('TAR-07 killed with -9 in mid-load, it tells every event, in order, none twice, and the ledger is complete', async () => {
  expect(existsSync(CHILD), 'build first: npx tsc -b apps/notifier').toBe(true);
  const groups = ['a', 'b', 'c', 'd'];
  const child = await startChild();
  for (const group of groups) await rollouts.plan(group);
  const load = advanceAll(groups, 48);
  await wait(() => expect(heard.length).toBeGreaterThan(50));
  await kill(child);
  await load;
  const before = heard.length;
  expect(before).toBeLessThan(200);
  await startChild();
  await wait(async () => {
    const ledgers = await Promise.all(groups.map(ledger));
    expect(ledgers.map(({ length }) => length)).toEqual([50, 50, 50, 50]);
  });
  const kept = await stored();
  expect(kept).toHaveLength(200);
  for (const group of groups) {
    const isOurs = ({ data }: Notification): boolean => data.rolloutId === rollouts.id(group);
    const told = kept.filter(isOurs);
    expect(told.map(({ sequence }) => sequence)).toEqual(told.map(({ sequence }) => sequence).toSorted());
    expect(await ledger(group)).toEqual(told.map(({ id }) => id));
    // A plain subscription may hear again what was not recorded when the notifier died: the same ids, never a gap.
    expect([...new Set(heard.filter(isOurs).map(({ id }) => id))]).toEqual(told.map(({ id }) => id));
  }
});

it('two side by side tell each event once, also to who only listens', async () => {
  const groups = ['a', 'b', 'c'];
  // So long that no busy machine ends a turn: what two tell in turn is heard twice.
  await Promise.all([startChild(60_000), startChild(60_000)]);
  for (const group of groups) await rollouts.plan(group);
  await advanceAll(groups, 20);
  await wait(async () => {
    const ledgers = await Promise.all(groups.map(ledger));
    expect(ledgers.map(({ length }) => length)).toEqual([22, 22, 22]);
  });
  await nats.flush();
  expect(heard).toHaveLength(66);
  expect(new Set(heard.map(({ id }) => id)).size).toBe(66);
});

it('two side by side, and the one that tells is killed with -9: each event is told, once in the stream', async () => {
  const children = await Promise.all([startChild(), startChild()]);
  await rollouts.plan('web');
  const load = advanceAll(['web'], 60);
  await wait(() => expect(heard.length).toBeGreaterThan(10));
  await kill(await teller(children));
  await load;
  await wait(async () => expect(await ledger('web')).toHaveLength(62));
  const kept = await stored();
  expect(kept.map(({ id }) => id)).toEqual(await ledger('web'));
  expect(kept.map(({ sequence }) => sequence)).toEqual(kept.map(({ sequence }) => sequence).toSorted());
});

/** The child whose turn it is. */
async function teller(children: readonly ChildProcess[]): Promise<ChildProcess> {
  const kv = await new Kvm(jetstream(nats)).open(BUCKETS.leases);
  const [part] = LEASED.notifier.parts;
  const lease = readLease((await kv.get(leaseKeys(LEASED.notifier).part(part)))?.string() ?? '');
  const child = children.find(({ pid }) => lease?.name.endsWith(`:${pid}`));
  if (child === undefined) throw new Error('nobody tells');
  return child;
}

/** The notifications that the stream holds, in its order. */
async function stored(): Promise<Notification[]> {
  const consumer = await jetstream(nats).consumers.get(STREAMS.notify);
  const out: Notification[] = [];
  for await (const message of await consumer.consume()) {
    out.push(parseNotification(message.data));
    if (message.info.pending === 0) break;
  }
  return out;
}

/** `events` commits of each group, some of them at once. */
async function advanceAll(groups: readonly string[], events: number): Promise<void> {
  for (let i = 0; i < events; i += 1) await Promise.all(groups.map((group) => rollouts.advance(group)));
}

it('tells when notifications can be published again, and the log did not wait', async () => {
  const manager = await jetstreamManager(nats);
  const { config } = await manager.streams.info(STREAMS.notify);
  await manager.streams.delete(STREAMS.notify);
  await start();
  await rollouts.plan('web');
  await rollouts.advance('web', 3);
  expect(await ledger('web')).toEqual([]);
  await manager.streams.add(config);
  await wait(async () => expect(await ledger('web')).toHaveLength(5));
});
