import { seededRandom } from '@sluice/testing';

import { hostName, Simulation } from '../simulation.js';
import { notServing, pickIndexes, play, retryUntilDone, type Run, type ScenarioOptions } from './scenario.js';

/**
 * C5: a rollout is superseded in mid-step while runs of it are stuck in the network and hosts cannot be reached. When
 * the runs arrive at last, the newer rollout has been there, and the hosts refuse them by their token.
 */
export async function* c5({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C5');
  const hosts = fleet ?? 3 + random.int(10);
  const sim = new Simulation({
    seed,
    hosts,
    environment: 'test',
    messages: { lateCommand: 0.3 + random.next() / 2, lateCommandMs: 240_000 },
  });
  const away = pickIndexes(random, hosts, 1 + random.int(hosts)).map(hostName);
  yield await play(sim, { scenario: 'C5', what: `${away.length} of ${hosts} away` }, async () => {
    const request = {
      strategy: 'rolling',
      batches: '100%',
      interval: '0s',
      gates: ['settled'],
      failureThreshold: 100,
    } as const;
    const old = await sim.request({ ...request, version: '2.0.0' });
    await sim.clock.advance(random.int(4_000));
    for (const name of away) leave(sim, name, 20_000 + random.int(60_000));
    await sim.clock.advance(random.int(12_000));
    const next = await sim.request({ ...request, version: '3.0.0' });
    await sim.until(() => sim.ended(old), 12 * 3_600_000);
    sim.fleet.setMessageFaults({});
    const done = await retryUntilDone(sim, next, 8);
    // Whatever is still stuck has arrived by then.
    await sim.clock.advance(600_000);
    const ends = [sim.model(old).end, done ? 'done' : sim.model(next).status];
    const wrong = ends.join() === 'RolloutCancelled,done' ? [] : [`the rollouts ended as ${ends.join()}`];
    return [...wrong, ...notServing(sim, [...sim.fleet.hosts.keys()], '3.0.0')];
  });
}

function leave(sim: Simulation, name: string, ms: number): void {
  const host = sim.fleet.host(name);
  host.connected = false;
  sim.clock.schedule(ms, () => {
    host.connected = true;
  });
}
