import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS, STREAMS, SUBJECTS } from '@sluice/contracts';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { connectNats } from './connect.js';
import { provision } from './provision.js';
import { streamSpecs } from './stream-specs.js';

describe('connectNats and provision', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  beforeEach(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'provision test' });
  });
  afterEach(async () => {
    await nats.close();
    await server.stop();
  });

  const all = streamSpecs().map(({ name }) => name);

  it('creates all streams and buckets once', async () => {
    const first = await provision(nats);
    expect(first.created.toSorted()).toEqual(all.toSorted());
    expect(await provision(nats)).toEqual({ created: [], updated: [], warnings: [] });
  });

  it('may be run by several services at once', async () => {
    const others = await Promise.all([1, 2, 3, 4].map(() => connectNats({ servers: server.url, name: 'other' })));
    const results = await Promise.allSettled([nats, ...others].map((connection) => provision(connection)));
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    await Promise.all(others.map((other) => other.close()));
  });

  it('updates what differs where that is safe, and refuses the rest', async () => {
    const manager = await jetstreamManager(nats);
    await provision(nats, { notifyRetentionMs: 3_600_000 });
    expect((await provision(nats)).updated).toEqual([STREAMS.notify]);
    await manager.streams.update(STREAMS.notify, { max_age: 0 });
    await expect(provision(nats)).rejects.toMatchObject({ code: 'STREAM_MISMATCH', details: { fields: ['max_age'] } });
  });

  it('does not create a log anew that this installation had', async () => {
    const manager = await jetstreamManager(nats);
    await provision(nats);
    await manager.streams.delete(STREAMS.log);
    await expect(provision(nats)).rejects.toMatchObject({ code: 'LOG_MISSING' });
    await manager.streams.delete(`KV_${BUCKETS.meta}`);
    await expect(provision(nats, { rememberedPosition: 7 })).rejects.toMatchObject({ code: 'LOG_MISSING' });
    await expect(manager.streams.info(STREAMS.log)).rejects.toThrow('stream not found');
    expect((await provision(nats)).created).toContain(STREAMS.log);
  });

  it('keeps what the log holds from being deleted', async () => {
    const manager = await jetstreamManager(nats);
    await provision(nats);
    const { seq } = await manager.jetstream().publish(SUBJECTS.log({ shard: '00', writer: 'exec', id: 'r00-x' }), 'x');
    await expect(manager.streams.deleteMessage(STREAMS.log, seq)).rejects.toThrow('message delete not permitted');
  });

  it('tells where it looked when no server answers', async () => {
    await server.kill();
    const connecting = connectNats({ servers: server.url, name: 'late', waitMs: 600 });
    await expect(connecting).rejects.toMatchObject({ code: 'NATS_UNAVAILABLE' });
  });

  it('waits for a server that comes late', async () => {
    await server.kill();
    const connecting = connectNats({ servers: server.url, name: 'patient', waitMs: 15_000 });
    await server.restart();
    await (await connecting).close();
  });

  it('says so when JetStream is not there', async () => {
    const other = await startNatsServer({
      configExtra: 'accounts { PLAIN { users [{user: a, password: b}] } }\nno_auth_user: a',
    });
    const plain = await connectNats({ servers: other.url, name: 'no jetstream' });
    await expect(provision(plain)).rejects.toMatchObject({ code: expect.stringMatching(/^NATS_/) });
    await plain.close();
    await other.stop();
  });
});
