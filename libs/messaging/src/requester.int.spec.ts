import type { NatsConnection } from '@nats-io/nats-core';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connectNats } from './connect.js';
import { Requester } from './requester.js';

const readNumber = (bytes: Uint8Array): number => {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof value !== 'number') throw new Error('no number');
  return value;
};

describe('Requester', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let other: NatsConnection;

  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'asks' });
    other = await connectNats({ servers: server.url, name: 'answers' });
    other.subscribe('double', { callback: (_, message) => void message.respond(String(2 * message.json<number>())) });
    other.subscribe('text', { callback: (_, message) => void message.respond('"x"') });
    other.subscribe('silent', { callback: () => undefined });
    await other.flush();
  });
  afterAll(async () => {
    await Promise.all([nats.close(), other.close()]);
    await server.stop();
  });

  it('gives each of many requests its own answer', async () => {
    const requester = new Requester(nats, 5_000);
    const asked = Array.from({ length: 2_000 }, (_, i) => requester.request('double', String(i), readNumber));
    const answers = await Promise.all(asked);
    expect(answers).toEqual(Array.from({ length: 2_000 }, (_, i) => ({ kind: 'answer', value: 2 * i })));
  });

  it('says at once that nobody listens', async () => {
    const requester = new Requester(nats, 60_000);
    expect(await requester.request('nobody', '1', readNumber)).toEqual({ kind: 'unreachable' });
  });

  it('says that there was no answer when it does not come in time, and goes on', async () => {
    const requester = new Requester(nats, 100);
    const silent = [requester.request('silent', '1', readNumber), requester.request('silent', '2', readNumber)];
    expect(await Promise.all(silent)).toEqual([{ kind: 'noAnswer' }, { kind: 'noAnswer' }]);
    expect(await requester.request('double', '4', readNumber)).toEqual({ kind: 'answer', value: 8 });
  });

  it('refuses an answer that cannot be read', async () => {
    const requester = new Requester(nats, 5_000);
    await expect(requester.request('text', '1', readNumber)).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  });

  it('refuses to send over a closed connection', async () => {
    const closed = await connectNats({ servers: server.url, name: 'closed' });
    await closed.close();
    const requester = new Requester(closed, 5_000);
    await expect(requester.request('double', '1', readNumber)).rejects.toMatchObject({ code: 'NATS_UNAVAILABLE' });
  });
});
