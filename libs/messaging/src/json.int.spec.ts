import type { NatsConnection } from '@nats-io/nats-core';
import { SluiceError } from '@sluice/kernel';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connectNats } from './connect.js';
import { requestJson } from './request-json.js';
import { serveJson } from './serve-json.js';

describe('requestJson and serveJson', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let other: NatsConnection;
  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'caller' });
    other = await connectNats({ servers: server.url, name: 'callee' });
  });
  afterAll(async () => {
    await nats.close();
    await other.close();
    await server.stop();
  });

  const ask = (subject: string, body: unknown = {}) => requestJson(nats, subject, body, { timeoutMs: 5_000 });

  it('carries a value there and another back, with the subject that it came on', async () => {
    const service = serveJson(other, 'test.echo.*', (body, subject) => ({ body, subject }));
    await other.flush();
    const value = { body: { a: 'ä' }, subject: 'test.echo.x' };
    expect(await ask('test.echo.x', { a: 'ä' })).toEqual({ kind: 'answer', value });
    await service.stop();
    expect(await ask('test.echo.x')).toEqual({ kind: 'unreachable' });
  });

  it('tells nobody there from no answer', async () => {
    const service = serveJson(other, 'test.silent', () => new Promise(() => {}), { drainMs: 10 });
    await other.flush();
    expect(await ask('test.nobody')).toEqual({ kind: 'unreachable' });
    expect(await requestJson(nats, 'test.silent', {}, { timeoutMs: 50 })).toEqual({ kind: 'noAnswer' });
    await service.stop();
  });

  it('answers with the code of a typed error, and hides what any other one says', async () => {
    const service = serveJson(other, 'test.fails', (body) => {
      if (body === 1) throw new SluiceError('FENCED', 'a newer rollout owns it');
      throw new Error('inner secret');
    });
    await other.flush();
    const fenced = { ok: false, code: 'FENCED', message: 'a newer rollout owns it', retry: false };
    expect(await ask('test.fails', 1)).toEqual({ kind: 'answer', value: fenced });
    expect(await ask('test.fails', 2)).toMatchObject({ value: { ok: false, code: 'INTERNAL', retry: true } });
    expect((await nats.request('test.fails', '{')).json()).toMatchObject({ ok: false, code: 'BAD_MESSAGE' });
    await service.stop();
  });

  it('answers BUSY above its bound and works on', async () => {
    const waiting: (() => void)[] = [];
    const handler = () => new Promise((resolve) => waiting.push(() => resolve('done')));
    const service = serveJson(other, 'test.busy', handler, { maxInFlight: 2 });
    await other.flush();
    const two = [ask('test.busy'), ask('test.busy')];
    await nats.flush();
    expect(await ask('test.busy')).toMatchObject({ value: { ok: false, code: 'BUSY', retry: true } });
    for (const go of waiting) go();
    expect(await Promise.all(two)).toEqual([1, 2].map(() => ({ kind: 'answer', value: 'done' })));
    await service.stop();
  });

  it('answers what it has begun before it is stopped', async () => {
    let release: () => void = () => {};
    const begun = new Promise<void>((resolve) => (release = resolve));
    let go: () => void = () => {};
    const service = serveJson(other, 'test.drain', async () => {
      release();
      await new Promise<void>((resolve) => (go = resolve));
      return 'late';
    });
    await other.flush();
    const answer = ask('test.drain');
    await begun;
    const stopped = service.stop();
    go();
    await stopped;
    expect(await answer).toEqual({ kind: 'answer', value: 'late' });
  });

  it('shares requests between instances with the same queue', async () => {
    const seen = [0, 0];
    const services = [0, 1].map((i) =>
      serveJson(other, 'test.queue', () => (seen[i] = (seen[i] ?? 0) + 1), { queue: 'q' }),
    );
    await other.flush();
    await Promise.all(Array.from({ length: 50 }, () => ask('test.queue')));
    expect((seen[0] ?? 0) + (seen[1] ?? 0)).toBe(50);
    await Promise.all(services.map((service) => service.stop()));
  });

  it('throws BAD_ANSWER when the answer is not what was asked for, and NATS_UNAVAILABLE when it is closed', async () => {
    const subscription = other.subscribe('test.garbage', { callback: (_, message) => void message.respond('{') });
    await other.flush();
    await expect(ask('test.garbage')).rejects.toMatchObject({ code: 'BAD_ANSWER' });
    subscription.unsubscribe();
    const closed = await connectNats({ servers: server.url, name: 'closed' });
    await closed.close();
    await expect(requestJson(closed, 'x', {}, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'NATS_UNAVAILABLE' });
  });
});
