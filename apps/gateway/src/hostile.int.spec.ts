import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { Harness } from './harness.suite.js';

const MIB = 1024 * 1024;
const PATIENCE = { timeout: 30_000, interval: 100 };
const CLIENTS = { maxConnections: 60, maxBodyBytes: 4 * MIB, headersMs: 1_000, requestMs: 1_500, idleMs: 2_000 };

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

/** What is alive on the heap, in bytes. */
function alive(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

describe('a hostile client', { timeout: 60_000 }, () => {
  let harness: Harness;
  const sockets: { readonly socket: Socket; said: string; isClosed: boolean; stop: () => void }[] = [];

  beforeAll(async () => {
    const calls = { perSecond: 1_000_000, burst: 1_000_000 };
    harness = await Harness.start({ outcomeMs: 200, commandMs: 500, clients: CLIENTS, calls });
  });
  afterEach(() => {
    for (const { socket, stop } of sockets.splice(0)) {
      stop();
      socket.destroy();
    }
  });
  afterAll(() => harness.stop());

  /** Says the text, then one byte of `drip` every 50 ms for ever. */
  function open(text: string, drip = ''): (typeof sockets)[number] {
    const socket = connect(Number(new URL(harness.gateway.url).port), '127.0.0.1');
    const timer = setInterval(() => drip !== '' && socket.writable && socket.write(drip), 50);
    const opened = { socket, said: '', isClosed: false, stop: () => clearInterval(timer) };
    socket.on('data', (piece: Buffer) => (opened.said += piece.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      opened.isClosed = true;
      opened.stop();
    });
    if (text !== '') socket.write(text);
    sockets.push(opened);
    return opened;
  }

  const many = (count: number, text: string, drip?: string) => Array.from({ length: count }, () => open(text, drip));
  /** On a busy machine a call may itself come too slowly for these short times. */
  const answers = (): Promise<void> =>
    vi.waitFor(async () => expect((await harness.fetch('/health/live')).status).toBe(200), PATIENCE);
  const allClosed = (list: readonly { isClosed: boolean }[]) =>
    vi.waitFor(() => expect(list.every(({ isClosed }) => isClosed)).toBe(true), PATIENCE);

  const HEAD = 'POST /v1/requests HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

  it('that dribbles its headers is hung up on, and others are served meanwhile', async () => {
    const slow = many(40, 'GET /health/live HTTP/1.1\r\nhost: x\r\nx-a: ', 'a');
    await answers();
    await allClosed(slow);
    for (const { said } of slow) expect(said === '' || said.includes('408')).toBe(true);
    await answers();
  });

  it('that dribbles its body is hung up on, and others are served meanwhile', async () => {
    const slow = many(40, `${HEAD}content-length: 1000\r\n\r\n{`, ' ');
    await answers();
    await allClosed(slow);
    await answers();
  });

  it('that opens connections and says nothing gets so many and no more, and loses them soon', async () => {
    const idle = many(CLIENTS.maxConnections + 60, '');
    await vi.waitFor(() => expect(idle.filter(({ isClosed }) => isClosed).length).toBeGreaterThanOrEqual(60), PATIENCE);
    await allClosed(idle);
    await answers();
  });

  it('that takes nothing of its answers is hung up on', async () => {
    const greedy = open('');
    greedy.socket.pause();
    // More pages of documentation than the buffers of two sockets hold.
    for (let i = 0; i < 200; i += 1) greedy.socket.write('GET /docs-json HTTP/1.1\r\nhost: x\r\n\r\n');
    await answers();
    // It reads nothing, so it learns that it was hung up on when it speaks, which it does less often than it has to.
    const knocking = setInterval(() => greedy.socket.write('\r\n'), CLIENTS.idleMs + 700);
    await allClosed([greedy]).finally(() => clearInterval(knocking));
    await answers();
  });

  it('that announces many large documents at once is told to come again, before they are read', async () => {
    const before = alive();
    const slow = many(20, `${HEAD}content-length: ${MIB}\r\n\r\n{`, ' ');
    const busy = (): typeof slow => slow.filter(({ said }) => said.includes('TOO_BUSY'));
    await vi.waitFor(() => expect(busy().length).toBe(16), PATIENCE);
    expect(busy()[0]?.said).toMatch(/^HTTP\/1\.1 503[^]*retry-after: /i);
    const chunked = open(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
    await vi.waitFor(() => expect(chunked.said).toContain('TOO_BUSY'), PATIENCE);
    await answers();
    await allClosed(slow);
    // What they held is free again.
    await vi.waitFor(async () => {
      const { status, body } = await harness.post('/v1/requests', { app: 'a', reason: 'x'.repeat(200_000) });
      expect([status, body['code']]).toEqual([202, undefined]);
    }, PATIENCE);
    expect(alive() - before).toBeLessThan(32 * MIB);
  });

  const deep = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
  it.each([
    ['nested deeply', deep(150_000)],
    ['of very many small things', `{"a":[${'{},'.repeat(150_000)}{}]}`],
    ['larger than is taken', `{"a":"${'x'.repeat(2 * MIB)}"}`],
    ['no JSON at all', '\u0000'.repeat(MIB - 1)],
  ])('whose documents are %s leaves nothing behind', async (_what, body) => {
    const before = alive();
    for (let round = 0; round < 2; round += 1) {
      const send = async (path: string): Promise<number> =>
        (await harness.post(path, body).catch(() => ({ status: 408 }))).status;
      const paths = ['/v1/requests', '/v1/previews', '/v1/groups/web/commands/exclude'];
      for (const status of await Promise.all(paths.map(send)))
        expect(status === 503 || (status >= 400 && status < 500), `${status}`).toBe(true);
    }
    await answers();
    await vi.waitFor(() => expect(alive() - before).toBeLessThan(48 * MIB), PATIENCE);
  });

  it('whose names are endless leaves nothing behind', async () => {
    const before = alive();
    const alphabet = '0123456789ABCDEFGHJKMNPQRS';
    const call = async (i: number): Promise<number> => {
      const id = `r07-${String(i).padStart(26, alphabet)}`;
      const name = `made-up-${i}-${'x'.repeat(100)}`;
      const cursor = Buffer.from(JSON.stringify(['groups', name])).toString('base64url');
      const paths = [
        `/v1/rollouts/${id}`,
        `/v1/rollouts/${id}/events`,
        `/v1/groups/${name}/versions`,
        `/v1/groups/${name}/candidates`,
        `/v1/apps/${name}/versions`,
        `/v1/templates/${name}`,
        `/v1/groups?cursor=${cursor}&app=${name}`,
        `/v1/rollouts?group=${name}&cursor=${cursor}`,
        `/${name}`,
      ];
      const headers = {
        'idempotency-key': name,
        authorization: `Bearer slc_${name}`,
        'x-sluice-actor': `user:${name}`,
      };
      const { status } = await harness.fetch(paths[i % paths.length] ?? '/', { headers });
      return status;
    };
    for (let i = 0; i < 1_500; i += 30) {
      const statuses = await Promise.all(Array.from({ length: 30 }, (_, n) => call(i + n)));
      expect(statuses.filter((status) => status >= 500)).toEqual([]);
    }
    expect(alive() - before).toBeLessThan(16 * MIB);
  });

  it.each([
    ['an address', (text: string) => `GET /v1/groups?app=${text} HTTP/1.1\r\nhost: x\r\n\r\n`],
    ['a header', (text: string) => `GET /v1/groups HTTP/1.1\r\nhost: x\r\nx-sluice-actor: user:${text}\r\n\r\n`],
    [
      'very many headers',
      (text: string) => `GET / HTTP/1.1\r\nhost: x\r\n${text.replaceAll(/.{9}/g, '$&: 1\r\n')}\r\n`,
    ],
  ])('that says %s of a mebibyte is hung up on', async (_what, textOf) => {
    const before = alive();
    const loud = many(20, textOf('x'.repeat(MIB)));
    await allClosed(loud);
    await answers();
    await vi.waitFor(() => expect(alive() - before).toBeLessThan(48 * MIB), PATIENCE);
  });
});
