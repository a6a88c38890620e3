import { seededRandom } from '@sluice/testing';

import { GROUP, hostName, Simulation } from '../simulation.js';
import { notServing, pickIndexes, play, retryUntilDone, type Run, type ScenarioOptions } from './scenario.js';

const ALL_AT_ONCE = {
  strategy: 'rolling',
  batches: '100%',
  interval: '0s',
  gates: ['settled'],
  failureThreshold: 100,
} as const;

/** C8: the link names the new release and what was started from it does not run. A skip looks at what runs, and refuses. */
export async function* c8({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C8');
  const hosts = fleet ?? 3 + random.int(10);
  const [repaired, ...broken] = pickIndexes(random, hosts, 2 + random.int(3)).map(hostName);
  const victims = new Set([repaired, ...broken]);
  const sim = new Simulation({
    seed,
    hosts,
    environment: 'test',
    faults: ({ host, step, version, n }) =>
      step === 'install' && version === '2.0.0' && n === 1 && victims.has(host) ? { kind: 'restartFails' } : undefined,
  });
  yield await play(sim, { scenario: 'C8', what: `${broken.length} broken, one repaired by hand` }, async () => {
    const id = await sim.request(ALL_AT_ONCE);
    await sim.until(() => ['failed', 'braked'].includes(sim.model(id).status));
    const wrong: string[] = [];
    for (const host of broken) {
      if (sim.fleet.host(host).slots.get(GROUP)?.linked !== '2.0.0') wrong.push(`the link of ${host} was not moved`);
      if ((await skipped(sim, id, host)) !== 'failed') wrong.push(`${host} was skipped though nothing runs there`);
    }
    if (repaired !== undefined) {
      sim.fleet.host(repaired).slots.get(GROUP)?.set({ running: '2.0.0', drained: false });
      if ((await skipped(sim, id, repaired)) !== 'skipped') wrong.push(`${repaired} was repaired, and not skipped`);
    }
    const done = await retryUntilDone(sim, id, 2);
    return [
      ...wrong,
      ...(done ? [] : ['the retry did not repair it']),
      ...notServing(sim, [...sim.fleet.hosts.keys()], '2.0.0'),
    ];
  });
}

async function skipped(sim: Simulation, id: string, host: string): Promise<string | undefined> {
  const answer = await sim.command(id, { type: 'skip', host });
  if (!answer.ok) return answer.code;
  await sim.until(() => ['failed', 'braked', 'ended'].includes(sim.model(id).status));
  return sim.model(id).targets.find((target) => target.host === host)?.where;
}

/** C9: apps that take up to 179 s to start pass within 180 s, whatever is restarted meanwhile; later ones do not. */
export async function* c9({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C9');
  const hosts = fleet ?? 3 + random.int(8);
  const seconds = Array.from({ length: hosts }, () =>
    random.chance(0.2) ? 181 + random.int(60) : 170 + random.int(10),
  );
  const sim = new Simulation({
    seed,
    hosts,
    environment: 'test',
    times: { verify: 1_000 },
    faults: ({ host, step, version }) =>
      step === 'verify' && version === '2.0.0'
        ? { kind: 'slow', factor: seconds[Number(host.slice(-5))] ?? 1 }
        : undefined,
  });
  yield await play(sim, { scenario: 'C9', what: `${Math.max(...seconds)} s at most` }, async () => {
    const id = await sim.request({ ...ALL_AT_ONCE, startTimeout: '180s' });
    for (let i = random.int(3); i > 0; i -= 1) {
      await sim.clock.advance(random.int(90_000));
      sim.kill('executor');
    }
    await sim.until(() => sim.ended(id));
    return sim.model(id).targets.flatMap(({ host, where, failedAt }) => {
      const expected = (seconds[Number(host.slice(-5))] ?? 0) > 180 ? 'failed' : 'done';
      const step = where === 'failed' ? failedAt : 'verify';
      return where === expected && step === 'verify' ? [] : [`${host} is ${where} (${step}), it should be ${expected}`];
    });
  });
}
