import type { NatsConnection } from '@nats-io/nats-core';
import { EMPTY_HEAD, sha256 } from '@sluice/contracts';
import { connectNats, provision } from '@sluice/messaging';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { JetStreamArchiveSource } from '../archive/jetstream-source.js';
import { appendMany, collect, draft, freshStream } from '../samples.suite.js';
import { JetStreamEventLog } from './jetstream-event-log.js';
import { rawLog } from './raw-log.js';

describe('the log on JetStream as bytes', { timeout: 60_000 }, () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'raw log' });
    await provision(nats);
  }, 60_000);
  afterAll(async () => {
    await nats.close();
    await server.stop();
  });

  it('is read to its end, byte for byte, also when something was taken from it', async () => {
    expect(await collect(rawLog(nats))).toEqual([]);
    const log = new JetStreamEventLog(nats);
    const [one, other] = [freshStream('exec'), freshStream('plan')];
    const first = await appendMany(log, one, EMPTY_HEAD, 600);
    const second = await log.append(other, EMPTY_HEAD, draft('planned'));
    const head = await log.append(one, first, draft('last'));
    const commits = await collect(rawLog(nats));
    expect(commits.map(({ position }) => position)).toEqual(Array.from({ length: 602 }, (_, i) => i + 1));
    expect(commits.slice(-2).map(({ bytes }) => sha256(bytes))).toEqual([second.hash, head.hash]);
    expect(commits.at(-2)?.stream).toEqual(other);
    expect((await collect(rawLog(nats, 601))).map(({ position }) => position)).toEqual([601, 602]);
    expect(await collect(rawLog(nats, 603))).toEqual([]);
    await new JetStreamArchiveSource(nats).purge(one, first.position);
    expect((await collect(rawLog(nats))).map(({ position }) => position)).toEqual([601, 602]);
    await new JetStreamArchiveSource(nats).purge(one, head.position);
    await new JetStreamArchiveSource(nats).purge(other, second.position);
    expect(await collect(rawLog(nats))).toEqual([]);
  });
});
