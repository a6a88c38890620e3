import { setTimeout as sleep } from 'node:timers/promises';

import type { NatsConnection } from '@nats-io/nats-core';
import { type EventLog, JetStreamEventLog } from '@sluice/event-log';
import { invariant, SluiceError } from '@sluice/kernel';
import { connectNats } from '@sluice/messaging';

import { type Benchmark, type BenchOptions, type BenchResult, noRow } from '../benchmark.js';
import { withBus } from '../bus.js';
import { BenchProcess } from '../child.js';
import type { ExecutorOrder } from '../executor-process.js';
import type { FleetCounts } from '../fleet.js';
import type { FleetOrder } from '../fleet-process.js';
import { planOf, released, shardOf, STEPS_PER_TARGET, targetsOf, writePlan } from '../rollouts.js';
import { Admissions, stepsOf } from './admissions.js';
import { ownerOf, share } from './owners.js';

const KILLS = 5;
const LEASE_MS = 2_000;
const TARGETS = 600;
const OPEN = 20;
const RUN_MS = 100;
/** Design 10: the lease, and so much. */
const GOAL_MS = 2_000;
/** What the killed one had sent last may still come in. */
const LAST_WORDS_MS = 300;
const LOOK_MS = 20;
const BOUND_MS = 60_000;

type Executor = BenchProcess<number>;

export interface FailoverOptions extends Omit<BenchOptions, 'scale'> {
  readonly kills: number;
}

/** Times in ms. */
interface Killed {
  readonly untilAdmission: number;
  readonly steps: number;
  readonly repeated: number;
}

/** Design 10: how long a rollout stands when the process that drives it is killed. */
export const failover: Benchmark = {
  name: 'failover',
  what: 'the owner of a shard killed with -9 in mid rollout: the time to the next admission, and steps done twice',
  run: (options) => runFailover({ ...options, kills: options.scale < 1 ? 1 : KILLS }),
};

/** Two executors share the shards; the owner is killed and the other one goes on; then a new one joins. */
export async function runFailover({ kills, say }: FailoverOptions): Promise<BenchResult> {
  return withBus(async (servers) => {
    const nats = await connectNats({ servers, name: 'bench-failover' });
    const log = new JetStreamEventLog(nats);
    const fleet = await BenchProcess.start<FleetOrder, FleetCounts>('fleet-process.js', { servers, runMs: RUN_MS });
    const executors: Executor[] = [];
    const start = (): Promise<Executor> =>
      BenchProcess.start<ExecutorOrder, number>('executor-process.js', { servers, leaseMs: LEASE_MS });
    try {
      executors.push(await start());
      const results: Killed[] = [];
      for (let kill = 1; kill <= kills; kill += 1) {
        executors.push(await start());
        await until('both drive shards', () =>
          share(
            nats,
            executors.map(({ pid }) => pid),
          ),
        );
        const killed = await killOwner({ nats, log, executors }, kill);
        say(`failover, kill ${kill} of ${kills}: ${Math.round(killed.untilAdmission)} ms to the next admission`);
        results.push(killed);
      }
      const { result: counts } = await fleet.finish();
      return resultOf(results, counts);
    } finally {
      await Promise.all([fleet, ...executors].map((process) => process.end()));
      await nats.close();
    }
  });
}

/** One rollout whose owner is killed when a third of it is done. */
async function killOwner(
  { nats, log, executors }: { readonly nats: NatsConnection; readonly log: EventLog; readonly executors: Executor[] },
  round: number,
): Promise<Killed> {
  const targets = targetsOf(TARGETS, `failover-${round}`);
  const plan = planOf({ group: 'failover', version: String(round), targets, open: OPEN, batch: TARGETS });
  const from = (await log.position()) + 1;
  const admissions = new Admissions(log, plan);
  await (
    await writePlan(log, plan, targets)
  )();
  await until('a third is done', () => admissions.steps > (TARGETS * STEPS_PER_TARGET) / 3);
  const pid = await ownerOf(nats, shardOf(plan));
  const victim = executors.find((executor) => executor.pid === pid);
  invariant(victim !== undefined, 'one of them drives the shard', { pid });
  executors.splice(executors.indexOf(victim), 1);
  const killedAt = performance.now();
  await victim.kill();
  const next = (): number | undefined => admissions.at.find((at) => at > killedAt + LAST_WORDS_MS);
  await until('the next admission', () => next() !== undefined);
  await released(log, [plan], from);
  await admissions.stop();
  const { done, repeated } = await stepsOf(log, plan);
  invariant(done === TARGETS * STEPS_PER_TARGET, 'the rollout is done', { done });
  return { untilAdmission: (next() ?? Number.NaN) - killedAt, steps: done, repeated };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const start = performance.now(); !(await holds()); await sleep(LOOK_MS)) {
    if (performance.now() - start > BOUND_MS)
      throw new SluiceError('BENCH_INCOMPLETE', `it did not come to it: ${what}`);
  }
}

function resultOf(results: readonly Killed[], { runs }: FleetCounts): BenchResult {
  const times = results.map(({ untilAdmission }) => untilAdmission);
  const repeated = results.reduce((sum, killed) => sum + killed.repeated, 0) + runs - results.length * TARGETS;
  return {
    benchmark: 'failover',
    size: `${results.length} owners killed with -9, each in the middle of a rollout over ${TARGETS} targets`,
    unit: 'ms',
    rows: [
      { name: 'product', rounds: times, note: 'from the kill to the next admission' },
      { name: 'limit', rounds: [LEASE_MS], note: 'the lease: nobody may go on sooner' },
      noRow('peer', 'none'),
    ],
    ratios: [
      { name: 'longest, beyond the lease, ms', value: Math.max(...times) - LEASE_MS, goal: GOAL_MS, good: 'atMost' },
      { name: 'steps done twice', value: repeated, goal: 0, good: 'atMost' },
    ],
    details: { results, leaseMs: LEASE_MS, runs },
  };
}
