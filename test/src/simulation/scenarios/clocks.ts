import { seededRandom } from '@sluice/testing';

import { Simulation } from '../simulation.js';
import { notServing, pick, play, retryUntilDone, type Run, type ScenarioOptions } from './scenario.js';

const HOUR = 3_600_000;
const CLOCKS = ['world', 'planner', 'executor', 'gate'] as const;

/** C11: the clock of a service, or every clock, jumps by up to an hour either way, once to three times in a rollout. */
export async function* c11({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C11');
  const hosts = fleet ?? 3 + random.int(9);
  const sim = new Simulation({ seed, hosts, approveAfterMs: 1 + random.int(20_000) });
  const jumps = Array.from({ length: 1 + random.int(3) }, () => ({
    after: random.int(60_000),
    clock: pick(random, CLOCKS),
    ms: (random.chance(0.5) ? 1 : -1) * pick(random, [1_000, 60_000, HOUR]),
  }));
  const what = jumps.map(({ clock, ms }) => `${clock} ${ms / 1_000} s`).join(', ');
  yield await play(sim, { scenario: 'C11', what }, async () => {
    const id = await sim.request({ interval: '30s', tailInterval: '10s', bake: '20s' });
    for (const { after, clock, ms } of jumps) {
      await sim.clock.advance(after);
      if (clock === 'world') sim.clock.jump(ms);
      else sim.skew[clock] += ms;
      if (random.chance(0.3)) sim.kill('executor');
    }
    // A rollout whose attempts a jump took for overdue stands; the hosts have done their work, a retry finds it.
    const done = await retryUntilDone(sim, id, 4);
    return done ? notServing(sim, [...sim.fleet.hosts.keys()], '2.0.0') : [`it is ${sim.model(id).status}`];
  });
}
