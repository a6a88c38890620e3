import { seededRandom, type StepFaults } from '@sluice/testing';

import { hostName, Simulation, type SimulationOptions } from '../simulation.js';
import { differences, endState, pickIndexes, play, type Run, type ScenarioOptions } from './scenario.js';

const REQUEST = { interval: '5s', tailInterval: '2s', bake: '10s', failureThreshold: 100, batches: '25%' } as const;

/**
 * I10: the executor is restarted again and again; each time every message of the past reaches it twice and the streams in
 * any order, and every message of the present twice. The rollout ends as it does when all is in order.
 */
export async function* order({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('order');
  const hosts = fleet ?? 4 + random.int(10);
  const bad = new Set(pickIndexes(random, hosts, random.int(2)).map(hostName));
  const faults: StepFaults = ({ host, step }) => (step === 'verify' && bad.has(host) ? { kind: 'fail' } : undefined);
  const options: SimulationOptions = { seed, hosts, environment: 'test', faults, approveAfterMs: 700 };
  const calm = new Simulation(options);
  let expected: Readonly<Record<string, unknown>> = {};
  yield await play(calm, { scenario: 'order', what: 'in order' }, async () => {
    expected = await roll(calm, []);
    return [];
  });
  const restarts = Array.from({ length: 1 + random.int(5) }, () => random.int(15_000));
  const mixed = new Simulation({ ...options, isShuffled: true });
  yield await play(mixed, { scenario: 'order', what: `${restarts.length} restarts, in any order, twice` }, async () =>
    differences(expected, await roll(mixed, restarts)),
  );
}

async function roll(sim: Simulation, restarts: readonly number[]): Promise<Readonly<Record<string, unknown>>> {
  const before = await sim.request({ version: '1.0.0', strategy: 'rolling', batches: '100%', interval: '0s' });
  await sim.until(() => sim.ended(before));
  const id = await sim.request(REQUEST);
  for (const ms of restarts) {
    await sim.clock.advance(ms);
    sim.kill('executor');
  }
  await sim.until(() => sim.ended(id) || sim.model(id).status === 'braked', 24 * 3_600_000);
  return endState(sim, id);
}
