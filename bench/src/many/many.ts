import { join } from 'node:path';

import { invariant } from '@sluice/kernel';

import { type Benchmark, type BenchOptions, type BenchResult, noRow } from '../benchmark.js';
import { withBus } from '../bus.js';
import { BenchProcess } from '../child.js';
import type { FleetCounts } from '../fleet.js';
import type { FleetOrder } from '../fleet-process.js';
import { profileText } from '../profile.js';

const FEW = 1_000;
const TIMES = 10;
const MOST_READS = 300;
const MIB = 1_024 * 1_024;
const MEMORY_GOAL_MIB = 1_024;
/** The same within what a busy machine makes of a millisecond. */
const READ_GOAL = 1.5;

export interface ManyOrder {
  readonly servers: string;
  readonly serverPid: number;
  /** How many rollouts are open when it is measured. */
  readonly steps: readonly number[];
  /** How often one is read each time. */
  readonly reads: number;
}

export interface ManyStep {
  readonly open: number;
  /** Medians. */
  readonly readMs: number;
  readonly nothingMs: number;
  /** Bytes: in use on the product's heap, and in memory of the product and of the nats-server. */
  readonly used: number;
  readonly resident: number;
  readonly server: number;
}

export interface ManyResult {
  readonly steps: readonly ManyStep[];
}

export interface ManyOptions extends Omit<BenchOptions, 'scale'> {
  readonly few: number;
}

/** Design 10: what it costs that many rollouts are open at once. */
export const many: Benchmark = {
  name: 'many',
  what: '10,000 rollouts of 10 targets open at once beside 1,000: memory, and the time to read one of them',
  run: (options) => runMany({ ...options, few: Math.round(FEW * options.scale) }),
};

export async function runMany({ few, profileDir, say }: ManyOptions): Promise<BenchResult> {
  const { result, profile } = await withBus(async (servers, serverPid) => {
    const fleet = await BenchProcess.start<FleetOrder, FleetCounts>('fleet-process.js', { servers });
    try {
      const file = profileDir === undefined ? undefined : join(profileDir, `many-${Date.now()}.cpuprofile`);
      const order: ManyOrder = { servers, serverPid, steps: [few, few * TIMES], reads: Math.min(MOST_READS, 10 * few) };
      const product = await BenchProcess.start<ManyOrder, ManyResult>('many/product-process.js', order, file);
      return await product.finish();
    } finally {
      await fleet.end();
    }
  });
  if (profile !== undefined) say(profileText('many', profile));
  return resultOf(result);
}

function resultOf({ steps }: ManyResult): BenchResult {
  const [few, all] = [steps[0], steps.at(-1)];
  invariant(few !== undefined && all !== undefined, 'it is measured twice');
  const memory = (all.resident + all.server) / MIB;
  return {
    benchmark: 'many',
    size: `${all.open} open rollouts of 10 targets beside ${few.open}; executor and gateway in one process`,
    unit: 'ms',
    rows: [
      { name: 'product', rounds: [all.readMs], note: `read one of ${all.open} over HTTP` },
      { name: 'limit', rounds: [few.readMs], note: `read one of ${few.open}` },
      { name: 'limit, nothing read', rounds: [all.nothingMs], note: 'GET /health/live in turn with it' },
      noRow('peer', 'none'),
    ],
    ratios: [
      {
        name: `read one of ${all.open} / one of ${few.open}, each in requests that read nothing`,
        value: all.readMs / all.nothingMs / (few.readMs / few.nothingMs),
        goal: READ_GOAL,
        good: 'atMost',
      },
      { name: 'MiB in memory, product and nats-server', value: memory, goal: MEMORY_GOAL_MIB, good: 'atMost' },
    ],
    details: {
      steps,
      heapBytesPerRollout: (all.used - few.used) / (all.open - few.open),
    },
  };
}
