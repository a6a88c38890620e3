import { setTimeout as sleep } from 'node:timers/promises';

import type { NatsConnection } from '@nats-io/nats-core';
import type { Plan } from '@sluice/contracts';
import { type EventLog, JetStreamEventLog } from '@sluice/event-log';
import { connectNats } from '@sluice/messaging';

import { type Benchmark, type BenchOptions, type BenchResult, median, noRow, quantile } from '../benchmark.js';
import { withBus } from '../bus.js';
import { BenchProcess } from '../child.js';
import type { ExecutorOrder } from '../executor-process.js';
import type { FleetCounts } from '../fleet.js';
import type { FleetOrder } from '../fleet-process.js';
import { planOf, released, targetsOf, writePlan } from '../rollouts.js';
import { type Commander, startCommander } from './commander.js';
import { groupName, writeGroups } from './groups.js';

export interface LoadOptions extends Omit<BenchOptions, 'scale'> {
  readonly rolloutsPerMinute: number;
  readonly minutes: number;
  readonly groups: number;
  /** Of each rollout, half of them at once. */
  readonly targets: number;
  /** How long a host takes for its steps. */
  readonly runMs: number;
  /** Commands a second, to rollouts that are open. */
  readonly commandsPerSecond: number;
}

const FULL = {
  rolloutsPerMinute: 60,
  minutes: 10,
  groups: 20_000,
  targets: 400,
  runMs: 25_000,
  commandsPerSecond: 10,
} as const;
const QUICK = { minutes: 0.2, groups: 2_000, runMs: 2_500 } as const;
const MINUTE_MS = 60_000;
const P99_GOAL_MS = 200;

/** TAR-01: as many rollouts as Tars had, and people who say something to them. */
export const load: Benchmark = {
  name: 'load',
  what: '60 rollouts a minute for 10 minutes over 20,000 groups, 10,000 targets in a step, and commands beside them',
  run: (options) => runLoad({ ...options, ...FULL, ...(options.scale < 1 ? QUICK : {}) }),
};

export interface LoadDetails {
  readonly started: number;
  readonly succeeded: number;
  readonly most: number;
  readonly commandMs: readonly number[];
  readonly refused: readonly string[];
  readonly executorBytes: number;
}

export async function runLoad(options: LoadOptions): Promise<BenchResult & { readonly details: LoadDetails }> {
  return withBus(async (servers) => {
    const nats = await connectNats({ servers, name: 'bench-load' });
    const log = new JetStreamEventLog(nats);
    await writeGroups(log, options.groups);
    const fleetOrder: FleetOrder = { servers, runMs: options.runMs };
    const fleet = await BenchProcess.start<FleetOrder, FleetCounts>('fleet-process.js', fleetOrder);
    const executor = await BenchProcess.start<ExecutorOrder, number>('executor-process.js', { servers });
    try {
      const { plans, commander } = await drive(nats, log, options);
      const { result: executorBytes } = await executor.finish();
      const { result: counts } = await fleet.finish();
      const succeeded = await succeededOf(log, plans);
      return resultOf(options, {
        ...{ started: plans.length, succeeded, most: counts.most, executorBytes },
        ...{ commandMs: commander.times, refused: commander.refused, publishMs: commander.publishTimes },
      });
    } finally {
      await Promise.all([fleet.end(), executor.end()]);
      await nats.close();
    }
  });
}

/** Starts rollouts at the rate; resolves when the last one has ended. */
async function drive(
  nats: NatsConnection,
  log: EventLog,
  options: LoadOptions,
): Promise<{ readonly plans: readonly Plan[]; readonly commander: Commander }> {
  const { rolloutsPerMinute, minutes, groups, targets, commandsPerSecond, say } = options;
  const everyMs = MINUTE_MS / rolloutsPerMinute;
  const count = Math.round(rolloutsPerMinute * minutes);
  const plans: Plan[] = [];
  const from = (await log.position()) + 1;
  const commander = startCommander(nats, plans, commandsPerSecond);
  const start = performance.now();
  for (let i = 0; i < count; i += 1) {
    await sleep(Math.max(0, start + i * everyMs - performance.now()));
    const all = targetsOf(targets, `load-${i}`);
    const plan = planOf({ group: groupName((i * 7_919) % groups), version: `1.${i}`, targets: all });
    await (
      await writePlan(log, plan, all)
    )();
    plans.push(plan);
    if (i % rolloutsPerMinute === rolloutsPerMinute - 1) say(`load: ${i + 1} of ${count} rollouts started`);
  }
  await commander.stop();
  await released(log, plans, from);
  return { plans, commander };
}

async function succeededOf(log: EventLog, plans: readonly Plan[]): Promise<number> {
  let succeeded = 0;
  for (const { rolloutId } of plans) {
    const last = await log.last({ shard: rolloutId.slice(1, 3), writer: 'exec', id: rolloutId });
    succeeded += last?.events.some(({ type }) => type === 'RolloutSucceeded') === true ? 1 : 0;
  }
  return succeeded;
}

function resultOf(
  options: LoadOptions,
  details: LoadDetails & { readonly publishMs: readonly number[] },
): BenchResult & { readonly details: LoadDetails } {
  const { rolloutsPerMinute, groups } = options;
  const { started, succeeded, most, commandMs, publishMs, refused } = details;
  const p99 = quantile(commandMs, 0.99);
  return {
    benchmark: 'load',
    size: `${started} rollouts at ${rolloutsPerMinute}/min, ${groups} groups known, at most ${most} targets in a step, ${commandMs.length} commands`,
    unit: 'ms',
    rows: [
      {
        name: 'product',
        rounds: [median(commandMs), p99],
        note: 'median and p99 of a command, from its sending to its answer',
      },
      { name: 'limit', rounds: [median(publishMs), quantile(publishMs, 0.99)], note: 'one durable publish beside it' },
      noRow('peer', 'none'),
    ],
    ratios: [
      { name: 'p99 of a command, ms', value: p99, goal: P99_GOAL_MS, good: 'atMost' },
      { name: 'commands without their answer', value: refused.length, goal: 0, good: 'atMost' },
      { name: 'rollouts that did not succeed', value: started - succeeded, goal: 0, good: 'atMost' },
    ],
    details: { ...details },
  };
}
