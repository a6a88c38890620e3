import { numbersOf } from '@sluice/audit';
import { seededRandom } from '@sluice/testing';

import { hostName, Simulation } from '../simulation.js';
import { pick, pickIndexes, play, retryUntilDone, type Run, type ScenarioOptions } from './scenario.js';

/**
 * C4: about as many hosts fail as it takes to brake, and they report in the same moment as the last targets. Either
 * targets are left and nothing more is sent, or none is left and the rollout has failed; there is no third way.
 */
export async function* c4({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C4');
  const hosts = fleet ?? 2 + random.int(18);
  const percent = pick(random, [10, 25, 50, 100]);
  const share = Math.max(1, Math.floor((hosts * percent) / 100));
  // Around the limit, and as often among the last hosts as anywhere.
  const count = Math.max(1, Math.min(hosts, share - 1 + random.int(3)));
  const last = random.chance(0.5);
  const extraFailures = random.chance(0.4) ? 1 + random.int(2) : 0;
  const minServing = random.chance(0.3) ? Math.max(0, hosts - 1 - random.int(3)) : 0;
  const failing = new Set(
    pickIndexes(random, last ? Math.min(hosts, share * 2) : hosts, count).map((i) =>
      hostName(last ? hosts - 1 - i : i),
    ),
  );
  const threshold = random.chance(0.4) ? 1 + random.int(percent) : undefined;
  const sim = new Simulation({
    seed,
    hosts,
    environment: 'test',
    faults: ({ host, step, n }) => (step === 'verify' && n === 1 && failing.has(host) ? { kind: 'fail' } : undefined),
    messages: { delayReportMs: 1 + random.int(3) },
    helloEveryMs: 0,
  });
  yield await play(sim, { scenario: 'C4', what: `${count} of ${hosts} fail at ${percent}%` }, async () => {
    const id = await sim.request({
      strategy: 'rolling',
      batches: `${percent}%`,
      interval: '0s',
      gates: ['settled'],
      extraFailures,
      minServing,
      ...(threshold === undefined ? {} : { failureThreshold: threshold }),
    });
    await sim.until(() => ['braked', 'failed', 'ended'].includes(sim.model(id).status));
    const runs = sim.fleet.counters.runs;
    await sim.clock.advance(3_600_000);
    const wrong = verdict(sim, id);
    if (sim.fleet.counters.runs !== runs) wrong.push(`${sim.fleet.counters.runs - runs} runs were sent after the end`);
    return (await retryUntilDone(sim, id, count + 3)) ? wrong : [...wrong, `retried, it is ${sim.model(id).status}`];
  });
}

function verdict(sim: Simulation, id: string): string[] {
  const model = sim.model(id);
  const { A, T, lost, writtenOff, serving } = numbersOf(model);
  const left = model.targets.filter(({ where }) => where === 'pending').length;
  const words = `${model.status} with ${left} targets left at lost ${lost} - ${writtenOff}, A ${A}, T ${T}, serving ${serving}`;
  const stuck = lost - writtenOff >= Math.min(A, T) || serving - 1 < model.plan.budget.minServing;
  const expected = stuck && left > 0 ? 'braked' : lost > 0 ? 'failed' : 'ended';
  const touched = model.targets.filter(({ host }) => (sim.fleet.hosts.get(host)?.journal.size ?? 0) > 0).length;
  return [
    ...(model.status === expected ? [] : [`it is ${words}, not ${expected}`]),
    ...(touched + left === model.targets.length ? [] : [`${touched} hosts were touched, ${words}`]),
  ];
}
