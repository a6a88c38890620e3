import type { DeployRequest, GateDocument, RolloutCommand } from '@sluice/contracts';
import { type Random, seededRandom } from '@sluice/testing';

import type { CrashPlan } from '../crash-plan.js';
import { Simulation } from '../simulation.js';
import { SERVICES } from '../traffic/autoscaler.js';
import { SIDES, type TrafficWorld } from '../traffic/world.js';
import { freezeAny, thaw } from './freezes.js';
import { pick, play, type Run, type ScenarioOptions } from './scenario.js';
import { errorGate, smokeGate } from './shift.js';
import { endThemAll } from './way-out.js';

const MINUTE = 60_000;

interface Around {
  readonly sim: Simulation;
  readonly world: TrafficWorld;
  readonly random: Random;
}

function anyGates(random: Random): readonly GateDocument[] {
  const onFail = (): NonNullable<GateDocument['onFail']> =>
    pick(random, ['brake', 'brake', 'rollback', 'record'] as const);
  const phases = [['during'], ['during', 'exit'], ['entry', 'exit'], ['exit'], ['entry', 'during']] as const;
  const budget: GateDocument = {
    name: 'budget',
    source: 'main',
    interval: '20s',
    at: pick(random, phases),
    onFail: onFail(),
    measure: {
      kind: 'burnRate',
      bad: 'bad{side="{{side}}"}[{{window}}]',
      total: 'total{side="{{side}}"}[{{window}}]',
      objective: 0.99,
    },
  };
  return [
    ...(random.chance(0.6) ? [errorGate({ at: pick(random, phases), onFail: onFail() })] : []),
    ...(random.chance(0.4) ? [budget] : []),
    ...(random.chance(0.4) ? [{ ...smokeGate, onFail: onFail() }] : []),
  ];
}

function anyShift(random: Random, version: string): Partial<DeployRequest> {
  const gates = anyGates(random);
  const hasSmoke = gates.some(({ name }) => name === 'smoke');
  const blueGreen = random.chance(0.15);
  return {
    version,
    strategy: blueGreen ? 'blueGreen' : 'traffic',
    mode: random.chance(0.15) ? 'manual' : 'automatic',
    ...(gates.length === 0 ? {} : { gates }),
    ...(random.chance(0.3) ? { approvals: { batches: 'required' } } : {}),
    traffic: {
      ...(blueGreen ? {} : { weights: pick(random, [[5, 25, 100], [1, 10, 50, 100], [50, 100], [100]]) }),
      ...(hasSmoke && random.chance(0.5) ? { smokeAt: [0, 100] } : {}),
      dwell: pick(random, ['0s', '30s', '2m']),
      preScale: pick(random, [25, 50, 100]),
      readyWithin: pick(random, ['3m', '20m']),
      drainWindow: pick(random, ['1m', '3m']),
    },
  };
}

const COMMANDS: readonly ((random: Random) => RolloutCommand)[] = [
  () => ({ type: 'pause' }),
  () => ({ type: 'resume' }),
  () => ({ type: 'resume' }),
  () => ({ type: 'resume' }),
  () => ({ type: 'proceed' }),
  () => ({ type: 'cancel' }),
  () => ({ type: 'rollback' }),
  () => ({ type: 'hotfix' }),
  () => ({ type: 'retry' }),
  (random) => ({ type: 'setWeight', weight: random.int(101) }),
  (random) => ({ type: 'setWeight', weight: random.int(30) }),
  (random) => ({ type: 'setMode', mode: pick(random, ['automatic', 'manual'] as const) }),
];

async function say({ sim, random }: Around): Promise<void> {
  const id = pick(random, [...sim.invariants.rollouts.keys()]);
  const command = pick(random, COMMANDS)(random);
  const key = sim.nextCommand();
  await sim.command(id, command, 'olga', key);
  if (random.chance(0.2)) await sim.command(id, command, 'olga', key);
}

/** Something outside breaks, or comes back. */
function breakOutside({ world, random }: Around): void {
  world.trouble();
  const side = pick(random, SIDES);
  const happenings: readonly (() => void)[] = [
    () => (world.edge.mood = pick(random, ['fails', 'hangs', 'refuses', 'mute'])),
    () => (world.edge.mood = 'well'),
    () => (world.bucket.isDown = !world.bucket.isDown),
    () => (world.scaler.isDown = !world.scaler.isDown),
    () => (world.scaler.slowMs = random.chance(0.5) ? 0 : random.int(3 * MINUTE)),
    () => (world.scaler.failing = random.next() / 10),
    () => void world.scaler.stuck.add(`${side}/${pick(random, SERVICES)}`),
    () => world.scaler.stuck.clear(),
    () => void world.metrics.faults.set(side, { fromWeight: random.int(100), errorRate: 0.3 }),
    () => world.metrics.faults.clear(),
    () => (world.metrics.mood = pick(random, ['dead', 'empty', 'well'])),
    () => (world.metrics.smokeFails = !world.metrics.smokeFails),
    () => world.heal(),
  ];
  pick(random, happenings)();
}

/** A service dies; of two owners one may stand still for minutes and wake up believing that nothing has happened. */
function strike({ sim, world, random }: Around): void {
  const { executors } = sim;
  const index = random.int(executors.count);
  const { life } = executors.at(index);
  const dice = random.int(6);
  if (dice < 2) sim.killExecutor(index);
  else if (dice === 2) sim.kill(pick(random, ['planner', 'gate'] as const));
  else if (executors.count > 1 && !life.sleeps) {
    world.trouble();
    life.sleep();
    sim.clock.schedule(1 + random.int(pick(random, [3, 3, 40]) * MINUTE), () => {
      world.woke();
      life.wake();
    });
  }
}

async function happen(around: Around): Promise<void> {
  const dice = around.random.int(20);
  if (dice < 8) await say(around);
  else if (dice < 14) breakOutside(around);
  else if (dice < 17) strike(around);
  else if (dice < 19) await freezeAny(around.sim, around.random, 10 * MINUTE);
}

/** With everything outside healthy it ends, and what is out there is what the log says. */
async function comeToRest({ sim, world }: Around): Promise<readonly string[]> {
  for (let i = 0; i < sim.executors.count; i += 1) sim.executors.at(i).life.wake();
  world.woke();
  world.heal();
  await thaw(sim);
  const unended = await endThemAll(sim);
  if (unended.length > 0 || sim.invariants.violations.length > 0) return unended;
  await sim.clock.advance(MINUTE);
  return world.atRest();
}

/** A service dies at one of its commits, before or after it is durable, or at every one of them. */
const anyCrash = (random: Random): CrashPlan => ({
  service: pick(random, ['executor', 'executor', 'gate']),
  at: random.chance(0.1) ? 'every' : 1 + random.int(80),
  when: pick(random, ['before', 'after']),
});

/**
 * Traffic shifts between two sides while everything happens at once: a slow autoscaler whose pods fail, publishers that
 * hang, a bucket that is away, metrics that lie low, freezes, killed and sleeping owners, commands at random.
 */
export async function* traffic({ seed }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('traffic');
  const owners = random.chance(0.4) ? 2 : 1;
  const sim = new Simulation({
    ...{ seed, hosts: 0, executors: owners, isShuffled: random.chance(0.3) },
    traffic: random.chance(0.3) ? 'ideal' : 'slow',
    // A plan of crashes is for one executor; of two, either is killed between whiles.
    ...(owners === 1 && random.chance(0.6) ? { crash: anyCrash(random) } : {}),
    approveAfterMs: 1 + random.int(30_000),
  });
  const what = `${owners} owners, ${sim.options.traffic} autoscaler`;
  yield await play(sim, { scenario: 'traffic', what }, async ({ world }) => {
    if (world === undefined) return ['there is no world'];
    const around = { sim, world, random };
    world.requests.longestMs = 55_000;
    await sim.request(anyShift(random, '2.0.0'));
    for (let i = 0; i < 30 && sim.faults().length === 0; i += 1) {
      await sim.clock.advance(random.int(90_000));
      const version = `${3 + random.int(4)}.0.0`;
      if (random.chance(0.12)) await sim.request(anyShift(random, version)).catch(() => undefined);
      await happen(around);
    }
    return comeToRest(around);
  });
}
