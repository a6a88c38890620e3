import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { SluiceError } from '@sluice/kernel';

import { quantile } from '../benchmark.js';
import { type Prepared, serveBench } from '../child.js';
import type { LoadOrder, LoadResult } from './desired.js';
import { hostName } from './fleet-log.js';

const END = '\r\n\r\n';
/** Hosts whose ETags are known beforehand in a run of 304s. */
const KNOWN = 2_000;

interface Answered {
  readonly status: number;
  readonly etag: string;
}

/** A keep-alive connection that asks one question after the other: as little work as a client can have. */
class Client {
  private text = '';
  private wake: ((answered: Answered) => void) | undefined;
  private fail: ((error: Error) => void) | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => this.take(piece));
    socket.on('error', (error) => this.fail?.(error));
    socket.on('close', () => this.fail?.(new SluiceError('BENCH_CLOSED', 'the server closed the connection')));
  }

  static async open(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Client(socket);
  }

  ask(path: string, etag?: string): Promise<Answered> {
    const seen = etag === undefined ? '' : `If-None-Match: ${etag}\r\n`;
    return new Promise((resolve, reject) => {
      [this.wake, this.fail] = [resolve, reject];
      this.socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n${seen}\r\n`);
    });
  }

  close(): void {
    this.fail = undefined;
    this.socket.destroy();
  }

  private take(piece: string): void {
    this.text = this.text === '' ? piece : this.text + piece;
    const end = this.text.indexOf(END);
    if (end < 0) return;
    const head = this.text.slice(0, end);
    const status = Number(head.slice(9, 12));
    const length = status === 304 ? 0 : Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (this.text.length < end + END.length + length) return;
    this.text = '';
    this.wake?.({ status, etag: /etag: (\S+)/i.exec(head)?.[1] ?? '' });
  }
}

const pathOf = (host: number): string => `/v1/desired-state/${hostName(host)}`;

async function prepare(order: LoadOrder): Promise<Prepared<LoadResult, LoadResult>> {
  const { port, hosts, clients: count, mode } = order;
  const clients = await Promise.all(Array.from({ length: count }, () => Client.open(port)));
  const [first] = clients;
  if (first === undefined) throw new SluiceError('BENCH_EMPTY', 'a load needs a client');
  const etags: string[] = [];
  const known = Math.min(KNOWN, hosts);
  for (let i = 0; mode === 'same' && i < known; i += 1) etags.push((await first.ask(pathOf(i))).etag);
  const ask = async (client: Client): Promise<void> => {
    const host = Math.floor(Math.random() * (mode === 'same' ? known : hosts));
    const { status } = await client.ask(pathOf(host), etags[host]);
    if (status !== (mode === 'same' ? 304 : 200)) throw new SluiceError('BENCH_ANSWER', `it answered ${status}`);
  };
  return {
    run: () => (order.perSecond === undefined ? flood(clients, ask, order) : pace(clients, ask, order)),
    check: (result) => result,
    stop: () => {
      for (const client of clients) client.close();
      return Promise.resolve();
    },
  };
}

type Ask = (client: Client) => Promise<void>;

/** Every client asks as soon as it has its answer. */
async function flood(clients: readonly Client[], ask: Ask, { ms }: LoadOrder): Promise<LoadResult> {
  const times: number[] = [];
  const start = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      for (let now = performance.now(); now - start < ms;) {
        await ask(client);
        const then = performance.now();
        times.push(then - now);
        now = then;
      }
    }),
  );
  return resultOf(times, performance.now() - start);
}

/** So many questions a second, whatever becomes of the one before. */
async function pace(clients: readonly Client[], ask: Ask, { ms, perSecond = 1 }: LoadOrder): Promise<LoadResult> {
  const times: number[] = [];
  const start = performance.now();
  const gap = 1_000 / perSecond;
  await Promise.all(
    clients.map(async (client, i) => {
      for (let due = start + i * gap; due - start < ms; due += gap * clients.length) {
        await sleep(Math.max(0, due - performance.now()));
        const asked = performance.now();
        await ask(client);
        times.push(performance.now() - asked);
      }
    }),
  );
  return resultOf(times, performance.now() - start);
}

const resultOf = (times: readonly number[], ms: number): LoadResult => ({
  perSecond: (times.length * 1_000) / ms,
  p50: quantile(times, 0.5),
  p99: quantile(times, 0.99),
});

await serveBench(prepare);
