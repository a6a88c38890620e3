import { hashOf } from '@sluice/contracts';
import type { Random } from '@sluice/testing';

import { GROUP, type Simulation } from '../simulation.js';

/** One run of a scenario: what it cost, what came of it, and everything that was wrong. */
export interface Run {
  readonly scenario: string;
  readonly seed: number;
  readonly what: string;
  readonly targets: number;
  readonly virtualMs: number;
  readonly wallMs: number;
  readonly events: number;
  readonly crashes: number;
  readonly faults: readonly string[];
  /** Everything that the log holds, a line each; only of a run that failed. */
  readonly trace: readonly string[];
}

export interface ScenarioOptions {
  readonly seed: number;
  /** Targets of the fleet, where the scenario leaves a choice. */
  readonly fleet?: number | undefined;
}

/** Yields its runs one by one, so that a table can be printed as they come. */
export type Scenario = (options: ScenarioOptions) => AsyncIterable<Run>;

/** The command that repeats one run of a scenario. */
export const repeatWith = (scenario: string, { seed, fleet }: ScenarioOptions): string =>
  `npm run simulate -- --only ${scenario} --seeds 1 --seed ${seed}${fleet === undefined ? '' : ` --fleet ${fleet}`}`;

type Keeper = (sim: Simulation, name: string) => Promise<void>;

let keeper: Keeper | undefined;

/** From now on each run is handed over before it is closed. */
export function keepRuns(keep: Keeper): void {
  keeper = keep;
}

/** Plays one simulation; what it throws is a fault like any other. */
export async function play(
  sim: Simulation,
  { scenario, what }: { readonly scenario: string; readonly what: string },
  story: (sim: Simulation) => Promise<readonly string[]>,
): Promise<Run> {
  const began = performance.now();
  const from = sim.clock.now();
  let wrong: readonly string[];
  try {
    wrong = [...(await story(sim)), ...(await sim.audit())];
  } catch (error) {
    wrong = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  const faults = [...sim.faults(), ...wrong];
  await keeper?.(sim, `${scenario}-${sim.options.seed} ${what}`);
  sim.close();
  return {
    scenario,
    seed: sim.options.seed,
    what,
    targets: sim.options.hosts,
    virtualMs: sim.clock.now() - from,
    wallMs: Math.round(performance.now() - began),
    events: sim.invariants.events,
    crashes: sim.crashes,
    faults,
    trace: faults.length > 0 ? traceOf(sim) : [],
  };
}

function traceOf({ timeline }: Simulation): string[] {
  const from = timeline[0]?.at ?? 0;
  return timeline.map(
    ({ at, id, event }) => `${((at - from) / 1_000).toFixed(3)} s ${id.slice(0, 9)} ${JSON.stringify(event)}`,
  );
}

/** How a rollout ended, for the fleet and for the log: what two runs that end the same have in common (I11). */
export function endState(sim: Simulation, id: string): Readonly<Record<string, unknown>> {
  const model = sim.model(id);
  const hosts = [...sim.fleet.hosts.values()].map(({ name, slots }) => {
    const slot = slots.get(GROUP);
    return `${name} ${slot?.running ?? 'none'} ${slot?.serving === true ? 'serves' : 'out'}`;
  });
  return {
    status: model.status,
    end: model.end,
    targets: model.targets.map(({ host, where, out }) => `${host} ${where} ${out ? 'out' : 'in'}`).toSorted(),
    hosts: hosts.toSorted(),
  };
}

/** The differences of two end states, in words; none when they are the same. */
export function differences(
  expected: Readonly<Record<string, unknown>>,
  got: Readonly<Record<string, unknown>>,
): string[] {
  return Object.keys(expected).flatMap((key) =>
    hashOf(expected[key]) === hashOf(got[key])
      ? []
      : [`I11: ${key} should be ${wordsOf(expected[key])}, it is ${wordsOf(got[key])}`],
  );
}

const wordsOf = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 400);

/** I12, seen from the fleet: a host that does not serve is named by the last rollout that touched it. */
export function hiddenHosts(sim: Simulation, broken: ReadonlySet<string> = new Set()): string[] {
  const rollouts = [...sim.invariants.rollouts.values()].toReversed();
  return [...sim.fleet.hosts.values()].flatMap(({ name, slots }) => {
    if (slots.get(GROUP)?.serving !== false || broken.has(name)) return [];
    const last = rollouts.flatMap(({ targets }) => targets.filter(({ host, n }) => host === name && n > 0))[0];
    if (last?.out === true || last?.where === 'excluded') return [];
    return [`I12: ${name} does not serve and is ${last?.where}, not listed`];
  });
}

/** The version that a host runs and serves; undefined when it serves none. */
export function servedBy(sim: Simulation, host: string): string | undefined {
  const slot = sim.fleet.hosts.get(host)?.slots.get(GROUP);
  return slot?.serving === true ? (slot.running ?? undefined) : undefined;
}

/** Hosts that do not serve that version, of all that are named. */
export const notServing = (sim: Simulation, hosts: readonly string[], version: string): string[] =>
  hosts
    .filter((host) => servedBy(sim, host) !== version)
    .map((host) => `${host} serves ${servedBy(sim, host) ?? 'nothing'}, not ${version}`);

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.int(items.length)] as T;
}

/** That many different indexes below `below`, in no order. */
export function pickIndexes(random: Random, below: number, count: number): number[] {
  const left = Array.from({ length: below }, (_, i) => i);
  return Array.from({ length: Math.min(count, below) }, () => left.splice(random.int(left.length), 1)[0] as number);
}

/** Whenever the rollout stands or has failed, as often as that: a retry, or on with it when there is nothing to retry. */
export async function retryUntilDone(sim: Simulation, id: string, tries: number): Promise<boolean> {
  const stands = (): boolean => ['braked', 'failed', 'ended'].includes(sim.model(id).status);
  for (let i = 0; i <= tries; i += 1) {
    await sim.until(stands, 12 * 3_600_000);
    if (sim.model(id).status === 'ended' || sim.invariants.violations.length > 0) break;
    await sim.clock.advance(60_000);
    if (i === tries || !stands()) continue;
    const retried = await sim.command(id, { type: 'retry' });
    if (!retried.ok) await sim.command(id, { type: 'resume' });
  }
  return sim.model(id).end === 'RolloutSucceeded';
}
