import { join } from 'node:path';

import { JetStreamEventLog } from '@sluice/event-log';
import { invariant } from '@sluice/kernel';
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
import { profileText } from '../profile.js';
import { STEPS_PER_TARGET } from '../rollouts.js';
import { writeHistory } from './history.js';

const EVENTS = 1_000_000;
const ROLLOUTS = 20;
const ROUNDS = 5;
const QUICK_ROUNDS = 3;
const WRITTEN_AT_ONCE = 4;
const GOAL = 0.7;

export interface ReplayOrder {
  readonly servers: string;
  /** What the log holds. */
  readonly rollouts: number;
  readonly events: number;
}

export interface ReplayResult {
  readonly ms: number;
  /** The first time that the process did it. */
  readonly coldMs: number;
  readonly cpuMs: number;
  readonly events: number;
}

export interface ReplayOptions extends Omit<BenchOptions, 'scale'> {
  readonly events: number;
  readonly rounds: number;
}

/** Design 10: how long an executor takes to come back, against reading and parsing what it has to read. */
export const replay: Benchmark = {
  name: 'replay',
  what: 'open rollouts rebuilt from 1,000,000 events, beside reading and JSON-parsing the same commits',
  run: (options) =>
    runReplay({ ...options, events: EVENTS * options.scale, rounds: options.scale < 1 ? QUICK_ROUNDS : ROUNDS }),
};

/** Both in turn on one log, each round in a fresh process, which does it twice: with cold code, as after a start, and again. */
export async function runReplay(options: ReplayOptions): Promise<BenchResult> {
  return withBus(async (servers) => {
    const { rounds, say } = options;
    const targets = Math.ceil(options.events / ROLLOUTS / STEPS_PER_TARGET);
    const order: ReplayOrder = { servers, rollouts: ROLLOUTS, events: await writeAll(servers, targets) };
    const results = { product: [] as ReplayResult[], limit: [] as ReplayResult[] };
    for (let round = 1; round <= rounds; round += 1) {
      results.product.push(await rebuilt('product', order, options));
      results.limit.push(await rebuilt('limit', order, options));
      say(
        `replay, round ${round} of ${rounds}: ${Object.entries(results)
          .map(([name, all]) => `${name} ${Math.round(all.at(-1)?.ms ?? Number.NaN)} ms`)
          .join(', ')}`,
      );
    }
    const product = rowOf('product', results.product, 'the executor, from its start to its first decision');
    const limit = rowOf('limit', results.limit, 'the same commits read and parsed');
    return {
      benchmark: 'replay',
      size: `${order.events} events of ${ROLLOUTS} open rollouts, ${rounds} rounds in turn, the second of each process`,
      unit: 'events/s',
      rows: [product, limit, noRow('peer', 'none: the limit is what any reader of this log pays')],
      ratios: [
        ...ratioOf('product / limit', GOAL, product, limit),
        {
          name: 'product / limit, the first of a process',
          value: cold(results.limit) / cold(results.product),
          goal: GOAL,
        },
      ],
      details: {
        ...results,
        cpuRatio: cpu(results.limit) / cpu(results.product),
      },
    };
  });
}

const cold = (results: readonly ReplayResult[]): number => median(results.map(({ coldMs }) => coldMs));

const cpu = (results: readonly ReplayResult[]): number => median(results.map(({ cpuMs }) => cpuMs));

const rowOf = (name: string, results: readonly ReplayResult[], note: string): BenchRow => ({
  name,
  rounds: results.map(({ events, ms }) => (events * 1_000) / ms),
  note,
});

async function writeAll(servers: string, targets: number): Promise<number> {
  const nats = await connectNats({ servers, name: 'bench-history' });
  const log = new JetStreamEventLog(nats);
  let events = 0;
  for (let from = 0; from < ROLLOUTS; from += WRITTEN_AT_ONCE) {
    const some = Array.from({ length: Math.min(WRITTEN_AT_ONCE, ROLLOUTS - from) }, (_, i) => from + i);
    const written = await Promise.all(some.map((index) => writeHistory(log, index, targets)));
    events += written.reduce((sum, count) => sum + count, 0);
  }
  await nats.close();
  return events;
}

async function rebuilt(
  name: 'product' | 'limit',
  order: ReplayOrder,
  { profileDir, say }: ReplayOptions,
): Promise<ReplayResult> {
  const file = profileDir === undefined ? undefined : join(profileDir, `replay-${name}-${Date.now()}.cpuprofile`);
  const reader = await BenchProcess.start<ReplayOrder, ReplayResult>(`replay/${name}-process.js`, order, file);
  const { result, profile } = await reader.finish();
  if (profile !== undefined) say(profileText(`replay ${name}`, profile));
  invariant(result.events === order.events, 'a reader reads all events', { read: result.events, wanted: order.events });
  return result;
}
