import type { Plan, RolloutEvent, Shard } from '@sluice/contracts';
import { type EventLog, JetStreamEventLog } from '@sluice/event-log';
import { invariant } from '@sluice/kernel';
import { connectNats } from '@sluice/messaging';

import {
  type Benchmark,
  type BenchOptions,
  type BenchResult,
  type BenchRow,
  median,
  noRow,
  quantile,
} from '../benchmark.js';
import { withBus } from '../bus.js';
import { BenchProcess } from '../child.js';
import type { FleetOrder } from '../fleet-process.js';
import { planOf, shardOf, targetsOf, writePlan } from '../rollouts.js';

const PER_SECOND = 5_000;
const BRAKES = 300;
const QUICK_BRAKES = 60;
/** Reports from one deciding failure to the next: 50 ms at this rate. */
const EVERY = 250;
/** Reports for each that is needed when nothing is slow. */
const SPARE = 2;
const IN_A_STEP = 1_000;
const WARM_UPS = 3;
const WARM_UP_TARGETS = 5_000;
const GOAL = 10;

/** How the names of hosts begin that report at the rate. */
export const PACED = 'paced';

export interface BrakeOrder {
  readonly servers: string;
  readonly warmUps: number;
  readonly targets: number;
}

export interface BrakeFleetOrder extends FleetOrder {
  /** Where the unit is published. */
  readonly shard: Shard;
  readonly perSecond: number;
  /** The so many-th report after a release is a failure, and decides. */
  readonly every: number;
  readonly brakes: number;
  /** Ends after so many reports, too: on a busy machine many are sent while the rollout is braked. */
  readonly enough: number;
}

/** Times in ms. */
export interface BrakeTimes {
  /** One durable publish with nothing else going on, and under the load. */
  readonly idle: readonly number[];
  readonly loaded: readonly number[];
  readonly brakes: readonly number[];
  /** Reports. */
  readonly perSecond: number;
}

export interface BrakeOptions extends Omit<BenchOptions, 'scale'> {
  readonly brakes: number;
  readonly perSecond: number;
  readonly warmUps: number;
}

/** Design 10: how fast a rollout stops while the whole fleet reports. */
export const brake: Benchmark = {
  name: 'brake',
  what: 'from the report of the deciding failure to the durable brake at 5,000 reports/s, in durable publishes',
  run: (options) =>
    runBrake({
      ...options,
      brakes: options.scale < 1 ? QUICK_BRAKES : BRAKES,
      perSecond: PER_SECOND,
      warmUps: options.scale < 1 ? 1 : WARM_UPS,
    }),
};

/** One rollout; each deciding failure brakes it, an operator overrides, and it goes on to the next. */
export async function runBrake(options: BrakeOptions): Promise<BenchResult> {
  const { brakes, perSecond, warmUps } = options;
  const enough = SPARE * EVERY * brakes;
  const targets = targetsOf(2 * IN_A_STEP + enough, PACED);
  const plan = planOf({
    ...{ group: 'brake', version: '1', targets },
    ...{ open: IN_A_STEP, batch: targets.length, failureLimit: 1 },
  });
  const { times, tally } = await withBus(async (servers) => {
    const nats = await connectNats({ servers, name: 'bench-plan' });
    const fleetOrder: BrakeFleetOrder = { servers, shard: shardOf(plan), perSecond, every: EVERY, brakes, enough };
    const fleet = await BenchProcess.start<BrakeFleetOrder, BrakeTimes>('brake/fleet-process.js', fleetOrder);
    const order: BrakeOrder = { servers, warmUps, targets: WARM_UP_TARGETS };
    const product = await BenchProcess.start<BrakeOrder, object>('brake/product-process.js', order);
    try {
      const log = new JetStreamEventLog(nats);
      await (
        await writePlan(log, plan, targets)
      )();
      return { times: (await fleet.finish()).result, tally: await tallyOf(log, plan) };
    } finally {
      await Promise.all([fleet.end(), product.end()]);
      await nats.close();
    }
  });
  invariant(tally.brakes === times.brakes.length, 'each deciding failure brakes', { ...tally });
  return resultOf(times, tally);
}

function resultOf(times: BrakeTimes, tally: Tally): BenchResult {
  // The publish that is timed beside the reports meets the same server, disk and neighbours as the brake does.
  const unit = median(times.loaded);
  const p99 = quantile(times.brakes, 0.99);
  return {
    benchmark: 'brake',
    size: `${tally.brakes} brakes of one rollout at ${Math.round(times.perSecond)} reports/s, ${IN_A_STEP} targets in a step`,
    unit: 'ms',
    rows: [
      {
        name: 'product',
        rounds: [median(times.brakes), p99],
        note: 'median and p99: report of the deciding failure -> brake durable',
      },
      limitRow('limit', times.loaded, 'median and p99 of one durable publish beside the reports'),
      limitRow('limit, idle', times.idle, 'the same with nothing else going on'),
      noRow('peer', 'none'),
    ],
    ratios: [
      {
        name: 'p99 of the brake / one durable publish beside the reports',
        value: p99 / unit,
        goal: GOAL,
        good: 'atMost',
      },
      { name: 'admissions after a brake', value: tally.admittedWhileBraked, goal: 0, good: 'atMost' },
    ],
    details: {
      times,
      tally,
      p99OverIdle: p99 / median(times.idle),
      medianOverUnit: median(times.brakes) / unit,
    },
  };
}

const limitRow = (name: string, times: readonly number[], note: string): BenchRow => ({
  name,
  rounds: [median(times), quantile(times, 0.99)],
  note,
});

interface Tally {
  readonly brakes: number;
  readonly admittedWhileBraked: number;
}

/** What the log says, event by event: it is the log that must not hold an admission behind a brake. */
async function tallyOf(log: EventLog, plan: Plan): Promise<Tally> {
  let [brakes, admittedWhileBraked, braked] = [0, 0, false];
  const see = (event: RolloutEvent): void => {
    if (event.type === 'RolloutBraked') {
      braked = true;
      brakes += 1;
    } else if (event.type === 'BrakeReleased') braked = false;
    else if (event.type === 'TargetsAdmitted' && braked) admittedWhileBraked += event.targets.length;
  };
  const stream = { shard: shardOf(plan), writer: 'exec', id: plan.rolloutId } as const;
  for await (const commit of log.read(stream)) commit.events.forEach(see);
  return { brakes, admittedWhileBraked };
}
