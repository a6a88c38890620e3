import { readFileSync } from 'node:fs';

import { pause } from '@sluice/demo';
import type { Random } from '@sluice/testing';

import { LEASE_MS, SERVICE_KINDS } from './shape.js';
import type { Unit, World } from './world.js';

/** What was done, and how often. */
export type FaultCounts = Readonly<Record<string, number>>;

interface Fault {
  readonly weight: number;
  readonly victims: (world: World) => readonly Unit[];
  readonly strike: (world: World, unit: Unit, random: Random) => Promise<void>;
}

const between = (random: Random, low: number, high: number): number => low + random.int(high - low);
const services = (world: World): readonly Unit[] => SERVICE_KINDS.flatMap((kind) => world.of(kind));
const wired = (world: World): readonly Unit[] => world.units.filter(({ proxy }) => proxy !== undefined);
const STEP_MS = 3_000;

async function freeze({ running }: Unit, ms: number): Promise<void> {
  running.kill('SIGSTOP');
  await pause(ms);
  running.kill('SIGCONT');
}

const kill: Fault['strike'] = (world, unit, random) => world.kill(unit, between(random, 0, 1_500));

const FAULTS: Readonly<Record<string, Fault>> = {
  'kill -9 of a planner': { weight: 2, victims: (world) => world.of('planner'), strike: kill },
  'kill -9 of an executor': { weight: 6, victims: (world) => world.of('executor'), strike: kill },
  'kill -9 of a health-gate': { weight: 2, victims: (world) => world.of('health-gate'), strike: kill },
  'kill -9 of a notifier': { weight: 3, victims: (world) => world.of('notifier'), strike: kill },
  'kill -9 of the gateway': { weight: 1, victims: (world) => world.of('gateway'), strike: kill },
  'kill -9 of an agent in a step': {
    weight: 4,
    victims: (world) => world.of('agent'),
    strike: async (world, unit, random) => {
      await inStep(world, unit);
      await pause(random.int(100));
      await kill(world, unit, random);
    },
  },
  'kill -9 of the agents of a farm': { weight: 2, victims: (world) => world.of('farm'), strike: kill },
  'SIGSTOP of an executor': {
    weight: 4,
    victims: (world) => world.of('executor'),
    strike: (_, unit, random) => freeze(unit, between(random, LEASE_MS, 3 * LEASE_MS)),
  },
  'SIGSTOP of another service': {
    weight: 2,
    victims: (world) => services(world).filter(({ kind }) => kind !== 'executor'),
    strike: (_, unit, random) => freeze(unit, between(random, 500, 4_000)),
  },
  'a program cut off': {
    weight: 4,
    victims: wired,
    strike: async (_, { proxy }, random) => {
      proxy?.cut();
      await pause(between(random, 200, 5_000));
      proxy?.heal();
    },
  },
  'a wire that hangs': {
    weight: 2,
    victims: wired,
    strike: async (_, { proxy }, random) => {
      proxy?.hang();
      await pause(between(random, 500, 8_000));
      proxy?.heal();
    },
  },
};

/** What befalls NATS befalls everything: no program needs to be free for it. */
const SERVER_FAULTS: Readonly<
  Record<string, { readonly weight: number; strike(world: World, random: Random): Promise<void> }>
> = {
  'kill -9 of the nats-server': {
    weight: 2,
    strike: async ({ nats }, random) => {
      await nats.kill();
      await pause(between(random, 100, 3_000));
      await nats.restart();
    },
  },
  'everything cut off from NATS': {
    weight: 1,
    strike: async (world, random) => {
      const free = wired(world).filter(({ busy }) => !busy);
      for (const unit of free) unit.busy = true;
      for (const { proxy } of free) proxy?.cut();
      await pause(between(random, 200, 4_000));
      for (const { proxy } of free) proxy?.heal();
      for (const unit of free) unit.busy = false;
    },
  },
};

/** Resolves when the agent is in a step, as its journal says, or after a while: nothing may run there now. */
async function inStep({ site }: World, { hosts: [host = ''] }: Unit): Promise<void> {
  for (let waited = 0; waited < STEP_MS; waited += 20) {
    const last = lastRecord(site.path('hosts', host, 'journal.jsonl'));
    if (last.startsWith('{"t":"began"')) return;
    await pause(20);
  }
}

function lastRecord(journal: string): string {
  try {
    return readFileSync(journal, 'utf8').split('\n').at(-2) ?? '';
  } catch {
    // It has not been given a run yet.
    return '';
  }
}

/** Does things to the world at seeded moments until it is told to stop; resolves when all is as it was. */
export class FaultMaker {
  readonly counts: Record<string, number> = {};
  private readonly underWay = new Set<Promise<void>>();
  private server = false;

  constructor(
    private readonly world: World,
    private readonly random: Random,
    private readonly tell: (line: string) => void,
  ) {}

  async run(signal: AbortSignal, meanMs: number): Promise<void> {
    while (!signal.aborted) {
      await pause(between(this.random, meanMs / 4, (7 * meanMs) / 4));
      if (!signal.aborted) this.strike();
    }
    await Promise.all(this.underWay);
  }

  private strike(): void {
    const names = { ...FAULTS, ...SERVER_FAULTS };
    const name = this.pick(Object.entries(names).map(([key, { weight }]) => [key, weight]));
    const random = this.random.fork(`${name} ${this.total}`);
    const fault = FAULTS[name];
    if (fault === undefined) return this.onServer(name, random);
    const free = fault.victims(this.world).filter(({ busy }) => !busy);
    const unit = free[random.int(free.length)];
    if (unit === undefined) return;
    unit.busy = true;
    this.begin(`${name}: ${unit.name}`, name, async () => {
      await fault.strike(this.world, unit, random);
      unit.busy = false;
    });
  }

  private onServer(name: string, random: Random): void {
    const fault = SERVER_FAULTS[name];
    if (this.server || fault === undefined) return;
    this.server = true;
    this.begin(name, name, async () => {
      await fault.strike(this.world, random);
      this.server = false;
    });
  }

  private begin(line: string, name: string, work: () => Promise<void>): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    this.tell(line);
    const done: Promise<void> = work().finally(() => this.underWay.delete(done));
    this.underWay.add(done);
  }

  private get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  private pick(weights: readonly (readonly [string, number])[]): string {
    let left = this.random.int(weights.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [name, weight] of weights) {
      left -= weight;
      if (left < 0) return name;
    }
    return '';
  }
}
