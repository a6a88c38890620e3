import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { invariant } from '@sluice/kernel';

import { type Benchmark, type BenchOptions, type BenchResult, median, noRow } from '../benchmark.js';
import { withBus } from '../bus.js';
import { BenchProcess } from '../child.js';
import { Past } from './past.js';

const FULL = 200_000;
const MIB = 1_024 * 1_024;
/** What a busy machine makes of the same start. */
const START_GOAL = 1.5;
const HEAP_GOAL_MIB = 16;
const LIST_GOAL = 10;

export interface HistoryOrder {
  readonly servers: string;
  readonly folder: string;
  /** How many finished rollouts the archive holds. */
  readonly archived: number;
  readonly rounds: HistoryRounds;
}

/** How often each thing is done in a process: the median and the p99 are of these. */
export interface HistoryRounds {
  readonly starts: number;
  readonly lists: number;
  readonly reads: number;
}

const ROUNDS: HistoryRounds = { starts: 5, lists: 400, reads: 200 };

/** Times in ms, `used` in bytes after a full collection. */
export interface HistoryStep {
  readonly archived: number;
  readonly starts: readonly number[];
  readonly startUsed: number;
  /** After all of it was listed and read. */
  readonly used: number;
  readonly listMedianMs: number;
  readonly listP99Ms: number;
  readonly readMedianMs: number;
  readonly nothingMs: number;
  readonly nothingP99Ms: number;
}

export interface HistoryOptions extends Omit<BenchOptions, 'scale'> {
  readonly most: number;
  readonly rounds?: HistoryRounds;
}

/** Issue 4, part 5: what years of finished rollouts cost those who start today. */
export const history: Benchmark = {
  name: 'history',
  what: 'start, memory and lists of executor and gateway with 0, 20,000 and 200,000 archived rollouts',
  // Its past has to be made first: with --quick a hundredth of it and not a tenth.
  run: (options) => runHistory({ ...options, most: Math.round(FULL * options.scale ** 2) }),
};

export async function runHistory({ most, say, rounds = ROUNDS }: HistoryOptions): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-history-'));
  try {
    const past = await Past.begin(folder);
    const steps: HistoryStep[] = [];
    for (const archived of [0, Math.round(most / 10), most]) {
      await past.growTo(archived);
      if (archived > 0) say(`history: ${archived} finished rollouts are in the archive`);
      steps.push(await measured({ folder, archived, rounds }));
    }
    await past.store.close();
    return resultOf(steps, past);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measured(given: Omit<HistoryOrder, 'servers'>): Promise<HistoryStep> {
  return withBus(async (servers) => {
    const order: HistoryOrder = { ...given, servers };
    const product = await BenchProcess.start<HistoryOrder, HistoryStep>('history/product-process.js', order);
    return (await product.finish()).result;
  });
}

function resultOf(steps: readonly HistoryStep[], { sums }: Past): BenchResult {
  const [none, most] = [steps[0], steps.at(-1)];
  invariant(none !== undefined && most !== undefined, 'it is measured more than once');
  return {
    benchmark: 'history',
    size: `${steps.map(({ archived }) => archived).join(', ')} archived rollouts of 3 hosts, 100 in the log; executor and gateway in one process`,
    unit: 'ms',
    rows: [
      { name: 'product', rounds: most.starts, note: `start with ${most.archived} archived` },
      { name: 'limit', rounds: none.starts, note: 'start with none' },
      noRow('peer', 'none'),
    ],
    ratios: [
      {
        name: `start with ${most.archived} / with none`,
        value: median(most.starts) / median(none.starts),
        goal: START_GOAL,
        good: 'atMost',
      },
      {
        name: `MiB of heap, ${most.archived} archived over none, after lists and reads`,
        value: (most.used - none.used) / MIB,
        goal: HEAP_GOAL_MIB,
        good: 'atMost',
      },
      {
        name: `p99 of a list over ${most.archived} / of requests that read nothing in turn with it`,
        value: most.listP99Ms / most.nothingP99Ms,
        goal: LIST_GOAL,
        good: 'atMost',
      },
    ],
    details: {
      steps,
      bytesPerRollout: sums.bytes / most.archived,
      rawBytesPerRollout: sums.rawBytes / most.archived,
      msPerRollout: sums.ms / most.archived,
    },
  };
}
