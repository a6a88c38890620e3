import { jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { STREAMS, SUBJECTS } from '@sluice/contracts';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { connectNats } from './connect.js';
import { provision } from './provision.js';
import { type PullConsumerOptions, runPullConsumer, type Settlement } from './pull-consumer.js';

const WAIT = { timeout: 15_000, interval: 10 };

describe('runPullConsumer', { timeout: 60_000 }, () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  beforeEach(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'consumer test' });
    await provision(nats);
  });
  afterEach(async () => {
    await nats.close();
    await server.stop();
  });

  const publish = (text: string) => jetstream(nats).publish(SUBJECTS.deployRequest('hello'), text, { timeout: 500 });

  async function left(): Promise<number> {
    return (await (await jetstreamManager(nats)).streams.info(STREAMS.requests)).state.messages;
  }

  const run = (
    handle: (text: string, message: JsMsg) => Promise<Settlement>,
    more: Partial<PullConsumerOptions> = {},
  ) =>
    runPullConsumer({
      nats,
      stream: STREAMS.requests,
      durable: 'planner',
      handle: (message) => handle(message.string(), message),
      onPoison: async () => {},
      maxInFlight: 4,
      retryMs: 10,
      ...more,
    });

  const ack = { kind: 'ack' } as const;

  it('handles what stood there and what comes, and leaves nothing behind', async () => {
    const seen: string[] = [];
    await publish('before');
    const service = await run(async (text) => (seen.push(text), ack));
    await publish('after');
    await vi.waitUntil(() => seen.length === 2, WAIT);
    await service.stop();
    expect(seen).toEqual(['before', 'after']);
    expect(await left()).toBe(0);
  });

  it('never handles more at once than allowed', async () => {
    let [now, most, done] = [0, 0, 0];
    for (let i = 0; i < 30; i += 1) await publish(String(i));
    const service = await run(async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      done += 1;
      return ack;
    });
    await vi.waitUntil(() => done === 30, WAIT);
    expect(most).toBeLessThanOrEqual(4);
    await service.stop();
  });

  it('gives a poisonous message up after its tries, once somebody was told, and goes on meanwhile', async () => {
    const [tries, good, told]: [number[], string[], unknown[]] = [[], [], []];
    let isDeaf = true;
    const onPoison = async (message: JsMsg, poison: object): Promise<void> => {
      if (isDeaf) {
        isDeaf = false;
        throw new Error('the ledger is down');
      }
      told.push({ text: message.string(), ...poison });
    };
    const handle = async (text: string, message: JsMsg): Promise<Settlement> => {
      if (text !== 'poison') return (good.push(text), ack);
      tries.push(message.info.deliveryCount);
      throw new Error('cannot eat this');
    };
    await publish('poison');
    const service = await run(handle, { onPoison, maxDeliveries: 3, maxInFlight: 1 });
    await publish('good');
    await vi.waitUntil(() => told.length === 1 && good.length === 1, WAIT);
    await service.stop();
    expect(tries).toEqual([1, 2, 3]);
    expect(good).toEqual(['good']);
    expect(told).toEqual([expect.objectContaining({ text: 'poison', deliveries: 4 })]);
    await vi.waitUntil(async () => (await left()) === 0, WAIT);
  });

  it('drops what the handler drops, and delivers again what it puts off', async () => {
    const seen: string[] = [];
    await publish('drop');
    await publish('retry');
    const service = await run(async (text, message) => {
      seen.push(`${text} ${message.info.deliveryCount}`);
      if (text === 'drop') return { kind: 'drop', reason: 'not wanted' };
      return message.info.deliveryCount === 1 ? { kind: 'retry', delayMs: 1 } : ack;
    });
    await vi.waitUntil(async () => (await left()) === 0, WAIT);
    await service.stop();
    expect(seen.toSorted()).toEqual(['drop 1', 'retry 1', 'retry 2']);
  });

  it('goes on after kill -9 of the server', async () => {
    const seen = new Set<string>();
    const service = await run(async (text) => (seen.add(text), ack));
    await publish('one');
    await vi.waitUntil(() => seen.size === 1, WAIT);
    await server.kill();
    await server.restart();
    await vi.waitUntil(
      () =>
        publish('two').then(
          () => true,
          () => false,
        ),
      WAIT,
    );
    await vi.waitUntil(() => seen.has('two'), WAIT);
    await service.stop();
  });

  it('comes back when its consumer was deleted', async () => {
    const seen: string[] = [];
    const service = await run(async (text) => (seen.push(text), ack));
    await (await jetstreamManager(nats)).consumers.delete(STREAMS.requests, 'planner');
    await publish('one');
    await vi.waitUntil(() => seen.length === 1, WAIT);
    await service.stop();
  });

  it('finishes what it has begun when it is stopped, and gives the rest to the next', async () => {
    let release: () => void = () => {};
    const ended: string[] = [];
    const begun: string[] = [];
    for (const text of ['a', 'b', 'c']) await publish(text);
    const first = await run(
      async (text) => {
        begun.push(text);
        await new Promise<void>((resolve) => (release = resolve));
        return (ended.push(text), ack);
      },
      { maxInFlight: 1 },
    );
    await vi.waitUntil(() => begun.length === 1, WAIT);
    const stopped = first.stop();
    release();
    await stopped;
    expect(ended).toEqual(['a']);
    const second = await run(async (text) => (ended.push(text), ack), { maxInFlight: 1 });
    await vi.waitUntil(() => ended.length === 3, WAIT);
    expect(ended).toEqual(['a', 'b', 'c']);
    await second.stop();
  });

  it('gives back what it has received and not begun when it is stopped', async () => {
    const stop = new AbortController();
    const [begun, later]: [string[], string[]] = [[], []];
    for (const text of ['a', 'b', 'c', 'd']) await publish(text);
    const first = await run(
      async (text) => {
        begun.push(text);
        stop.abort();
        return ack;
      },
      { signal: stop.signal },
    );
    await vi.waitUntil(() => begun.length > 0, WAIT);
    await first.stop();
    expect(begun).toEqual(['a']);
    const second = await run(async (text) => (later.push(text), ack));
    await vi.waitUntil(() => later.length === 3, WAIT);
    expect(later.toSorted()).toEqual(['b', 'c', 'd']);
    await second.stop();
  });

  it('refuses a stream that is not there', async () => {
    await expect(run(async () => ack, { stream: 'NOT_THERE' })).rejects.toMatchObject({ code: 'STREAM_MISSING' });
  });
});
