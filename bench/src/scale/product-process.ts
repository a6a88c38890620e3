import { setTimeout as sleep } from 'node:timers/promises';

import type { NatsConnection } from '@nats-io/nats-core';
import type { EventLog } from '@sluice/event-log';

import { type Prepared, serveBench } from '../child.js';
import { type RunningExecutor, startBenchExecutor } from '../executor.js';
import { HELD } from '../fleet.js';
import { usedMemory } from '../memory.js';
import { planOf, released, targetsOf, writePlan } from '../rollouts.js';
import type { ScaleOrder, ScaleResult } from './scale.js';

const GROUP = 'bench';
/** Nothing has been sent for so long: all runs are out. */
const QUIET_MS = 1_000;

type Timed = Omit<ScaleResult, 'heapPerTarget'>;

/** One executor; small and large rollouts in turn, then a large one that stays open. */
async function startProduct({
  servers,
  small,
  large,
  warmUps,
  rounds,
}: ScaleOrder): Promise<Prepared<Timed, ScaleResult>> {
  const executor = await startBenchExecutor(servers);
  for (let i = 1; i <= warmUps; i += 1) await rollOut(executor.log, `warm-up-${i}`, small);
  const run = async (): Promise<Timed> => {
    const timed = { small: [] as number[], large: [] as number[] };
    for (let round = 1; round <= rounds; round += 1) {
      timed.small.push(await rollOut(executor.log, `small-${round}`, small));
      timed.large.push(await rollOut(executor.log, `large-${round}`, large));
      timed.small.push(await rollOut(executor.log, `small-again-${round}`, small));
    }
    return timed;
  };
  const check = async (timed: Timed): Promise<ScaleResult> => ({
    ...timed,
    heapPerTarget: await heapPerTarget(executor, large),
  });
  return { run, check, stop: () => executor.stop() };
}

/** From the plan's seal to the release of the group's lease, ms. */
async function rollOut(log: EventLog, version: string, count: number): Promise<number> {
  const targets = targetsOf(count);
  const plan = planOf({ group: GROUP, version, targets });
  const seal = await writePlan(log, plan, targets);
  const from = (await log.position()) + 1;
  const start = performance.now();
  await seal();
  await released(log, [plan], from);
  return performance.now() - start;
}

/** What a rollout takes while every one of its targets is in a step, which is when it takes most. Bytes. */
async function heapPerTarget({ log, nats }: RunningExecutor, count: number): Promise<number> {
  const before = usedMemory();
  await planHeld(log, count);
  await untilQuiet(nats);
  return (usedMemory() - before) / count;
}

/** In a function of its own, so that nothing of the plan is kept on this side. */
async function planHeld(log: EventLog, count: number): Promise<void> {
  const targets = targetsOf(count, HELD);
  const seal = await writePlan(log, planOf({ group: GROUP, version: 'open', targets, open: count }), targets);
  await seal();
}

async function untilQuiet(nats: NatsConnection): Promise<void> {
  for (let [sent, before] = [nats.stats().outMsgs, -1]; sent !== before;) {
    before = sent;
    await sleep(QUIET_MS);
    sent = nats.stats().outMsgs;
  }
}

await serveBench(startProduct);
