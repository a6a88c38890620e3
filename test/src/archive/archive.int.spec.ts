import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NatsConnection } from '@nats-io/nats-core';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { startArchiver } from '@sluice/archiver';
import {
  ALL_SHARDS,
  BUCKETS,
  EMPTY_HEAD,
  type EventMeta,
  rollbackRequestId,
  rolloutIdOf,
  shardOfGroup,
  type StreamHead,
  streamKey,
} from '@sluice/contracts';
import {
  ArchivedEventLog,
  ArchiveReader,
  DirectoryArchiveStore,
  JetStreamEventLog,
  verifyArchive,
} from '@sluice/event-log';
import { startExecutor } from '@sluice/executor';
import { startGateway } from '@sluice/gateway';
import { connectNats, provision, type RunningService } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';
import { startPlanner } from '@sluice/planner';
import {
  finishedRollout,
  type PastRollout,
  pastRolloutId,
  type RunningNatsServer,
  startNatsServer,
} from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const GROUP = 'hello-prod';
const PAST = { app: 'hello', group: GROUP, hosts: 3 } as const;
const LAST_YEAR = Date.now() - 365 * 86_400_000;
const WAIT = { timeout: 60_000, interval: 50 };

const versions = Array.from({ length: 7 }, (_, i): PastRollout => ({
  ...PAST,
  version: `${i + 1}.0.0`,
  token: i + 1,
  at: LAST_YEAR + i * 60_000,
}));
const ids = versions.map(pastRolloutId);
const archivedIds = ids.slice(0, -1);
const last = ids.at(-1) ?? '';
const [first = ''] = ids;

describe('finished rollouts leave the log', { timeout: 120_000 }, () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let log: JetStreamEventLog;
  let folder: string;
  let url: string;
  /** What the API said of each before the archiver ran. */
  const before = new Map<string, unknown>();
  const heads = new Map<string, StreamHead>();
  const running: RunningService[] = [];
  const parts = () => ({
    nats,
    servers: server.url,
    clock: systemClock,
    logger: createLogger('test', 'silent'),
    newId: newUlid,
  });

  const opened = () => {
    const store = new DirectoryArchiveStore(folder);
    const archive = new ArchiveReader(store);
    running.push({ name: 'store', stop: () => store.close() });
    return { archive, log: new ArchivedEventLog(log, archive) };
  };
  const archiver = () =>
    startArchiver({ ...parts(), log, folder, afterMs: 0, leaseMs: 2_000, limits: { sweepMs: 50 } });
  const answer = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
  const listed = async (query = ''): Promise<string[]> =>
    ((await answer(`/v1/rollouts?limit=100${query}`)) as { items: { id: string }[] }).items.map(({ id }) => id);
  const paths = (id: string): string[] =>
    ['', '/targets', '/report', '/events?limit=100'].map((path) => `/v1/rollouts/${id}${path}`);

  async function append(commit: ReturnType<typeof finishedRollout>[number]): Promise<void> {
    const { stream, ...draft } = commit;
    const key = streamKey(stream);
    heads.set(key, await log.append(stream, heads.get(key) ?? EMPTY_HEAD, draft));
  }

  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'archive test' });
    await provision(nats, { leaseMs: 2_000 });
    log = new JetStreamEventLog(nats);
    folder = await mkdtemp(join(tmpdir(), 'sluice archive '));
    for (const past of versions) for (const commit of finishedRollout(past)) await append(commit);
    const gateway = await startGateway({ ...parts(), ...opened(), port: 0, openLocally: true });
    running.push(gateway);
    url = gateway.url;
    for (const id of ids) for (const path of paths(id)) before.set(path, await answer(path));
    before.set('', await listed());
    running.push(await archiver());
  }, 60_000);
  afterAll(async () => {
    for (const service of running.toReversed()) await service.stop();
    await nats.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('not before notifier and health-gate have done with them', async () => {
    expect(before.get('')).toEqual(ids.toReversed());
    before.delete('');
    const position = await log.position();
    expect(await listed('&archived=true')).toEqual([]);
    const index = await new Kvm(jetstream(nats)).open(BUCKETS.index);
    await index.put('notifier.position', String(position + 1));
    expect(await listed('&archived=true')).toEqual([]);
    await index.put('health-gate.position', String(position + 1));
    await vi.waitFor(async () => expect(await listed('&archived=true')).toEqual(archivedIds.toReversed()), WAIT);
    expect(await listed('&archived=false')).toEqual([last]);
  });

  it('and nobody who asks the API sees a difference', async () => {
    expect(await listed()).toEqual(ids.toReversed());
    expect(await listed('&group=hello-prod&app=hello&state=succeeded')).toEqual(ids.toReversed());
    expect(await listed('&group=another')).toEqual([]);
    expect(await listed(`&since=${versions[4]?.at}`)).toEqual(ids.slice(4).toReversed());
    for (const [path, said] of before) expect(await answer(path), path).toEqual(said);
    const pages: string[] = [];
    for (let cursor = ''; ;) {
      const page = (await answer(`/v1/rollouts?limit=2${cursor}`)) as { items: { id: string }[]; next: string | null };
      pages.push(...page.items.map(({ id }) => id));
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(pages).toEqual(ids.toReversed());
  });

  it('nor does a gateway that starts on what is left', async () => {
    const gateway = await startGateway({ ...parts(), ...opened(), port: 0, openLocally: true });
    running.push(gateway);
    url = gateway.url;
    expect(await listed()).toEqual(ids.toReversed());
    for (const [path, said] of before) expect(await answer(path), path).toEqual(said);
  });

  it('the log holds the last rollout of the group and the group alone', async () => {
    const stop = new AbortController();
    const left = new Set<string>();
    for await (const item of log.follow({ shards: ALL_SHARDS, from: 0, signal: stop.signal })) {
      if (item.kind === 'live') break;
      left.add(item.commit.stream.id);
    }
    stop.abort();
    expect([...left].toSorted()).toEqual([`g${shardOfGroup(GROUP)}-${GROUP}`, last].toSorted());
  });

  it('the way back to an archived rollout is planned from the archive', async () => {
    const planner = await startPlanner({ ...parts(), ...opened() });
    running.push(planner);
    const meta: EventMeta = { by: { id: 'executor', kind: 'service' }, cause: 'c', corr: 'c' };
    const stream = { shard: shardOfGroup(GROUP), writer: 'exec', id: last } as const;
    const to = { rolloutId: first, version: '1.0.0' };
    const event = { type: 'RollbackRequested', to, targets: [0, 1, 2], down: [], ordinal: 1 } as const;
    await append({ stream, id: newUlid(), at: Date.now(), events: [{ event, meta }] });
    const id = rolloutIdOf(GROUP, rollbackRequestId(last, 1));
    const planned = await vi.waitFor(async () => {
      const commit = await log.last({ shard: stream.shard, writer: 'plan', id });
      if (commit === undefined) throw new Error('not planned yet');
      return commit.events.at(-1);
    }, WAIT);
    expect(planned).toMatchObject({
      type: 'RolloutPlanned',
      plan: { version: '1.0.0', rollbackOf: last, restores: first },
    });
  });

  it('an archived rollout is answered as any that has ended, and is not begun anew', async () => {
    const executor = await startExecutor({ ...parts(), ...opened(), leaseMs: 2_000 });
    running.push(executor);
    const response = await fetch(`${url}/v1/rollouts/${first}/commands/cancel`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k-1', 'x-sluice-actor': 'user:ana' },
      body: JSON.stringify({ reason: 'too late' }),
    });
    expect(await response.json()).toMatchObject({ code: 'NOT_OFFERED' });
    const stream = { shard: shardOfGroup(GROUP), writer: 'exec', id: first } as const;
    expect(await log.last(stream)).toBeUndefined();
    const { log: both } = opened();
    await expect(both.append(stream, EMPTY_HEAD, { id: newUlid(), at: 0, events: [] })).rejects.toMatchObject({
      code: 'CONCURRENCY_CONFLICT',
    });
  });

  it('a second archiver waits for the lease; the archive is whole', async () => {
    running.push(await archiver());
    const store = new DirectoryArchiveStore(folder);
    expect(await verifyArchive(store)).toMatchObject({ rollouts: archivedIds.length, faults: [], strays: [] });
    await store.close();
  });
});
