import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
import { STEPS_PER_TARGET } from '../rollouts.js';
import { type WrittenLog, writeLog } from './written-log.js';

const EVENTS = 1_000_000;
const ROLLOUTS = 20;
const ROUNDS = 5;
const QUICK_ROUNDS = 3;
const GOAL = 0.5;
const MIB = 1024 * 1024;

const CONTENDERS = ['sha256', 'parse', 'chains', 'tree', 'all', 'one thread', 'file'] as const;
export type Contender = (typeof CONTENDERS)[number];

export interface VerifyOrder extends WrittenLog {
  /** An export of raw commits. */
  readonly file: string;
  readonly contender: Contender;
  /** Bytes from which on several threads share it; as the product has it when absent. */
  readonly sharedFrom?: number;
}

export interface VerifyResult {
  readonly ms: number;
  /** The first time that the process did it. */
  readonly coldMs: number;
  readonly cpuMs: number;
  /** Bytes that the process has in memory at the end, the log among them but for `file`. */
  readonly rss: number;
}

export interface VerifyBenchOptions extends Omit<BenchOptions, 'scale'> {
  readonly events: number;
  readonly rounds: number;
  readonly sharedFrom?: number;
  /** All of them when absent. */
  readonly contenders?: readonly Contender[];
}

/** Issue 7: how fast a log is verified, beside what hashing and parsing its bytes costs. */
export const verify: Benchmark = {
  name: 'verify',
  what: 'a log of 1,000,000 events verified, beside plain SHA-256 over the same bytes',
  run: (options) =>
    runVerify({ ...options, events: EVENTS * options.scale, rounds: options.scale < 1 ? QUICK_ROUNDS : ROUNDS }),
};

type Results = Readonly<Record<Contender, VerifyResult[]>>;

/** All of them in turn, each in a process that did it once before. */
export async function runVerify(options: VerifyBenchOptions): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-verify-'));
  try {
    const file = join(folder, 'log.jsonl');
    const written = await writeLog(file, ROLLOUTS, Math.ceil(options.events / ROLLOUTS / STEPS_PER_TARGET));
    const { size: bytes } = await stat(file);
    const results = Object.fromEntries(CONTENDERS.map((name) => [name, [] as VerifyResult[]])) as unknown as Results;
    const { sharedFrom, contenders = CONTENDERS } = options;
    const order = { file, ...written, ...(sharedFrom === undefined ? {} : { sharedFrom }) };
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const contender of CONTENDERS) results[contender].push(await contended({ ...order, contender }, options));
      const told = contenders.map((name) => `${name} ${Math.round(results[name].at(-1)?.ms ?? Number.NaN)} ms`);
      options.say(`verify, round ${round} of ${options.rounds}: ${told.join(', ')}`);
    }
    return resultOf(results, { ...written, bytes }, options.rounds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function contended(order: VerifyOrder, { profileDir, say }: VerifyBenchOptions): Promise<VerifyResult> {
  const name = `verify-${order.contender.replace(' ', '-')}`;
  const profile = profileDir === undefined ? undefined : join(profileDir, `${name}-${Date.now()}.cpuprofile`);
  const child = await BenchProcess.start<VerifyOrder, VerifyResult>('verify/verify-process.js', order, profile);
  const { result, profile: summary } = await child.finish();
  if (summary !== undefined) say(profileText(name, summary));
  return result;
}

function resultOf(results: Results, log: WrittenLog & { readonly bytes: number }, rounds: number): BenchResult {
  const row = (contender: Contender, name: string, note: string): BenchRow => ({
    name,
    rounds: results[contender].map(({ ms }) => log.bytes / 1_000 / ms),
    note,
  });
  const product = row('all', 'product', 'chains, tree and every event, by as many threads as there are cores');
  const limit = row('sha256', 'limit', 'plain SHA-256 of each commit, one thread');
  const parse = row('parse', 'parse', 'JSON.parse of each commit, one thread: what every reader of events pays');
  const chains = row('chains', 'chains', 'the chains alone');
  const tree = row('tree', 'chains + tree', 'the chains and the Merkle tree: two hashes of each byte');
  const single = row('one thread', 'one thread', 'all that the product does, in one thread');
  const file = row('file', 'from a file', 'all that the product does, read from an export');
  return {
    benchmark: 'verify',
    size: `${log.events} events in ${log.commits} commits of ${ROLLOUTS} rollouts, ${Math.round(log.bytes / MIB)} MiB, ${rounds} rounds in turn, the second of each process`,
    unit: 'MB/s',
    rows: [product, limit, parse, chains, tree, single, file, noRow('peer', 'none: no other tool knows these rules')],
    ratios: [
      ...ratioOf('chains / SHA-256', GOAL, chains, limit),
      ...ratioOf('chains and tree / SHA-256', GOAL, tree, limit),
      ...ratioOf('everything / SHA-256', GOAL, product, limit),
      ...ratioOf('everything / JSON.parse of the same bytes', GOAL, product, parse),
      ...ratioOf('everything in one thread / JSON.parse', GOAL, single, parse),
      { name: 'MiB of memory, read from a file', value: memory(results.file), goal: 512, good: 'atMost' },
    ],
    details: { ...results, eventsPerSecond: (log.events * 1_000) / median(results.all.map(({ ms }) => ms)) },
  };
}

const memory = (results: readonly VerifyResult[]): number => median(results.map(({ rss }) => rss)) / MIB;
