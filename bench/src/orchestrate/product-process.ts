import type { EventLog } from '@sluice/event-log';

import { type Prepared, serveBench } from '../child.js';
import { startBenchExecutor } from '../executor.js';
import { released, targetsOf, writePlan } from '../rollouts.js';
import { planIn, type RoundOrder, type RoundResult, SHARD } from './workload.js';

/** The executor, and rollouts that warm it up. */
async function startProduct(order: RoundOrder): Promise<Prepared<Timed, RoundResult>> {
  const executor = await startBenchExecutor(order.servers);
  const { log } = executor;
  const warmUps: number[] = [];
  for (let i = 1; i <= order.warmUps; i += 1) {
    const warmUp = await rollOut(log, `warm-up-${i}`, order.targets);
    warmUps.push((await warmUp()).ms);
  }
  const timed = await rollOut(log, 'timed', order.targets);
  return {
    run: timed,
    check: async ({ rolloutId, ...rest }) => ({
      ...rest,
      coldMs: warmUps[0] ?? rest.ms,
      ...(await tally(log, rolloutId)),
    }),
    stop: () => executor.stop(),
  };
}

type Timed = Pick<RoundResult, 'ms' | 'cpuMs'> & { readonly rolloutId: string };

/** A rollout to be timed from the plan's seal to the group's release, the last commit that a rollout brings. */
async function rollOut(log: EventLog, version: string, count: number): Promise<() => Promise<Timed>> {
  const targets = targetsOf(count);
  const plan = planIn(version, targets);
  const seal = await writePlan(log, plan, targets);
  const from = (await log.position()) + 1;
  return async () => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    await seal();
    await released(log, [plan], from);
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    return { ms, cpuMs: (user + system) / 1_000, rolloutId: plan.rolloutId };
  };
}

/** What the log holds of it: a step counts only when it is there. */
async function tally(log: EventLog, id: string): Promise<{ readonly steps: number; readonly commits: number }> {
  let [steps, commits] = [0, 0];
  for await (const commit of log.read({ shard: SHARD, writer: 'exec', id })) {
    commits += 1;
    steps += commit.events.filter(({ type }) => type === 'StepSucceeded').length;
  }
  return { steps, commits };
}

await serveBench(startProduct);
