import { cp, rm } from 'node:fs/promises';

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/nats-core';
import { ALL_SHARDS, EMPTY_HEAD, STREAMS, type StreamHead, type StreamName, SUBJECTS } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import { connectNats, isWrongLastSequence, provision } from '@sluice/messaging';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { encodeNext } from '../encode-next.js';
import type { EventLog, Followed, FollowOptions } from '../port.js';
import { appendMany, AT, collect, draft, followUntil, freshId, freshStream, paused } from '../samples.suite.js';
import { JetStreamEventLog } from './jetstream-event-log.js';

const CHAPTER_MS = 60_000;

describe('JetStreamEventLog: faults', { timeout: CHAPTER_MS }, () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let log: EventLog;

  beforeEach(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'event-log faults' });
    await provision(nats);
    log = new JetStreamEventLog(nats);
  });
  afterEach(async () => {
    await nats.close();
    await server.stop();
  });

  const publishRaw = (subject: string, bytes: Uint8Array | string, id: string, last: number) =>
    jetstream(nats).publish(subject, bytes, { msgID: id, expect: { lastSubjectSequence: last } });

  /** Appends one after the other, keeping each head that was acknowledged. */
  async function writeAll(stream: StreamName, times: number, acked: StreamHead[]): Promise<void> {
    let head = EMPTY_HEAD;
    for (let i = 0; i < times; i += 1) {
      head = await log.append(stream, head, draft(`n${i + 1}`));
      acked.push(head);
    }
  }

  async function expectWhole(
    stream: StreamName & { readonly writer: 'exec' },
    acked: readonly StreamHead[],
  ): Promise<void> {
    const commits = await collect(log.read(stream));
    expect(commits.map(({ head }) => head)).toEqual(acked);
    expect(commits.map(({ prev }) => prev)).toEqual(['', ...acked.slice(0, -1).map(({ hash }) => hash)]);
    const reasons = commits.flatMap(({ events }) => events.map((event) => ('reason' in event ? event.reason : '')));
    expect(reasons).toEqual(acked.map(({ rev }) => `n${rev}`));
  }

  it('finds its first try behind error 10071, which is what newer servers answer', async () => {
    const stream = freshStream('exec');
    const manager = await jetstreamManager(nats);
    // Once the window has passed a server of any version answers a repeated id with 10071.
    await manager.streams.update(STREAMS.log, { duplicate_window: nanos(100) });
    const commit = draft('a');
    const head = await log.append(stream, EMPTY_HEAD, commit);
    await vi.waitUntil(async () => {
      const error: unknown = await publishRaw(SUBJECTS.log(stream), 'x', commit.id, 0).then(
        () => undefined,
        (e: unknown) => e,
      );
      return isWrongLastSequence(error);
    });
    expect(await log.append(stream, EMPTY_HEAD, commit)).toEqual(head);
    await expect(log.append(stream, EMPTY_HEAD, draft('b'))).rejects.toMatchObject({ code: 'CONCURRENCY_CONFLICT' });
  });

  it('finds a first try whose answer was lost', async () => {
    const stream = freshStream('exec');
    const commit = draft('a');
    const { bytes, headAt } = encodeNext(stream, EMPTY_HEAD, commit);
    const { seq } = await publishRaw(SUBJECTS.log(stream), bytes, commit.id, 0);
    expect(await log.append(stream, EMPTY_HEAD, commit)).toEqual(headAt(seq));
  });

  it('appends through kill -9 of the server: nothing acknowledged is lost, nothing stands twice', async () => {
    const streams = Array.from({ length: 4 }, () => freshStream('exec'));
    const acked = streams.map((): StreamHead[] => []);
    const writing = Promise.all(streams.map((stream, i) => writeAll(stream, 150, acked[i] ?? [])));
    for (const enough of [100, 300]) {
      await vi.waitUntil(() => acked.flat().length > enough, { interval: 1, timeout: CHAPTER_MS });
      await server.kill();
      await server.restart();
    }
    await writing;
    for (const [i, stream] of streams.entries()) await expectWhole(stream, acked[i] ?? []);
    expect(await log.position()).toBe(600);
  });

  it('follows through kill -9 of the server without a loss or a double', async () => {
    const stream = freshStream('exec');
    const acked: StreamHead[] = [];
    const options = { shards: [stream.shard], from: 1 };
    const seen: Followed[] = [];
    const following = followUntil(log, options, (items) => {
      seen.splice(0, seen.length, ...items);
      return items.length === 401;
    });
    const writing = writeAll(stream, 400, acked);
    await vi.waitUntil(() => seen.length > 100, { interval: 1, timeout: CHAPTER_MS });
    await server.kill();
    await server.restart();
    await Promise.all([writing, following]);
    expect(seen.flatMap((item) => (item.kind === 'commit' ? [item.commit.head.rev] : []))).toEqual(
      acked.map(({ rev }) => rev),
    );
    expect(seen.filter(({ kind }) => kind === 'live')).toHaveLength(1);
  });

  it('reads through kill -9 of the server', async () => {
    const stream = freshStream('exec');
    const acked: StreamHead[] = [];
    await writeAll(stream, 1_200, acked);
    let read = 0;
    for await (const { head } of log.read(stream)) {
      read += 1;
      expect(head).toEqual(acked[read - 1]);
      if (read !== 200) continue;
      await server.kill();
      await server.restart();
    }
    expect(read).toBe(1_200);
  });

  it('gives up with LOG_UNAVAILABLE within its bound, and the same commit succeeds later', async () => {
    const impatient = new JetStreamEventLog(nats, { boundMs: 400, tryMs: 200 });
    const stream = freshStream('exec');
    const commit = draft('a');
    await server.kill();
    await expect(impatient.append(stream, EMPTY_HEAD, commit)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    await expect(impatient.last(stream)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    await server.restart();
    expect(await log.append(stream, EMPTY_HEAD, commit)).toMatchObject({ rev: 1, position: 1 });
    expect(await log.position()).toBe(1);
  });

  it('stops with LOG_MISSING when the log is deleted, and does not take a new one for it', async () => {
    const stream = freshStream('exec');
    const head = await appendMany(log, stream, EMPTY_HEAD, 3);
    const manager = await jetstreamManager(nats);
    const missing = { code: 'LOG_MISSING' };
    const following = followUntil(log, { shards: ALL_SHARDS, from: 1 }, (items) => {
      if (items.at(-1)?.kind === 'live') void manager.streams.delete(STREAMS.log);
      return false;
    });
    await expect(following).rejects.toMatchObject(missing);
    await expect(log.append(stream, head, draft('x'))).rejects.toMatchObject(missing);
    await expect(collect(log.read(stream))).rejects.toMatchObject(missing);
    await expect(log.last(stream)).rejects.toMatchObject(missing);
    await expect(provision(nats)).rejects.toMatchObject(missing);
    await manager.streams.add({ name: STREAMS.log, subjects: [SUBJECTS.wholeLog] });
    await expect(log.position()).rejects.toMatchObject(missing);
  });

  describe('when the store is put back to an older copy', () => {
    const stream = freshStream('exec');
    let kept: StreamHead;
    let lost: StreamHead;

    /** Five commits stay, three are lost; `before` is done while all eight stand there. */
    async function lose(before: () => Promise<void> = async () => undefined): Promise<void> {
      kept = await appendMany(log, stream, EMPTY_HEAD, 5);
      await server.kill();
      const backup = `${server.storeDir}-backup`;
      await cp(server.storeDir, backup, { recursive: true });
      await server.restart();
      lost = await appendMany(log, stream, kept, 3);
      await before();
      await server.kill();
      await rm(server.storeDir, { recursive: true });
      await cp(backup, server.storeDir, { recursive: true });
    }

    function following(
      of: EventLog,
      options: Partial<FollowOptions> = {},
    ): { seen: Followed[]; failure: Promise<unknown> } {
      const seen: Followed[] = [];
      const ended = followUntil(of, { shards: ALL_SHARDS, from: 1, ...options }, (items) => {
        seen.splice(0, seen.length, ...items);
        return false;
      });
      return {
        seen,
        failure: ended.then(
          () => undefined,
          (error: unknown) => error,
        ),
      };
    }

    const regressed = (seen: number, position: number) => ({ code: 'LOG_REGRESSED', details: { seen, position } });

    it('C16 tells every follower, once, that the log lost its tail', async () => {
      const [first, second] = [following(log), following(log)];
      await lose(async () => {
        for (const { seen } of [first, second]) await vi.waitUntil(() => seen.length === 9, { timeout: CHAPTER_MS });
      });
      await server.restart();
      expect(await first.failure).toMatchObject(regressed(8, 5));
      expect(await second.failure).toMatchObject(regressed(8, 5));
      await followUntil(log, { shards: ALL_SHARDS, from: 1 }, (items) => items.at(-1)?.kind === 'live');
    });

    it('C16 finds out although the log has grown past that place since', async () => {
      const { seen, failure } = following(log);
      await lose(() => vi.waitUntil(() => seen.length === 9, { timeout: CHAPTER_MS }).then(() => undefined));
      // Somebody who never saw the tail is there first, on an address of its own until it has written.
      const quick = await startNatsServer({ storeDir: server.storeDir });
      const other = await connectNats({ servers: quick.url, name: 'quick' });
      await appendMany(new JetStreamEventLog(other), stream, kept, 6);
      await other.close();
      await quick.kill();
      await server.restart();
      expect(await failure).toMatchObject(regressed(8, 11));
      await quick.stop();
    });

    it('C16 finds out by what was written, though no follower had come so far', async () => {
      const { failure } = following(log, { writers: ['notice'] });
      await lose();
      await server.restart();
      expect(await failure).toMatchObject(regressed(8, 5));
    });

    it('C16 is noticed by a fresh process that remembers the last place', async () => {
      await lose();
      await server.restart();
      const fresh = new JetStreamEventLog(nats);
      expect(await following(fresh, { after: lost }).failure).toMatchObject(regressed(8, 5));
      await appendMany(fresh, stream, kept, 4);
      expect(await following(fresh, { after: lost }).failure).toMatchObject(regressed(8, 9));
      await followUntil(fresh, { shards: ALL_SHARDS, from: 1, after: kept }, (items) => items.at(-1)?.kind === 'live');
    });

    it('does not take a write of the moment for a loss', async () => {
      const { seen } = following(log);
      let head = EMPTY_HEAD;
      for (let restarts = 0; restarts < 3; restarts += 1) {
        const writing = appendMany(log, stream, head, 30);
        await server.restart();
        head = await writing;
      }
      await vi.waitUntil(() => seen.length === 91, { timeout: CHAPTER_MS });
    });

    it('takes what was archived for there', async () => {
      const head = await appendMany(log, stream, EMPTY_HEAD, 2);
      await appendMany(log, freshStream('exec'), EMPTY_HEAD, 1);
      await (await jetstreamManager(nats)).streams.purge(STREAMS.log, { filter: SUBJECTS.log(stream) });
      await followUntil(log, { shards: ALL_SHARDS, from: 1, after: head }, (items) => items.at(-1)?.kind === 'live');
    });
  });

  it('refuses what Sluice did not write', async () => {
    const [garbled, misplaced] = [freshStream('exec'), freshStream('exec')];
    await publishRaw(SUBJECTS.log(garbled), 'not a commit', freshId(), 0);
    const foreign = encodeNext(freshStream('exec'), EMPTY_HEAD, { id: freshId(), at: AT, events: [paused('a')] });
    await publishRaw(SUBJECTS.log(misplaced), foreign.bytes, freshId(), 0);
    for (const stream of [garbled, misplaced]) {
      const error: unknown = await collect(log.read(stream)).then(
        () => undefined,
        (e: unknown) => e,
      );
      expect(isSluiceError(error, 'BAD_COMMIT')).toBe(true);
    }
  });
});
