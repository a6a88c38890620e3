import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { invariant } from '@sluice/kernel';

import {
  type Benchmark,
  type BenchOptions,
  type BenchResult,
  type BenchRow,
  median,
  noRow,
  ratioOf,
} from '../benchmark.js';
import { BenchProcess } from '../child.js';
import { profileText } from '../profile.js';
import { writePast, type WrittenPast } from './past.js';

const ROLLOUTS = 10_000;
const ROUNDS = 3;
const MINUTE_S = 60;
const GOAL = 0.3;
/** Ten times as many rollouts take at most so many times as long. */
const LINEAR = 11;
const MIB = 1024 * 1024;

type Contender = 'product' | 'limit';

export interface BacktestOrder extends WrittenPast {
  /** An export of raw commits. */
  readonly file: string;
  readonly contender: Contender;
}

export interface BacktestResult {
  readonly ms: number;
  /** The first time that the process did it. */
  readonly coldMs: number;
  readonly cpuMs: number;
  readonly rss: number;
  readonly rollouts: number;
}

export interface BacktestBenchOptions extends Omit<BenchOptions, 'scale'> {
  /** Of the large log; the small one has a tenth. */
  readonly rollouts: number;
  readonly rounds: number;
}

/** Issue 7: a policy tried on 10,000 recorded rollouts, beside reading and parsing the same commits. */
export const backtest: Benchmark = {
  name: 'backtest',
  what: 'a policy tried on 10,000 recorded rollouts of 20 hosts, on one core',
  run: (options) => runBacktest({ ...options, rollouts: ROLLOUTS * options.scale, rounds: ROUNDS }),
};

interface Results {
  readonly product: BacktestResult[];
  readonly limit: BacktestResult[];
  readonly small: BacktestResult[];
}

export async function runBacktest(options: BacktestBenchOptions): Promise<BenchResult> {
  const { rollouts, rounds, say } = options;
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-backtest-'));
  try {
    const [file, smallFile] = [join(folder, 'log.jsonl'), join(folder, 'small.jsonl')];
    const past = await writePast(file, rollouts);
    const small = await writePast(smallFile, Math.ceil(rollouts / 10));
    const results: Results = { product: [], limit: [], small: [] };
    for (let round = 1; round <= rounds; round += 1) {
      results.product.push(await contended({ ...past, file, contender: 'product' }, options));
      results.limit.push(await contended({ ...past, file, contender: 'limit' }, options));
      results.small.push(await contended({ ...small, file: smallFile, contender: 'product' }, options));
      const told = Object.entries(results).map(([name, all]) => `${name} ${Math.round(last(all).ms)} ms`);
      say(`backtest, round ${round} of ${rounds}: ${told.join(', ')}`);
    }
    return resultOf(results, past, rounds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function contended(order: BacktestOrder, { profileDir, say }: BacktestBenchOptions): Promise<BacktestResult> {
  const name = `backtest-${order.contender}`;
  const profile = profileDir === undefined ? undefined : join(profileDir, `${name}-${Date.now()}.cpuprofile`);
  const script = 'backtest/backtest-process.js';
  const child = await BenchProcess.start<BacktestOrder, BacktestResult>(script, order, profile);
  const { result, profile: summary } = await child.finish();
  if (summary !== undefined) say(profileText(name, summary));
  const { rollouts } = order;
  invariant(result.rollouts === rollouts, 'all rollouts are tried', { tried: result.rollouts, wanted: rollouts });
  return result;
}

function last(results: readonly BacktestResult[]): BacktestResult {
  const result = results.at(-1);
  invariant(result !== undefined, 'a round has a result', {});
  return result;
}

function resultOf({ product: all, limit: read, small }: Results, past: WrittenPast, rounds: number): BenchResult {
  const row = (name: string, results: readonly BacktestResult[], note: string): BenchRow => ({
    name,
    rounds: results.map(({ rollouts, ms }) => (rollouts * 1_000) / ms),
    note,
  });
  const product = row('product', all, 'a stricter brake and a stricter gate, one thread, read from an export');
  const limit = row('limit', read, 'the same commits read from the same file and parsed');
  const msOf = (results: readonly BacktestResult[]): number => median(results.map(({ ms }) => ms));
  const seconds = (msOf(all) / 1_000) * (ROLLOUTS / past.rollouts);
  const mib = median(all.map(({ rss }) => rss)) / MIB;
  return {
    benchmark: 'backtest',
    size: `${past.rollouts} rollouts of 20 hosts, ${past.events} events in ${past.commits} commits, ${Math.round(past.bytes / MIB)} MiB, ${rounds} rounds in turn, the second of each process`,
    unit: 'rollouts/s',
    rows: [
      product,
      limit,
      row('a tenth', small, 'the product on a tenth of the rollouts'),
      noRow('peer', 'none: no other tool decides these rollouts again'),
    ],
    ratios: [
      { name: `seconds for ${ROLLOUTS} rollouts`, value: seconds, goal: MINUTE_S, good: 'atMost' },
      { name: 'time of all / time of a tenth', value: msOf(all) / msOf(small), goal: LINEAR, good: 'atMost' },
      ...ratioOf('product / reading and JSON.parse', GOAL, product, limit),
      { name: 'MiB of memory', value: mib, goal: 512, good: 'atMost' },
    ],
    details: { product: all, limit: read, small, ...past },
  };
}
