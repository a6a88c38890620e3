import { seededRandom } from '@sluice/testing';

import { FakeBalancer } from '../fake-balancer.js';
import { hostName, Simulation } from '../simulation.js';
import { notServing, pick, pickIndexes, play, type Run, type ScenarioOptions } from './scenario.js';

const ROLLING = { strategy: 'rolling', interval: '0s', gates: ['settled'], failureThreshold: 100 } as const;

/**
 * C6: in the middle of a bad rollout the load balancer, the inventory and the health-gate with all its metrics go away
 * and stay away, and no notifier ever ran. The way back needs none of them: it succeeds, and whoever was touched serves
 * what was there before.
 */
export async function* c6({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C6');
  const hosts = fleet ?? 3 + random.int(15);
  const bad = new Set(pickIndexes(random, hosts, 1 + random.int(hosts)).map(hostName));
  const balancer = random.chance(0.7) ? new FakeBalancer() : undefined;
  const sim = new Simulation({
    seed,
    hosts,
    environment: 'test',
    faults: ({ host, step, version }) =>
      step === 'verify' && version === '2.0.0' && bad.has(host) ? { kind: 'fail' } : undefined,
    ...(balancer === undefined ? {} : { balancer }),
  });
  yield await play(
    sim,
    { scenario: 'C6', what: `${bad.size} of ${hosts} bad, ${balancer ? 'a' : 'no'} balancer` },
    async () => {
      const first = await sim.request({ ...ROLLING, version: '1.0.0', batches: '100%' });
      await sim.until(() => sim.ended(first));
      const lb = balancer === undefined ? {} : { lb: pick(random, ['required', 'degrade'] as const) };
      const id = await sim.request({ ...ROLLING, ...lb, batches: pick(random, ['25%', '50%', '100%']) });
      await sim.clock.advance(2_500 + random.int(40_000));
      sim.inventory.isDown = true;
      sim.gate.life.kill();
      if (balancer !== undefined) balancer.isDown = true;
      await sim.clock.advance(random.int(30_000));
      if (random.chance(0.5)) sim.kill(pick(random, ['executor', 'planner'] as const));
      const touched = sim.model(id).targets.filter(({ n }) => n > 0).length;
      const answer = await sim.command(id, { type: 'rollback' });
      if (!answer.ok) return [`the rollback of ${touched} touched hosts was refused: ${answer.message}`];
      const back = () => [...sim.invariants.rollouts.values()].find(({ plan }) => plan.rollbackOf === id);
      await sim.until(() => sim.ended(back()?.id ?? ''), 4 * 3_600_000);
      const end = back()?.end ?? `nothing, the bad one is ${sim.model(id).status}`;
      return [
        ...(end === 'RolloutSucceeded' ? [] : [`the rollback ended with ${end}`]),
        ...notServing(sim, [...sim.fleet.hosts.keys()], '1.0.0'),
      ];
    },
  );
}
