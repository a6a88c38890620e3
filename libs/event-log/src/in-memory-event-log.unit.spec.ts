import { ALL_SHARDS, EMPTY_HEAD } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { describeEventLog } from './event-log.suite.js';
import { InMemoryEventLog } from './in-memory-event-log.js';
import type { LogPlace } from './port.js';
import { appendMany, collect, draft, followUntil, freshStream, shortOf } from './samples.suite.js';

describeEventLog('in memory', () => Promise.resolve({ log: new InMemoryEventLog(), close: () => Promise.resolve() }));

describe('InMemoryEventLog: faults', () => {
  const stream = freshStream('exec');

  it('fails an append before it lands: nothing is written, and the retry writes it', async () => {
    const log = new InMemoryEventLog();
    const commit = draft('a');
    log.faults.failNextAppend('before');
    await expect(log.append(stream, EMPTY_HEAD, commit)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(await log.position()).toBe(0);
    expect(await log.append(stream, EMPTY_HEAD, commit)).toMatchObject({ rev: 1 });
  });

  it('fails an append after it landed: the retry finds it', async () => {
    const log = new InMemoryEventLog();
    const commit = draft('a');
    log.faults.failNextAppend('after');
    await expect(log.append(stream, EMPTY_HEAD, commit)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(await log.position()).toBe(1);
    expect(await log.append(stream, EMPTY_HEAD, commit)).toMatchObject({ rev: 1, position: 1 });
    expect(await log.position()).toBe(1);
  });

  it('loses its tail: what was taken is gone, heads behind it conflict, and followers are told', async () => {
    const log = new InMemoryEventLog();
    const other = freshStream('exec', 'other');
    const kept = await appendMany(log, stream, EMPTY_HEAD, 2);
    await appendMany(log, other, EMPTY_HEAD, 1);
    const lost = await appendMany(log, stream, kept, 2);
    const following = followUntil(log, { shards: ALL_SHARDS, from: 1 }, () => false);
    await log.position();
    log.truncateTail(2);
    await expect(following).rejects.toMatchObject({ code: 'LOG_REGRESSED' });
    expect(await log.position()).toBe(3);
    expect((await log.last(stream))?.head).toEqual(kept);
    expect(await collect(log.read(other))).toHaveLength(1);
    await expect(log.append(stream, lost, draft('x'))).rejects.toMatchObject({ code: 'CONCURRENCY_CONFLICT' });
    expect(await log.append(stream, kept, draft('y'))).toMatchObject({ rev: 3, position: 4 });
  });

  it('knows what stood in it: a follow that begins after another commit than the one at that place is refused', async () => {
    const log = new InMemoryEventLog();
    const kept = await appendMany(log, stream, EMPTY_HEAD, 2);
    const lost = await appendMany(log, stream, kept, 2);
    const follow = (after: LogPlace): Promise<unknown> =>
      followUntil(log, { shards: ALL_SHARDS, from: 1, after }, (items) => items.at(-1)?.kind === 'live');
    await follow(lost);
    log.truncateTail(2);
    await expect(follow(lost)).rejects.toMatchObject({ code: 'LOG_REGRESSED', details: { seen: 4, position: 2 } });
    await appendMany(log, stream, kept, 3);
    await expect(follow(lost)).rejects.toMatchObject({ code: 'LOG_REGRESSED', details: { seen: 4, position: 5 } });
    await follow(kept);
    await follow(EMPTY_HEAD);
  });

  it('is missing when told so', async () => {
    const log = new InMemoryEventLog();
    const following = followUntil(log, { shards: ALL_SHARDS, from: 1 }, () => false);
    await log.position();
    log.faults.setMissing(true);
    await expect(following).rejects.toMatchObject({ code: 'LOG_MISSING' });
    await expect(log.append(stream, EMPTY_HEAD, draft('a'))).rejects.toMatchObject({ code: 'LOG_MISSING' });
    await expect(collect(log.read(stream))).rejects.toMatchObject({ code: 'LOG_MISSING' });
  });

  it('needs no timer: a thousand appends and their follow settle within microtasks', async () => {
    const log = new InMemoryEventLog();
    let isNextTurn = false;
    const timer = setImmediate(() => (isNextTurn = true));
    const seen = followUntil(log, { shards: [stream.shard], from: 0 }, (items) => items.length === 1_001);
    await appendMany(log, stream, EMPTY_HEAD, 1_000);
    expect((await seen).map(shortOf).at(-1)).toBe('exec 1000');
    expect(isNextTurn).toBe(false);
    clearImmediate(timer);
  });
});
