import { join } from 'node:path';

import { type Benchmark, type BenchOptions, type BenchResult, type BenchRow, median, noRow } from '../benchmark.js';
import { withBus } from '../bus.js';
import { BenchProcess } from '../child.js';
import type { FleetCounts } from '../fleet.js';
import type { FleetOrder } from '../fleet-process.js';
import { profileText } from '../profile.js';
import { STEPS_PER_TARGET } from '../rollouts.js';

const SMALL = 10_000;
const TIMES = 10;
const WARM_UPS = 3;
const ROUNDS = 2;
const TIME_GOAL = 11;
const HEAP_GOAL = 1_024;

export interface ScaleOrder {
  readonly servers: string;
  /** Targets of a rollout. */
  readonly small: number;
  readonly large: number;
  readonly warmUps: number;
  readonly rounds: number;
}

export interface ScaleResult {
  /** ms. */
  readonly small: readonly number[];
  readonly large: readonly number[];
  /** Bytes. */
  readonly heapPerTarget: number;
}

export interface ScaleOptions extends Omit<BenchOptions, 'scale'> {
  readonly small: number;
  readonly rounds: number;
}

/** Design 10: what ten times the targets cost. */
export const scale: Benchmark = {
  name: 'scale',
  what: 'a rollout over 100,000 targets beside one over 10,000: its time, and the memory of a target',
  run: (options) =>
    runScale({ ...options, small: Math.round(SMALL * options.scale), rounds: options.scale < 1 ? 1 : ROUNDS }),
};

export async function runScale(options: ScaleOptions): Promise<BenchResult> {
  const { small, rounds, profileDir, say } = options;
  const large = small * TIMES;
  const { result, profile, fleet } = await withBus(async (servers) => {
    const fleet = await BenchProcess.start<FleetOrder, FleetCounts>('fleet-process.js', { servers });
    try {
      const order: ScaleOrder = { servers, small, large, warmUps: WARM_UPS, rounds };
      const file = profileDir === undefined ? undefined : join(profileDir, `scale-${Date.now()}.cpuprofile`);
      const product = await BenchProcess.start<ScaleOrder, ScaleResult>('scale/product-process.js', order, file);
      return { ...(await product.finish()), fleet: (await fleet.finish()).result };
    } finally {
      await fleet.end();
    }
  });
  if (profile !== undefined) say(profileText('scale', profile));
  const product = rowOf('product', large, result.large, `${large} targets in one rollout`);
  const limit = rowOf('limit', small, result.small, `${small} targets: what growth in proportion gives`);
  const time = (TIMES * median(limit.rounds)) / median(product.rounds);
  return {
    benchmark: 'scale',
    size: `${large} targets beside ${small}, ${STEPS_PER_TARGET} steps each, every commit fsynced, in one process`,
    unit: 'steps/s',
    rows: [product, limit, noRow('peer', 'none: it is compared with itself')],
    ratios: [
      { name: `time of ${large} / ${small} targets`, value: time, goal: TIME_GOAL, good: 'atMost' },
      { name: 'bytes of heap a target', value: result.heapPerTarget, goal: HEAP_GOAL, good: 'atMost' },
    ],
    details: { ...result, fleet },
  };
}

const rowOf = (name: string, targets: number, times: readonly number[], note: string): BenchRow => ({
  name,
  rounds: times.map((ms) => (targets * STEPS_PER_TARGET * 1_000) / ms),
  note,
});
