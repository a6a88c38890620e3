import type {
  CommandResult,
  DeployRequest,
  FleetCommand,
  GateDocument,
  RampWishes,
  RolloutCommand,
  VariableCommand,
  VariableSpec,
} from '@sluice/contracts';
import { variableTarget } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';
import { type Random, seededRandom } from '@sluice/testing';

import type { CrashPlan } from '../crash-plan.js';
import { FLEET, type RampWorld, type VariableModel } from '../ramps/world.js';
import { Simulation } from '../simulation.js';
import { thaw } from './freezes.js';
import { pick, play, type Run, type ScenarioOptions } from './scenario.js';
import { endThemAll } from './way-out.js';

const MINUTE = 60_000;
/** The first two are ramped by rollouts, the last one by people. */
export const VARIABLES = ['docker', 'puppet', 'helios'] as const;
export const [, , BY_HAND] = VARIABLES;
const ROLES = ['access', 'login', 'web', 'mail'] as const;
const OLGA: Actor = { id: 'olga', kind: 'user' };

export interface RampAround {
  readonly sim: Simulation;
  readonly world: RampWorld;
  readonly random: Random;
  /** Names of hosts that were ever told of. */
  readonly hosts: string[];
}

export const tell = (sim: Simulation, command: FleetCommand, actor = OLGA): Promise<CommandResult> => {
  const envelope = { v: 1, id: sim.nextCommand(), target: FLEET, command, actor, reason: 'simulated' } as const;
  return sim.drive(sim.ask(({ fleets }) => fleets.fleetCommand(envelope)));
};

export const sayTo = (
  sim: Simulation,
  variable: string,
  command: VariableCommand,
  id = sim.nextCommand(),
): Promise<CommandResult> => {
  const target = variableTarget(FLEET, variable);
  const envelope = { v: 1, id, target, command, actor: OLGA, reason: 'simulated' } as const;
  return sim.drive(sim.ask(({ fleets }) => fleets.variableCommand(envelope)));
};

export const variableOf = (sim: Simulation, name: string): VariableModel | undefined =>
  sim.invariants.fleets.variable(FLEET, name);

/** Hosts of some roles, from one to forty of each. */
export async function joinAll({ sim, random, hosts }: RampAround): Promise<void> {
  for (const role of ROLES) {
    const names = Array.from({ length: 1 + random.int(pick(random, [2, 12, 40])) }, (_, i) => `${role}-${i}`);
    hosts.push(...names);
    await tell(sim, { type: 'join', hosts: names.map((host) => ({ host, role })) });
  }
}

function anyLimits(random: Random): NonNullable<RampWishes['limits']> {
  const share = { maxPercent: pick(random, [0, 10, 33, 50, 99.5]), minHosts: random.int(3) };
  return {
    ...(random.chance(0.5) ? { [pick(random, ROLES)]: share } : {}),
    ...(random.chance(0.3) ? { login: { maxHosts: 2 + random.int(5) } } : {}),
    ...(random.chance(0.4) ? { web: { pace: { changes: 1 + random.int(4), window: '2m' } } } : {}),
  };
}

function anyGate(random: Random): readonly GateDocument[] {
  if (random.chance(0.3)) return [];
  return [
    {
      name: 'errors',
      source: 'main',
      interval: '20s',
      at: pick(random, [['during'], ['during', 'exit'], ['entry', 'during'], ['exit']]),
      onFail: random.chance(0.2) ? 'record' : 'brake',
      measure: { kind: 'threshold', query: 'max(errors)', limit: 0.05, window: '2m', step: '5s', n: 2, of: 3 },
    },
  ];
}

/** A rollout that ramps a variable from what its hosts have to the next version. */
export function anyRamp({ sim, random }: RampAround, group: string, version: string): Partial<DeployRequest> {
  const gates = anyGate(random);
  const points = [
    { after: '1m', percent: random.int(40) },
    { after: '20m', percent: 40 },
    { after: '40m', percent: 100 },
  ] as const;
  return {
    ...{ group, version, strategy: 'ramp', reason: 'simulated' },
    ...(gates.length === 0 ? {} : { gates }),
    ...(random.chance(0.3) ? { approvals: { batches: 'required' } } : {}),
    ramp: {
      variable: group,
      over: pick(random, ['2s', '30s', '10m', '30m', '1h', points]),
      ...(variableOf(sim, group) === undefined ? { from: '1.0.0' } : {}),
      ...(random.chance(0.6) ? { limits: anyLimits(random) } : {}),
    },
  };
}

const ORDERS: readonly RolloutCommand[] = [
  ...(['pause', 'resume', 'resume', 'resume', 'retry'] as const).map((type) => ({ type })),
  ...(['cancel', 'rollback', 'hotfix'] as const).map((type) => ({ type })),
];

async function order({ sim, random }: RampAround): Promise<void> {
  const id = pick(random, [...sim.invariants.rollouts.keys()]);
  const command = pick(random, ORDERS);
  const key = sim.nextCommand();
  await sim.command(id, command, 'olga', key);
  if (random.chance(0.2)) await sim.command(id, command, 'olga', key);
}

/** Of a variable by hand: defined and sent on its way; of another, what a person says to it besides its rollout. */
const COMMANDS = ['ramp', 'ramp', 'pause', 'resume', 'resume', 'stop', 'reverse', 'revert', 'finish'] as const;

async function sayAny(around: RampAround): Promise<void> {
  const { sim, random, hosts } = around;
  const name = random.chance(0.6) ? BY_HAND : pick(random, VARIABLES);
  const known = variableOf(sim, name);
  if (known === undefined || random.chance(0.15)) return define(around, name, known);
  const some = Array.from({ length: 1 + random.int(3) }, () => pick(random, hosts));
  const { from, to } = known.spec;
  const dice = random.int(10);
  const command: VariableCommand =
    dice === 0
      ? { type: 'pin', hosts: some, value: pick(random, [from, to, 'x']) }
      : dice === 1
        ? { type: 'unpin', hosts: [...known.pins.keys()].slice(0, 2).map((host) => hosts[host] ?? '') }
        : { type: pick(random, COMMANDS) };
  const key = sim.nextCommand();
  await sayTo(sim, name, command, key);
  if (random.chance(0.2)) await sayTo(sim, name, command, key);
}

/** Its limits change while it goes; or it is given its next value, where it can be. */
async function define({ sim, random }: RampAround, name: string, known: VariableModel | undefined): Promise<void> {
  const durationMs = pick(random, [30_000, 10 * MINUTE, 60 * MINUTE]);
  const fresh: VariableSpec = {
    ...({ name, type: 'string', from: '1.0.0', to: '2.0.0', limits: {}, salt: '' } as const),
    schedule: { kind: 'linear', durationMs },
  };
  const limits = { access: { maxPercent: random.int(101), minHosts: random.int(2) } };
  const next = known?.phase === 'finished' ? { from: known.spec.to, to: `${sim.position}.0.0` } : {};
  const spec = known === undefined ? fresh : { ...known.spec, ...(random.chance(0.5) ? { limits } : next) };
  await sayTo(sim, name, { type: 'define', spec });
}

/** Hosts come, go, come back and change their role. */
async function move({ sim, random, hosts }: RampAround): Promise<void> {
  const some = Array.from({ length: 1 + random.int(4) }, () => pick(random, hosts));
  const role = pick(random, ROLES);
  if (random.chance(0.4)) await tell(sim, { type: 'leave', hosts: some });
  else if (random.chance(0.5)) await tell(sim, { type: 'join', hosts: some.map((host) => ({ host, role })) });
  else {
    const fresh = Array.from({ length: 1 + random.int(4) }, (_, i) => `${role}-new-${hosts.length + i}`);
    await tell(sim, { type: 'join', hosts: fresh.map((host) => ({ host, role })) });
    hosts.push(...fresh);
  }
}

/** A service dies; of two owners one may stand still for minutes. */
function strike({ sim, world, random }: RampAround): void {
  const { executors } = sim;
  const index = random.int(executors.count);
  const { life } = executors.at(index);
  const dice = random.int(6);
  if (dice < 3) sim.killExecutor(index);
  else if (dice === 3) sim.kill(pick(random, ['planner', 'gate'] as const));
  else if (executors.count > 1 && !life.sleeps) {
    world.trouble();
    life.sleep();
    sim.clock.schedule(1 + random.int(4 * MINUTE), () => {
      world.trouble();
      life.wake();
    });
  }
}

/** A service level objective is not met, as the gate or anybody else who measures says. */
async function worsen({ sim, world, random }: RampAround): Promise<void> {
  const dice = random.int(4);
  if (dice === 0) world.metrics.isBad = !world.metrics.isBad;
  else if (dice === 1) world.metrics.mood = pick(random, ['well', 'well', 'dead', 'empty']);
  else if (dice === 2) world.metrics.isBad = false;
  else
    await tell(
      sim,
      {
        ...{ type: 'breach', words: 'restarts 3% > 1%', numbers: { value: 3 } },
        ...(random.chance(0.5) && variableOf(sim, BY_HAND) !== undefined ? { variables: [BY_HAND] } : {}),
      },
      { id: 'health-gate', kind: 'service' },
    );
}

async function freeze({ sim, random }: RampAround): Promise<void> {
  const [first] = sim.freezes.names();
  if (first !== undefined) await sim.freeze({ type: 'lift' }, first);
  const scope = pick(random, [
    { kind: 'all' },
    { kind: 'group', name: FLEET },
    { kind: 'group', name: VARIABLES[0] },
    { kind: 'environment', name: 'production' },
  ] as const);
  const now = sim.clock.now();
  const from = random.chance(0.3) ? now + random.int(5 * MINUTE) : undefined;
  const until = (from ?? now) + 1_000 + random.int(10 * MINUTE);
  await sim.freeze({ type: 'freeze', scope, until, ...(from === undefined ? {} : { from }) });
}

async function happen(around: RampAround): Promise<void> {
  const { random } = around;
  const dice = random.int(20);
  if (dice < 4) await order(around);
  else if (dice < 9) await sayAny(around);
  else if (dice < 13) await move(around);
  else if (dice < 16) strike(around);
  else if (dice < 18) await worsen(around);
  else await freeze(around);
}

const MAX_ROUNDS = 30;

/** With everything outside healthy all comes to its end, and every owner has each host have what the log says. */
export async function comeToRest({ sim, world, random }: RampAround): Promise<readonly string[]> {
  for (let i = 0; i < sim.executors.count; i += 1) sim.executors.at(i).life.wake();
  world.trouble();
  world.metrics.isBad = false;
  world.metrics.mood = 'well';
  await thaw(sim);
  const open = (): VariableModel[] =>
    VARIABLES.flatMap((name) => variableOf(sim, name) ?? []).filter(({ phase }) => !RESTS.has(phase));
  // What a person has paused waits for a person, and its rollout waits with it.
  const resume = async (): Promise<void> => {
    for (const { name, phase } of open())
      if (phase === 'paused' || phase === 'stopped') await sayTo(sim, name, { type: 'resume' });
  };
  await resume();
  const unended = await endThemAll(sim);
  if (unended.length > 0 || sim.invariants.violations.length > 0) return unended;
  for (let round = 0; round < MAX_ROUNDS && open().length > 0; round += 1) {
    await resume();
    await sim.clock.advance(10 * MINUTE);
  }
  const moving = open().map(({ name, phase }) => `${name} never came to an end: it is ${phase}`);
  const differences = (): readonly string[] => asTold(sim, world);
  const before = differences();
  sim.killExecutor(random.int(sim.executors.count));
  await sim.clock.advance(10_000);
  return [...moving, ...before, ...differences().map((what) => `after a restart: ${what}`)];
}

const RESTS: ReadonlySet<string> = new Set(['defined', 'finished', 'reversed', 'reverted']);

/** What each executor has the hosts have, and the log. */
export const asTold = (sim: Simulation, world: RampWorld): readonly string[] =>
  Array.from({ length: sim.executors.count }, (_, i) => world.differences(sim.executors.at(i).fleets)).flat();

/** The executor dies at one of its commits, before or after it is durable, or at every one of them. */
const anyCrash = (random: Random): CrashPlan => ({
  service: pick(random, ['executor', 'executor', 'gate']),
  at: random.chance(0.1) ? 'every' : 1 + random.int(150),
  when: pick(random, ['before', 'after']),
});

/**
 * Three variables at once, two of them by rollouts with gates and approvals: hosts come and go, people pause, stop,
 * reverse, revert, pin and redefine, the gate brakes, freezes come, newer rollouts supersede, executors die and sleep.
 */
export async function* ramp({ seed }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('ramp');
  const owners = random.chance(0.4) ? 2 : 1;
  const sim = new Simulation({
    ...{ seed, hosts: 0, executors: owners, isShuffled: random.chance(0.3), ramps: VARIABLES.slice(0, 2) },
    ...(owners === 1 && random.chance(0.6) ? { crash: anyCrash(random) } : {}),
    approveAfterMs: 1 + random.int(30_000),
  });
  yield await play(sim, { scenario: 'ramp', what: `${owners} owners` }, async ({ ramps: world }) => {
    if (world === undefined) return ['there is no world'];
    const around: RampAround = { sim, world, random, hosts: [] };
    await joinAll(around);
    for (const group of VARIABLES.slice(0, 2)) await sim.request(anyRamp(around, group, '2.0.0'));
    for (let i = 0; i < 40 && sim.faults().length === 0; i += 1) {
      await sim.clock.advance(random.int(4 * MINUTE));
      const group = VARIABLES[random.int(2)] ?? BY_HAND;
      if (random.chance(0.12)) await sim.request(anyRamp(around, group, `${3 + i}.0.0`)).catch(() => undefined);
      await happen(around);
    }
    return comeToRest(around);
  });
}
