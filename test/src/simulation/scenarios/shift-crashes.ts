import { seededRandom } from '@sluice/testing';

import type { CrashPlan } from '../crash-plan.js';
import { Simulation } from '../simulation.js';
import { chosen, crashes } from './crashes.js';
import { differences, pick, play, type Run, type ScenarioOptions } from './scenario.js';
import { errorGate, SHIFT, smokeGate } from './shift.js';

const DAY = 86_400_000;
const SCENARIO = 'shiftCrash';

type Ending = Readonly<Record<string, unknown>>;

/** What two shifts that end the same have in common: for the log, for those who read the weights, and for the sides. */
function endingOf(sim: Simulation, id: string): Ending {
  const { status, end, shift } = sim.model(id);
  const { bucket, edge, scaler, live } = sim.world ?? {};
  const said = (scaler?.said ?? []).filter((what) => what.startsWith('retire'));
  return {
    ...{ status, end, live, inForce: shift?.inForce },
    documents: bucket?.written.map(({ version, weights }) => ({ version, weights })),
    edge: edge?.last?.version,
    retired: [...new Set(said)],
  };
}

async function shiftOnce(sim: Simulation, fromWeight: number): Promise<Ending> {
  if (fromWeight <= 100) sim.world?.metrics.faults.set('flop', { fromWeight, errorRate: 0.4 });
  const gates = [errorGate({ at: ['entry', 'during', 'exit'], onFail: 'rollback' }), smokeGate];
  const traffic = { ...SHIFT.traffic, weights: [5, 50, 100] };
  const id = await sim.request({ ...SHIFT, gates, traffic, approvals: { batches: 'required' } });
  await sim.until(() => sim.ended(id), DAY);
  await sim.clock.advance(60_000);
  return endingOf(sim, id);
}

/**
 * A shift with an approval, smoke tests and a gate at every place, killed at each of its commits (C1, I11): a good one,
 * and one that its own gate rolls back. It ends as if nothing had happened, and writes no document twice. The first
 * seed plays all of these, each later one a part of them.
 */
export async function* shiftCrash({ seed }: ScenarioOptions): AsyncIterable<Run> {
  const fromWeight = pick(seededRandom(seed).fork('weight'), [5, 50, 101]);
  const world = (crash?: CrashPlan): Simulation =>
    new Simulation({
      ...{ seed, hosts: 0, traffic: 'ideal', approveAfterMs: 700 },
      ...(crash === undefined ? {} : { crash }),
    });
  const calm = world();
  let expected: Ending = {};
  yield await play(calm, { scenario: SCENARIO, what: 'no crash' }, async (sim) => {
    expected = await shiftOnce(sim, fromWeight);
    return sim.world?.atRest() ?? [];
  });
  for (const crash of chosen([...crashes(calm.commits)], seed)) {
    const what = `${crash.service} killed ${crash.when} commit ${crash.at}`;
    yield await play(world(crash), { scenario: SCENARIO, what }, async (sim) => {
      const ending = await shiftOnce(sim, fromWeight);
      return [...differences(expected, ending), ...(sim.world?.atRest() ?? [])];
    });
  }
}
