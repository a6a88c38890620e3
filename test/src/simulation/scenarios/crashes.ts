import { seededRandom, type StepFaults } from '@sluice/testing';

import type { CrashPlan, ServiceName } from '../crash-plan.js';
import { hostName, Simulation } from '../simulation.js';
import { differences, endState, pickIndexes, play, type Run, type ScenarioOptions } from './scenario.js';

/** Two fleets: one where all is well, one with a host whose new version does not verify. */
const FLEETS: readonly (readonly [name: string, faults: StepFaults])[] = [
  ['all well', () => undefined],
  [
    'one fails',
    ({ host, step, version }) =>
      host === hostName(7) && step === 'verify' && version === '2.0.0' ? { kind: 'fail' } : undefined,
  ],
];

const REQUEST = { interval: '5s', tailInterval: '2s', bake: '10s' } as const;

interface Ending {
  readonly state: Readonly<Record<string, unknown>>;
  readonly commits: Readonly<Record<ServiceName, number>>;
  readonly faults: readonly string[];
}

async function roll(
  seed: number,
  faults: StepFaults,
  crash?: CrashPlan,
): Promise<{ readonly sim: Simulation; readonly run: () => Promise<Ending> }> {
  const sim = new Simulation({
    seed,
    hosts: 10,
    faults,
    approveAfterMs: 700,
    ...(crash === undefined ? {} : { crash }),
  });
  const run = async (): Promise<Ending> => {
    const id = await sim.request(REQUEST);
    const ended = await sim.until(() => sim.ended(id), 24 * 3_600_000);
    return {
      state: endState(sim, id),
      commits: { ...sim.commits },
      faults: ended ? [] : [`the rollout did not end: it is ${sim.model(id).status}`],
    };
  };
  return { sim, run };
}

/**
 * C1: a rollout of ten targets with canary, approvals, gates and waits; each service is killed at each of its commits,
 * once before it lands and once after, and at every one of them in the same run. It ends as if nothing had happened.
 * The first seed plays all of these, each later one a part of them.
 */
export async function* c1({ seed }: ScenarioOptions): AsyncIterable<Run> {
  for (const [name, faults] of FLEETS) {
    const calm = await roll(seed, faults);
    let expected: Ending | undefined;
    yield await play(calm.sim, { scenario: 'C1', what: `${name}, no crash` }, async () => {
      expected = await calm.run();
      return expected.faults;
    });
    if (expected === undefined) return;
    for (const crash of chosen([...crashes(expected.commits)], seed))
      yield await crashed({ seed, name, faults, crash, expected });
  }
}

/** Every place for the first seed; some of them for each later one, so that many seeds cost no hours. */
export function chosen(places: readonly CrashPlan[], seed: number): readonly CrashPlan[] {
  if (seed === 1) return places;
  const random = seededRandom(seed).fork('crashes');
  return pickIndexes(random, places.length, 8).flatMap((index) => places[index] ?? []);
}

export function* crashes(commits: Ending['commits']): Generator<CrashPlan> {
  for (const service of ['planner', 'executor', 'gate'] as const) {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; at <= commits[service]; at += 1) yield { service, at, when };
      yield { service, at: 'every', when };
    }
  }
}

interface Crashed {
  readonly seed: number;
  readonly name: string;
  readonly faults: StepFaults;
  readonly crash: CrashPlan;
  readonly expected: Ending;
}

async function crashed({ seed, name, faults, crash, expected }: Crashed): Promise<Run> {
  const { sim, run } = await roll(seed, faults, crash);
  return play(
    sim,
    { scenario: 'C1', what: `${name}, ${crash.service} killed ${crash.when} commit ${crash.at}` },
    async () => {
      const ending = await run();
      const none = sim.crashes === 0 ? ['nothing was killed'] : [];
      return [...none, ...ending.faults, ...differences(expected.state, ending.state)];
    },
  );
}
