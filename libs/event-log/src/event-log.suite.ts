import { ALL_SHARDS, EMPTY_HEAD, MAX_COMMIT_EVENTS, shardName, shardOfGroup } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventLog, Followed } from './port.js';
import { appendMany, AT, collect, draft, followUntil, freshId, freshStream, paused, shortOf } from './samples.suite.js';

export interface LogUnderTest {
  readonly log: EventLog;
  close(): Promise<void>;
}

const withCode = (code: string) => expect.toSatisfy((error: unknown) => isSluiceError(error, code), `code ${code}`);

/** In order, and none twice: positions grow, and need not be dense. */
const growing = (positions: readonly number[]): number[] => [...new Set(positions)].toSorted((a, b) => a - b);

const isLive = (item: Followed | undefined): boolean => item?.kind === 'live';

/** What every EventLog must do, whatever it stands on. */
export function describeEventLog(name: string, make: () => Promise<LogUnderTest>): void {
  describe(`EventLog: ${name}`, () => {
    let made: LogUnderTest;
    let log: EventLog;
    beforeAll(async () => {
      made = await make();
      ({ log } = made);
    });
    afterAll(() => made.close());

    describeAppend(() => log);
    describeRead(() => log);
    describeFollow(() => log);
  });
}

function describeAppend(theLog: () => EventLog): void {
  it('gives the new head: rev, position, hash and time', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    const before = await log.position();
    const first = await log.append(stream, EMPTY_HEAD, draft('a'));
    const second = await log.append(stream, first, draft('b', AT + 5));
    const hash: unknown = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(first).toEqual({ rev: 1, position: expect.any(Number) as unknown, hash, at: AT });
    expect(second).toMatchObject({ rev: 2, at: AT + 5 });
    expect([before, first.position, second.position]).toEqual(growing([before, first.position, second.position]));
    expect(await log.position()).toBe(second.position);
  });

  it('refuses a stale head with CONCURRENCY_CONFLICT and writes nothing', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    const first = await log.append(stream, EMPTY_HEAD, draft('a'));
    await expect(log.append(stream, EMPTY_HEAD, draft('b'))).rejects.toEqual(withCode('CONCURRENCY_CONFLICT'));
    const second = await log.append(stream, first, draft('c'));
    await expect(log.append(stream, first, draft('d'))).rejects.toEqual(withCode('CONCURRENCY_CONFLICT'));
    expect(await log.position()).toBe(second.position);
  });

  it('lets one of several concurrent writers through', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    const results = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((reason) => log.append(stream, EMPTY_HEAD, draft(reason))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await collect(log.read(stream))).toHaveLength(1);
  });

  it('answers an append whose first try landed with the same head, even when others wrote since', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    const first = draft('a');
    const head = await log.append(stream, EMPTY_HEAD, first);
    expect(await log.append(stream, EMPTY_HEAD, first)).toEqual(head);
    const second = await log.append(stream, head, draft('b'));
    expect(await log.append(stream, EMPTY_HEAD, first)).toEqual(head);
    expect(await log.position()).toBe(second.position);
  });

  it('refuses a commit id that stands elsewhere in the log', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    const first = draft('a');
    const head = await log.append(stream, EMPTY_HEAD, first);
    await expect(log.append(freshStream('exec'), EMPTY_HEAD, first)).rejects.toEqual(withCode('INVARIANT_BROKEN'));
    await expect(log.append(stream, head, first)).rejects.toEqual(withCode('INVARIANT_BROKEN'));
  });

  it('never goes back in time within a stream', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    const first = await log.append(stream, EMPTY_HEAD, draft('a', AT + 100));
    expect(await log.append(stream, first, draft('b', AT))).toMatchObject({ at: AT + 100 });
  });

  it('refuses a commit that is too large or empty before it is sent', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    const many = { id: freshId(), at: AT, events: Array.from({ length: MAX_COMMIT_EVENTS + 1 }, () => paused('x')) };
    const heavy = { id: freshId(), at: AT, events: [paused('x'.repeat(600_000))] };
    for (const tooMuch of [many, heavy, { ...heavy, events: [] }]) {
      await expect(log.append(stream, EMPTY_HEAD, tooMuch)).rejects.toEqual(withCode('COMMIT_TOO_LARGE'));
    }
    expect(await log.last(stream)).toBeUndefined();
  });

  it('takes a commit of just under 512 KiB', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    const big = { id: freshId(), at: AT, events: [paused('x'.repeat(500_000))] };
    const head = await log.append(stream, EMPTY_HEAD, big);
    expect((await log.last(stream))?.head).toEqual(head);
  });
}

function describeRead(theLog: () => EventLog): void {
  it('reads a stream in order with its hash chain, and no other stream', async () => {
    const log = theLog();
    const [stream, other] = [freshStream('exec'), freshStream('exec')];
    let head = EMPTY_HEAD;
    for (let i = 1; i <= 20; i += 1) {
      head = await appendMany(log, stream, head, 1);
      if (i === 7) await appendMany(log, other, EMPTY_HEAD, 3);
    }
    const commits = await collect(log.read(stream));
    expect(commits.map((commit) => commit.head.rev)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(commits.map(({ prev }) => prev)).toEqual(['', ...commits.slice(0, -1).map((commit) => commit.head.hash)]);
    expect(commits.at(-1)?.head).toEqual(head);
    expect(commits[3]?.events).toEqual([{ type: 'RolloutPaused', reason: 'n4' }]);
    expect(commits[3]?.meta).toEqual([{ by: { id: 'ana', kind: 'user' }, cause: 'c1', corr: 'q1' }]);
    expect(commits[3]?.stream).toEqual(stream);
  });

  it('reads from a rev on, and nothing behind the end', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    await appendMany(log, stream, EMPTY_HEAD, 5);
    expect((await collect(log.read(stream, 4))).map(({ head }) => head.rev)).toEqual([4, 5]);
    expect(await collect(log.read(stream, 6))).toEqual([]);
  });

  it('answers at once for a stream that nobody has written', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    expect(await collect(log.read(stream))).toEqual([]);
    expect(await log.last(stream)).toBeUndefined();
  });

  it('gives the last commit', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    const head = await appendMany(log, stream, EMPTY_HEAD, 3);
    const last = await log.last(stream);
    expect(last?.head).toEqual(head);
    expect(last?.events).toEqual([{ type: 'RolloutPaused', reason: 'n3' }]);
  });
}

function describeFollow(theLog: () => EventLog): void {
  it('catches up, says live once, and goes on', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    const from = (await log.position()) + 1;
    const head = await appendMany(log, stream, EMPTY_HEAD, 3);
    const seen: Followed[] = [];
    const stop = new AbortController();
    for await (const item of log.follow({ shards: [stream.shard], id: stream.id, from, signal: stop.signal })) {
      seen.push(item);
      if (isLive(item)) void appendMany(log, stream, head, 2);
      if (seen.length === 6) stop.abort();
    }
    expect(seen.map(shortOf)).toEqual(['exec 1', 'exec 2', 'exec 3', 'live', 'exec 4', 'exec 5']);
    expect(seen[3]).toEqual({ kind: 'live', position: head.position });
  });

  it('says live when nothing matches, and serves a reader that starts before the writer', async () => {
    const log = theLog();
    const stream = freshStream('exec');
    const options = { shards: [stream.shard], id: stream.id, from: 0 };
    const seen = followUntil(log, options, (items) => items.length === 3);
    await followUntil(log, options, (items) => isLive(items[0]));
    await appendMany(log, stream, EMPTY_HEAD, 2);
    expect((await seen).map(shortOf)).toEqual(['live', 'exec 1', 'exec 2']);
  });

  it('follows shards and writers, and skips what it was not asked for', async () => {
    const log = theLog();
    const [mine, other] = [freshStream('exec', 'group-a'), freshStream('exec', 'group-b')];
    expect(mine.shard).not.toBe(other.shard);
    const notice = { ...mine, writer: 'notice' as const };
    const from = (await log.position()) + 1;
    await appendMany(log, other, EMPTY_HEAD, 2);
    await appendMany(log, mine, EMPTY_HEAD, 2);
    await log.append(notice, EMPTY_HEAD, draft('n'));
    const live = (items: readonly Followed[]): boolean => isLive(items.at(-1));
    const execOfMine = await followUntil(log, { shards: [mine.shard], writers: ['exec'], from }, live);
    expect(execOfMine.map(shortOf)).toEqual(['exec 1', 'exec 2', 'live']);
    const shards = [mine.shard, other.shard];
    expect((await followUntil(log, { shards, from }, live)).map(shortOf)).toEqual([
      ...['exec 1', 'exec 2', 'exec 1', 'exec 2'],
      ...['notice 1', 'live'],
    ]);
    const notices = await followUntil(log, { shards: ALL_SHARDS, writers: ['notice', 'plan'], from }, live);
    expect(notices.map(shortOf)).toEqual(['notice 1', 'live']);
    expect(await followUntil(log, { shards: ALL_SHARDS, from }, live)).toHaveLength(6);
    const empty = shardName((Number(shardOfGroup('group-a')) + 1) % 16);
    expect((await followUntil(log, { shards: [empty], writers: ['gate'], from }, live)).map(shortOf)).toEqual(['live']);
  });

  it('tells the last commit of each stream at least, then all that comes', async () => {
    const log = theLog();
    const [a, b] = [freshStream('notice', 'latest'), freshStream('notice', 'latest')];
    const ends = [await appendMany(log, a, EMPTY_HEAD, 3), await appendMany(log, b, EMPTY_HEAD, 2)];
    const head = await appendMany(log, a, ends[0] ?? EMPTY_HEAD, 1);
    const stop = new AbortController();
    const seen: Followed[] = [];
    const options = { shards: [a.shard], writers: ['notice'], from: 0, latest: true, signal: stop.signal } as const;
    for await (const item of log.follow(options)) {
      seen.push(item);
      if (isLive(item)) void appendMany(log, a, head, 2);
      if (item.kind === 'commit' && item.commit.stream.id === a.id && item.commit.head.rev === 6) stop.abort();
    }
    const ofA = seen.filter((item) => item.kind === 'live' || item.commit.stream.id === a.id).map(shortOf);
    expect(ofA.slice(-4)).toEqual(['notice 4', 'live', 'notice 5', 'notice 6']);
    const ofB = seen.filter((item) => item.kind === 'commit' && item.commit.stream.id === b.id).map(shortOf);
    expect(ofB.at(-1)).toBe('notice 2');
  });

  it('keeps the order and loses nothing while it is written to', async () => {
    const log = theLog();
    const [a, b] = [freshStream('exec', 'x'), freshStream('exec', 'x')];
    const from = (await log.position()) + 1;
    const writing = Promise.all([appendMany(log, a, EMPTY_HEAD, 40), appendMany(log, b, EMPTY_HEAD, 40)]);
    const seen = await followUntil(log, { shards: [a.shard], from }, (items) => items.length === 81);
    await writing;
    const positions = seen.flatMap((item) => (item.kind === 'commit' ? [item.commit.head.position] : []));
    expect(positions).toHaveLength(80);
    expect(positions).toEqual(growing(positions));
    expect(positions[0]).toBeGreaterThanOrEqual(from);
    expect(seen.filter(isLive)).toHaveLength(1);
  });

  it('ends when its signal aborts, also while it waits', async () => {
    const log = theLog();
    const stop = new AbortController();
    const seen: Followed[] = [];
    for await (const item of log.follow({
      shards: ALL_SHARDS,
      from: (await log.position()) + 1,
      signal: stop.signal,
    })) {
      seen.push(item);
      queueMicrotask(() => stop.abort());
    }
    expect(seen.map(shortOf)).toEqual(['live']);
  });

  it('refuses to begin behind the end of the log with LOG_REGRESSED', async () => {
    const log = theLog();
    const from = (await log.position()) + 2;
    await expect(followUntil(log, { shards: ALL_SHARDS, from }, () => true)).rejects.toEqual(withCode('LOG_REGRESSED'));
  });
}
