import { randomUUID } from 'node:crypto';

import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { EMPTY_HEAD, SUBJECTS } from '@sluice/contracts';
import { type FakeKurrentDb, type ProposedRecord, startFakeKurrentDb } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Followed } from '../port.js';
import { appendMany, collect, draft, followUntil, freshStream } from '../samples.suite.js';
import { KurrentDbEventLog } from './kurrentdb-event-log.js';

const CHAPTER_MS = 60_000;

/** An event of somebody else. */
const foreign = (): ProposedRecord => ({
  id: randomUUID(),
  type: 'order-placed',
  metadata: Buffer.alloc(0),
  data: Buffer.from('{"a":1}'),
});

describe.each([
  ['one append a call', false],
  ['appends in one stream', true],
] as const)('KurrentDbEventLog, %s: faults', { timeout: CHAPTER_MS }, (_name, batch) => {
  let server: FakeKurrentDb;
  let client: KurrentDBClient;
  let log: KurrentDbEventLog;

  beforeEach(async () => {
    server = await startFakeKurrentDb({ batch });
    client = KurrentDBClient.connectionString(server.url);
    log = new KurrentDbEventLog(client);
  });
  afterEach(async () => {
    await client.dispose();
    await server.stop();
  });

  it('appends once though the answer to the first try is lost', async () => {
    const stream = freshStream('exec');
    const first = await log.append(stream, EMPTY_HEAD, draft('a'));
    server.loseNextAnswer();
    const second = await log.append(stream, first, draft('b'));
    const commits = await collect(log.read(stream));
    expect(commits.map(({ head }) => head)).toEqual([first, second]);
    expect(await appendMany(log, stream, second, 1)).toMatchObject({ rev: 3 });
  });

  it('appends and follows through restarts of the server without a loss or a double', async () => {
    const stream = freshStream('exec');
    const revs: number[] = [];
    const following = followUntil(log, { shards: [stream.shard], from: 0 }, (items) => {
      const last = items.at(-1);
      if (last?.kind === 'commit') revs.push(last.commit.head.rev);
      return revs.length === 120;
    });
    const writing = appendMany(log, stream, EMPTY_HEAD, 120);
    for (const enough of [30, 70]) {
      await vi.waitUntil(() => revs.length > enough, { interval: 1, timeout: CHAPTER_MS });
      await server.restart();
    }
    await Promise.all([writing, following]);
    expect(revs).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
    expect(server.store.all).toHaveLength(120);
  });

  it('reads what is longer than one answer, and follows from a place that is no record', async () => {
    const stream = freshStream('exec');
    const head = await appendMany(log, stream, EMPTY_HEAD, 1_100);
    const revs = (await collect(log.read(stream, 3))).map((commit) => commit.head.rev);
    expect(revs).toEqual(Array.from({ length: 1_098 }, (_, i) => i + 3));
    const isDone = (items: readonly Followed[]): boolean => items.at(-1)?.kind === 'live';
    const seen = await followUntil(log, { shards: [stream.shard], from: head.position - 7 }, isDone);
    expect(seen).toMatchObject([
      { kind: 'commit', commit: { head } },
      { kind: 'live', position: head.position },
    ]);
  });

  it('leaves alone what others keep in the same database', async () => {
    server.store.append('orders-1', 'any', foreign());
    expect(await log.position()).toBe(0);
    const stream = freshStream('exec');
    await appendMany(log, stream, EMPTY_HEAD, 2);
    server.store.append('orders-1', 'any', foreign());
    const seen = await followUntil(log, { shards: [stream.shard], from: 0 }, (items) => items.at(-1)?.kind === 'live');
    expect(seen).toHaveLength(3);
  });

  it('says BAD_COMMIT for an event in its own streams that Sluice did not write', async () => {
    const stream = freshStream('exec');
    server.store.append(SUBJECTS.log(stream), -1, foreign());
    await expect(collect(log.read(stream))).rejects.toMatchObject({ code: 'BAD_COMMIT' });
  });

  it('gives up with LOG_UNAVAILABLE within its bound while the server is away, and the same commit succeeds later', async () => {
    const impatient = new KurrentDbEventLog(client, { boundMs: 500 });
    const stream = freshStream('exec');
    const commit = draft('a');
    await server.stop();
    await expect(impatient.append(stream, EMPTY_HEAD, commit)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    await expect(impatient.last(stream)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    await server.restart();
    expect(await log.append(stream, EMPTY_HEAD, commit)).toMatchObject({ rev: 1 });
    expect(server.store.all).toHaveLength(1);
  });
});
