import { seededRandom } from '@sluice/testing';
import { until } from '@sluice/demo';

import { check, type Findings } from './checks/checks.js';
import { FaultMaker } from './faults.js';
import { Operator } from './operator.js';
import type { Shape } from './shape.js';
import { World } from './world.js';

export interface ChaosOptions {
  readonly seed: number;
  /** How long things are done to it. */
  readonly ms: number;
  readonly shape: Shape;
  /** Mean time from one fault to the next. */
  readonly everyMs: number;
  /** How long the rollouts may take to end when nothing is done to anything any more. */
  readonly calmMs: number;
  readonly tell?: (line: string) => void;
  /** Leaves the folder with the journals, the outputs and the store where it is, and says where. */
  readonly keep?: boolean;
}

export interface ChaosResult extends Findings {
  readonly faults: Readonly<Record<string, number>>;
  /** Of the time of faults, and of the calm in which the rest ended. */
  readonly ms: { readonly faults: number; readonly calm: number };
}

/** Starts a world, rolls its groups again and again, does things to it, lets it come to rest, and looks at what is left. */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, shape, tell = () => undefined } = options;
  const world = await World.start(shape);
  try {
    const random = seededRandom(seed);
    const operators = world.site.groups.map((group) => new Operator(world, group, random.fork(group.name)));
    tell(`${world.units.length} programs run, ${operators.length} groups roll`);
    const faults = new FaultMaker(world, random.fork('faults'), tell);
    const ms = await act(world, operators, faults, options);
    const findings = await check(world, operators);
    return { ...findings, faults: faults.counts, ms };
  } finally {
    if (options.keep === true) tell(`everything is kept in ${world.site.folder}`);
    await world.stop(options.keep);
  }
}

async function act(
  world: World,
  operators: readonly Operator[],
  faults: FaultMaker,
  { ms, everyMs, calmMs, tell = () => undefined }: ChaosOptions,
): Promise<ChaosResult['ms']> {
  const started = Date.now();
  const [load, giveUp] = [new AbortController(), new AbortController()];
  const rolling = Promise.all(operators.map((operator) => operator.run(load.signal, giveUp.signal)));
  const timer = setTimeout(() => load.abort(), ms);
  await faults.run(load.signal, everyMs);
  clearTimeout(timer);
  load.abort();
  const calm = Date.now();
  tell('nothing is done to anything any more');
  const over = setTimeout(() => giveUp.abort(), calmMs);
  await rolling;
  clearTimeout(over);
  await until('every executor drives shards', () => world.allDrive(), calmMs);
  return { faults: calm - started, calm: Date.now() - calm };
}
