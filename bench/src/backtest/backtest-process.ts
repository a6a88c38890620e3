import { createReadStream } from 'node:fs';

import { exportedCommits } from '@sluice/audit';
import { backtest, parsePolicy } from '@sluice/backtest';
import { SluiceError } from '@sluice/kernel';

import { type Prepared, serveBench } from '../child.js';
import type { BacktestOrder, BacktestResult } from './backtest.js';

const decoder = new TextDecoder();

/** A brake and a gate that are stricter than the plans'. */
const POLICY = {
  brake: { failureLimit: 2 },
  gates: [{ name: 'errors', measure: { kind: 'threshold', limit: 0.035 } }],
};

type Timed = Omit<BacktestResult, 'coldMs'>;

async function start(order: BacktestOrder): Promise<Prepared<Timed, BacktestResult>> {
  const once = async (): Promise<Timed> => {
    const cpu = process.cpuUsage();
    const begin = performance.now();
    const rollouts = await (order.contender === 'product' ? tried(order.file) : parsed(order));
    const ms = performance.now() - begin;
    const { user, system } = process.cpuUsage(cpu);
    return { ms, rollouts, cpuMs: (user + system) / 1_000, rss: process.memoryUsage.rss() };
  };
  // What a process does first, it does with cold code.
  const { ms: coldMs } = await once();
  return { run: once, check: (timed) => ({ ...timed, coldMs }), stop: async () => {} };
}

async function tried(file: string): Promise<number> {
  const policy = parsePolicy(POLICY, 'stricter');
  if (!policy.ok) throw new SluiceError('BENCH_INCOMPLETE', JSON.stringify(policy.faults));
  const { counts, outcomes } = await backtest(exportedCommits(createReadStream(file)), policy.policy);
  if (outcomes.stops === 0) throw new SluiceError('BENCH_INCOMPLETE', 'the policy stopped no rollout');
  return counts.rollouts;
}

/** The same commits read from the same file, and parsed. */
async function parsed({ file, rollouts, commits }: BacktestOrder): Promise<number> {
  let read = 0;
  for await (const { bytes } of exportedCommits(createReadStream(file))) {
    JSON.parse(decoder.decode(bytes));
    read += 1;
  }
  return read === commits ? rollouts : 0;
}

await serveBench(start);
