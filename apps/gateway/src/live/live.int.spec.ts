import net from 'node:net';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Harness, type ServerEvent, serverEvents } from '../harness.suite.js';
import type { CommitView } from '../read-model/commit-view.js';

const ACCEPT = { accept: 'text/event-stream' };

async function take(
  events: AsyncGenerator<ServerEvent>,
  until: (event: ServerEvent) => boolean,
): Promise<ServerEvent[]> {
  const taken: ServerEvent[] = [];
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) return taken;
    taken.push(value);
    if (until(value)) return taken;
  }
}

describe('history of a rollout', () => {
  let harness: Harness;
  let id: string;

  beforeAll(async () => {
    harness = await Harness.start({ heartbeatMs: 50, drainMs: 2_000, maxStreams: 2 });
    id = await harness.planter.plan('live', 'one');
    await harness.planter.plan('live', 'another');
    await harness.planter.write('notice', id, {
      type: 'NoticeDelivered',
      notificationId: 'n',
      notificationType: 't',
      severity: 'info',
      position: 1,
    });
    await harness.planter.brake(id);
    await harness.whenRev(id, 4);
  });
  afterAll(() => harness.stop());

  it('comes as pages, all writers merged by position', async () => {
    const first = await harness.json(`/v1/rollouts/${id}/events?limit=3`);
    const items = first.body['items'] as CommitView[];
    expect(items.map(({ writer }) => writer)).toEqual(['plan', 'notice', 'exec']);
    const rest = await harness.json(`/v1/rollouts/${id}/events?limit=3&after=${String(first.body['next'])}`);
    const more = rest.body['items'] as CommitView[];
    expect([...items, ...more].map(({ position }) => position)).toEqual(
      [...items, ...more].map(({ position }) => position).toSorted((a, b) => a - b),
    );
    expect(more.at(-1)?.events.at(-1)).toMatchObject({ type: 'RolloutBraked', meta: { by: { id: 'exec' } } });
    expect(rest.body['next']).toBeNull();
  });

  it('comes live, and resumes after the Last-Event-ID', async () => {
    const abort = new AbortController();
    const response = await harness.fetch(`/v1/rollouts/${id}/events`, { headers: ACCEPT, signal: abort.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = serverEvents(response);
    const past = await take(events, ({ event }) => event === 'live');
    expect(past.filter(({ event }) => event === 'commit')).toHaveLength(6);
    const next = take(events, () => true);
    await harness.planter.write('exec', id, { type: 'RolloutSettling', cause: 'cancelled' });
    const [fresh] = await next;
    expect(JSON.parse(fresh?.data ?? '{}')).toMatchObject({ rev: 5, events: [{ type: 'RolloutSettling' }] });
    abort.abort();

    const lastSeen = past.findLast(({ event }) => event === 'commit')?.id ?? '';
    const again = new AbortController();
    const resumed = await harness.fetch(`/v1/rollouts/${id}/events`, {
      headers: { ...ACCEPT, 'last-event-id': lastSeen },
      signal: again.signal,
    });
    const missed = await take(serverEvents(resumed), ({ event }) => event === 'live');
    expect(missed.map(({ id: position }) => position)).toEqual([fresh?.id, undefined]);
    again.abort();
  });

  it('beats while nothing happens', async () => {
    const abort = new AbortController();
    const response = await harness.fetch(`/v1/rollouts/${id}/events`, { headers: ACCEPT, signal: abort.signal });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array);
      if (text.includes(': here')) break;
    }
    expect(text).toContain(': here');
    abort.abort();
  });

  it('drops a client that does not read, and the others go on', { timeout: 60_000 }, async () => {
    const big = await harness.planter.plan('live', 'big', 500);
    // More than what the system's socket buffers hold for a client that reads nothing.
    const failed = (target: number) =>
      ({
        type: 'StepFailed',
        target,
        step: 'verify',
        n: 1,
        ms: 1,
        code: 'X',
        message: 'x'.repeat(600),
        serving: true,
      }) as const;
    for (let i = 0; i < 60; i += 1)
      await harness.planter.write('exec', big, ...Array.from({ length: 400 }, (_, n) => failed(n)));
    const { hostname, port } = new URL(harness.gateway.url);
    const slow = net.connect(Number(port), hostname);
    slow.on('error', () => {});
    slow.pause();
    slow.write(`GET /v1/rollouts/${big}/events HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n`);
    const reading = new AbortController();
    const reader = await harness.fetch(`/v1/rollouts/${big}/events`, { headers: ACCEPT, signal: reading.signal });
    // It reads from the start: a reader that waits is a slow one too.
    const seen = take(serverEvents(reader), ({ event }) => event === 'live');
    const third = new AbortController();
    const tryThird = async (): Promise<number> =>
      (await harness.fetch(`/v1/rollouts/${id}/events`, { headers: ACCEPT, signal: third.signal })).status;
    await vi.waitFor(async () => expect(await tryThird()).toBe(503));
    expect(await seen).toHaveLength(62);
    // The slow client's place is free again while the reader still has its own.
    await vi.waitFor(async () => expect(await tryThird()).toBe(200), { timeout: 30_000 });
    for (const open of [reading, third]) open.abort();
    slow.destroy();
  });

  it('ends its streams when the gateway stops', async () => {
    const other = await Harness.start();
    const rollout = await other.planter.plan('live', 'one');
    await vi.waitFor(async () => expect((await other.fetch(`/v1/rollouts/${rollout}`)).status).toBe(200));
    const events = serverEvents(await other.fetch(`/v1/rollouts/${rollout}/events`, { headers: ACCEPT }));
    await take(events, ({ event }) => event === 'live');
    const rest = take(events, () => false);
    await other.stop();
    expect(await rest).toEqual([]);
  });
});
