import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats } from '@sluice/messaging';

import {
  type Benchmark,
  type BenchOptions,
  type BenchResult,
  type BenchRow,
  median,
  noRow,
  ratioOf,
} from '../benchmark.js';
import { withBus } from '../bus.js';
import { BenchProcess } from '../child.js';
import { ROLES, writeFleet } from './fleet-log.js';

const HOSTS = 100_000;
const VARIABLES = 20;
const ROUNDS = 5;
const QUICK_ROUNDS = 3;
const CLIENTS = 64;
const ROUND_MS = 3_000;
const QUICK_ROUND_MS = 1_000;
/** 5,000 hosts that ask once a minute (TSU-12). */
const POLLS_PER_SECOND = 83;
const PACED_MS = 10_000;
const QUICK_PACED_MS = 3_000;
const GOAL = 0.7;
const MOST_P99_MS = 50;
const MOST_START_S = 5;

export interface ServerOrder {
  readonly servers: string;
  readonly port: number;
  /** What the bare server answers. */
  readonly body: string;
}

/** Bytes in use after the load, code included. */
export interface ServerResult {
  readonly startMs: number;
  readonly bytes: number;
}

/** `same`: every question carries the ETag that holds. `perSecond`: as many as can be when absent. */
export interface LoadOrder {
  readonly port: number;
  readonly hosts: number;
  readonly clients: number;
  readonly mode: 'full' | 'same';
  readonly ms: number;
  readonly perSecond?: number;
}

/** Times in ms. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the server for each answer, in µs; NaN where the system does not tell. */
  readonly cpuUs?: number;
}

export interface DesiredOptions extends Omit<BenchOptions, 'scale'> {
  readonly hosts: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly pacedMs: number;
}

/** Design 10: what hosts ask all the time, against what node:http can do at best. */
export const desired: Benchmark = {
  name: 'desired-state',
  what: '100,000 hosts ask for 20 variables over HTTP, beside bare node:http with a constant body',
  run: (options) => {
    const isQuick = options.scale < 1;
    return runDesired({
      ...options,
      hosts: HOSTS * options.scale,
      rounds: isQuick ? QUICK_ROUNDS : ROUNDS,
      roundMs: isQuick ? QUICK_ROUND_MS : ROUND_MS,
      pacedMs: isQuick ? QUICK_PACED_MS : PACED_MS,
    });
  },
};

const NAMES = ['product', 'limit'] as const;
const MODES = ['full', 'same'] as const;

type Name = (typeof NAMES)[number];
type Mode = (typeof MODES)[number];
type Loads = Record<Name, Record<Mode | 'paced', LoadResult[]>>;

/** Both servers run all the time and are asked in turn, by a third process. */
export async function runDesired(options: DesiredOptions): Promise<BenchResult> {
  return withBus(async (servers) => {
    const { hosts, rounds, roundMs } = options;
    const commits = await writeAll(servers, hosts);
    const order = { servers, body: bodyOfSize() };
    const ports = { product: await freePort(), limit: await freePort() };
    const processes = {
      product: await start('product', { ...order, port: ports.product }),
      limit: await start('limit', { ...order, port: ports.limit }),
    };
    try {
      const pids = { product: processes.product.pid, limit: processes.limit.pid };
      const loads = await ask({ ports, pids }, options);
      const { result } = await processes.product.finish();
      return {
        benchmark: 'desired-state',
        size: `${hosts} hosts in ${ROLES} roles, ${VARIABLES} variables in mid-ramp, ${CLIENTS} connections, ${rounds} rounds of ${roundMs / 1_000} s in turn`,
        unit: 'answers/s',
        rows: rowsOf(loads),
        ratios: ratiosOf(loads, result),
        details: { ...loads, server: result, commits, bytesPerHost: result.bytes / hosts },
      };
    } finally {
      await Promise.all([processes.product.end(), processes.limit.end()]);
    }
  });
}

interface Servers {
  readonly ports: Record<Name, number>;
  readonly pids: Record<Name, number>;
}

async function ask({ ports, pids }: Servers, options: DesiredOptions): Promise<Loads> {
  const { hosts, rounds, roundMs, pacedMs, say } = options;
  const none = (): Record<Mode | 'paced', LoadResult[]> => ({ full: [], same: [], paced: [] });
  const loads: Loads = { product: none(), limit: none() };
  const load = { hosts, clients: CLIENTS, ms: roundMs } as const;
  // The first answers are made, and the code is compiled, before anything counts.
  for (const name of NAMES) await loaded({ ...load, port: ports[name], mode: 'full', ms: Math.min(roundMs, 2_000) });
  for (let round = 1; round <= rounds; round += 1) {
    for (const mode of MODES)
      for (const name of NAMES)
        loads[name][mode].push(await measured(pids[name], { ...load, port: ports[name], mode }));
    say(`desired-state, round ${round} of ${rounds}: ${inWords(loads)}`);
  }
  const paced = { hosts, clients: 50, ms: pacedMs, mode: 'same', perSecond: POLLS_PER_SECOND } as const;
  for (const name of NAMES) loads[name].paced.push(await loaded({ ...paced, port: ports[name] }));
  return loads;
}

const inWords = (loads: Loads): string =>
  NAMES.map(
    (name) =>
      `${name} ${MODES.map((mode) => `${mode} ${Math.round(loads[name][mode].at(-1)?.perSecond ?? 0)}/s`).join(' ')}`,
  ).join(', ');

async function loaded(order: LoadOrder): Promise<LoadResult> {
  const client = await BenchProcess.start<LoadOrder, LoadResult>('desired/load-process.js', order);
  return (await client.finish()).result;
}

/** A busy machine changes how many are answered; what an answer costs changes much less. */
async function measured(pid: number, order: LoadOrder): Promise<LoadResult> {
  const before = await cpuMsOf(pid);
  const result = await loaded(order);
  const answers = (result.perSecond * order.ms) / 1_000;
  return { ...result, cpuUs: (((await cpuMsOf(pid)) - before) * 1_000) / answers };
}

const TICK_MS = 10;

async function cpuMsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [user, system] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * TICK_MS;
}

const cpuOf = (results: readonly LoadResult[]): number => median(results.map(({ cpuUs = Number.NaN }) => cpuUs));

const start = (name: Name, order: ServerOrder): Promise<BenchProcess<ServerResult>> =>
  BenchProcess.start<ServerOrder, ServerResult>(`desired/${name}-process.js`, order);

const p99 = (results: readonly LoadResult[]): number => median(results.map((result) => result.p99));

function rowsOf(loads: Loads): BenchRow[] {
  const row = (name: string, results: readonly LoadResult[], note: string): BenchRow => ({
    name,
    rounds: results.map(({ perSecond }) => perSecond),
    note: `${note}; p99 ${p99(results).toFixed(2)} ms${Number.isFinite(cpuOf(results)) ? `, ${cpuOf(results).toFixed(0)} µs of processor time each` : ''}`,
  });
  return [
    row('product', loads.product.full, 'the gateway, each host its own body'),
    row('limit', loads.limit.full, 'bare node:http, one body'),
    row('product, 304', loads.product.same, 'the ETag holds'),
    row('limit, 304', loads.limit.same, 'the ETag holds'),
    row('product, 83/s', loads.product.paced, '5,000 hosts once a minute'),
    row('limit, 83/s', loads.limit.paced, '5,000 hosts once a minute'),
    noRow('peer', 'none: nobody serves a host its own values'),
  ];
}

function ratiosOf(loads: Loads, { startMs }: ServerResult): BenchResult['ratios'] {
  const [product, limit, productSame, limitSame] = rowsOf(loads);
  if (product === undefined || limit === undefined || productSame === undefined || limitSame === undefined) return [];
  return [
    ...ratioOf('product / limit', GOAL, product, limit),
    ...ratioOf('product / limit, 304', GOAL, productSame, limitSame),
    { name: 'p99 at 83 questions/s, ms', value: p99(loads.product.paced), goal: MOST_P99_MS, good: 'atMost' },
    { name: 'start with the fleet, s', value: startMs / 1_000, goal: MOST_START_S, good: 'atMost' },
  ];
}

async function writeAll(servers: string, hosts: number): Promise<number> {
  const nats = await connectNats({ servers, name: 'bench-fleet' });
  const commits = await writeFleet(new JetStreamEventLog(nats), hosts, VARIABLES);
  await nats.close();
  return commits;
}

/** As long as what the gateway answers. */
const bodyOfSize = (): string =>
  JSON.stringify(
    Object.fromEntries(
      Array.from({ length: VARIABLES }, (_, i) => [`service_${String(i).padStart(2, '0')}_version`, '1.6.0']),
    ),
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
