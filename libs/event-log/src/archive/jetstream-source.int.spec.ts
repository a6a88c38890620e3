import type { NatsConnection } from '@nats-io/nats-core';
import { EMPTY_HEAD, type StreamHead } from '@sluice/contracts';
import { connectNats, provision } from '@sluice/messaging';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { JetStreamEventLog } from '../jetstream/jetstream-event-log.js';
import { appendMany, collect, draft, freshStream, shortOf } from '../samples.suite.js';
import { JetStreamArchiveSource } from './jetstream-source.js';

const MANY = 1_200;

describe('the log on JetStream, shortened', { timeout: 60_000 }, () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let log: JetStreamEventLog;
  let source: JetStreamArchiveSource;
  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'archive source' });
    await provision(nats);
    log = new JetStreamEventLog(nats);
    source = new JetStreamArchiveSource(nats);
  }, 60_000);
  afterAll(async () => {
    await nats.close();
    await server.stop();
  });

  /** Appends six commits; the heads after none, one, ... of them. */
  async function headsOf(stream: ReturnType<typeof freshStream>): Promise<readonly StreamHead[]> {
    const heads = [EMPTY_HEAD];
    for (let rev = 1; rev <= 6; rev += 1)
      heads.push(await log.append(stream, heads.at(-1) ?? EMPTY_HEAD, draft(`n${rev}`)));
    return heads;
  }

  it('gives the bytes of all writers of an id, and takes them away up to a place, again and again', async () => {
    const stream = freshStream('exec');
    const other = freshStream('exec');
    await log.append({ ...stream, writer: 'plan' }, EMPTY_HEAD, draft('planned'));
    const head = await appendMany(log, stream, EMPTY_HEAD, 3);
    const kept = await appendMany(log, other, EMPTY_HEAD, 2);
    const raw = await collect(source.raw(stream));
    expect(raw.map(({ stream: of }) => of.writer)).toEqual(['plan', 'exec', 'exec', 'exec']);
    await source.purge({ ...stream, writer: 'plan' }, head.position);
    for (let i = 0; i < 2; i += 1) await source.purge(stream, head.position - 1);
    expect((await collect(source.raw(stream))).map(({ position }) => position)).toEqual([head.position]);
    expect((await log.append(stream, head, draft('goes on'))).rev).toBe(4);
    expect((await collect(log.read(stream))).map(({ head: { rev } }) => rev)).toEqual([3, 4]);
    expect((await log.last(other))?.head).toEqual(kept);
  });

  it('takes exactly what it is told from among many streams', async () => {
    const streams = Array.from({ length: 60 }, () => freshStream('exec'));
    const heads = await Promise.all(streams.map(headsOf));
    const purgedTo = (i: number): number => [0, 6, 3, 0, 1, 6][i % 6] ?? 0;
    for (const [i, stream] of streams.entries()) {
      const through = heads[i]?.[purgedTo(i)]?.position ?? 0;
      if (through > 0) await source.purge(stream, through);
    }
    for (const [i, stream] of streams.entries()) {
      const left = (await collect(log.read(stream))).map(({ head }) => head);
      expect(left, `stream ${i}`).toEqual(heads[i]?.slice(1 + purgedTo(i)));
    }
  });

  it('a read comes to its end when what it would still read is taken away meanwhile', async () => {
    const stream = freshStream('exec');
    const head = await appendMany(log, stream, EMPTY_HEAD, MANY);
    let read = 0;
    for await (const { head: at } of log.read(stream)) {
      read = at.rev;
      if (read === 1) await source.purge(stream, head.position);
    }
    expect(read).toBeLessThan(MANY);
  });

  it('and so does the past of a follow: it goes live', async () => {
    const stream = freshStream('exec');
    const from = (await log.position()) + 1;
    const head = await appendMany(log, stream, EMPTY_HEAD, MANY);
    const stop = new AbortController();
    let last = '';
    for await (const item of log.follow({ shards: [stream.shard], from, signal: stop.signal })) {
      if (last === '') await source.purge(stream, head.position);
      last = shortOf(item);
      if (last === 'live') break;
    }
    expect(last).toBe('live');
  });
});
