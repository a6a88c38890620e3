import { deferred } from '@nats-io/nats-core';
import { Queue, Worker } from 'bullmq';

import { type Prepared, serveBench } from '../child.js';
import { STEPS_PER_TARGET } from '../rollouts.js';
import type { RoundResult } from './workload.js';

export interface PeerOrder {
  readonly port: number;
  readonly targets: number;
  readonly warmUp: number;
}

interface StepJob {
  readonly target: number;
  readonly step: number;
}

/** Jobs that a worker has in hand at once, and jobs that are added in one call: more of either did not help. */
const CONCURRENCY = 256;
const ADDED_AT_ONCE = 1_000;

/** BullMQ: each step of a target is a job with no work, which adds the next one of its chain when it is done. */
async function startPeer({ port, targets, warmUp }: PeerOrder): Promise<Prepared<RoundResult, RoundResult>> {
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue<StepJob>('steps', {
    connection,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  let [steps, chains] = [0, 0];
  let onChain = (): void => undefined;
  const worker = new Worker<StepJob>(
    'steps',
    async ({ data: { target, step } }) => {
      steps += 1;
      if (step + 1 < STEPS_PER_TARGET) await queue.add('step', { target, step: step + 1 });
      else chains += 1;
      onChain();
    },
    { connection, concurrency: CONCURRENCY },
  );
  await worker.waitUntilReady();

  const roll = async (count: number): Promise<RoundResult> => {
    [steps, chains] = [0, 0];
    const end = deferred<undefined>();
    onChain = () => (chains === count ? end.resolve(undefined) : undefined);
    const cpu = process.cpuUsage();
    const start = performance.now();
    for (let from = 0; from < count; from += ADDED_AT_ONCE) {
      const size = Math.min(ADDED_AT_ONCE, count - from);
      await queue.addBulk(
        Array.from({ length: size }, (_, i) => ({ name: 'step', data: { target: from + i, step: 0 } })),
      );
    }
    await end;
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    return { ms, cpuMs: (user + system) / 1_000, steps, commits: 0 };
  };
  await roll(warmUp);
  return {
    run: () => roll(targets),
    check: (result) => result,
    stop: async () => {
      await worker.close();
      await queue.close();
    },
  };
}

await serveBench(startPeer);
