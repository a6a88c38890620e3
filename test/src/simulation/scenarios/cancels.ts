import { groupStreamId } from '@sluice/contracts';
import { seededRandom, type StepFaults } from '@sluice/testing';

import { GROUP, hostName, Simulation } from '../simulation.js';
import { notServing, pick, play, type Run, type ScenarioOptions } from './scenario.js';

/** C14: a rollout is cancelled while hosts are out of service; it names each of them, and its rollback restores them. */
export async function* c14({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C14');
  const hosts = fleet ?? 4 + random.int(12);
  const bad = random.next() / 2;
  const failing = new Set(Array.from({ length: hosts }, (_, i) => hostName(i)).filter(() => random.chance(bad)));
  const faults: StepFaults = ({ host, step, version }) =>
    step === 'verify' && version === '2.0.0' && failing.has(host) ? { kind: 'fail' } : undefined;
  const sim = new Simulation({ seed, hosts, environment: 'test', faults });
  const strategy = pick(random, ['canary', 'rolling'] as const);
  if (strategy === 'canary' && random.chance(0.5)) failing.add(hostName(0));
  yield await play(sim, { scenario: 'C14', what: `${strategy}, ${failing.size} of ${hosts} bad` }, async () => {
    const all = { strategy: 'rolling', interval: '0s', gates: ['settled'], failureThreshold: 100 } as const;
    const first = await sim.request({ ...all, version: '1.0.0', batches: '100%' });
    await sim.until(() => sim.ended(first));
    const id = await sim.request({ ...all, strategy, batches: '50%', bake: '0s' });
    if (strategy === 'canary' && !failing.has(sim.model(id).targets[0]?.host ?? '') && random.chance(0.7))
      await sim.until(() => sim.model(id).status === 'awaiting-approval');
    else await sim.clock.advance(random.int(30_000));
    if (sim.ended(id)) return [];
    const answer = await sim.command(id, { type: 'cancel' });
    if (!answer.ok) return [`the cancel was refused: ${answer.message}`];
    await sim.until(() => sim.ended(id));
    return [...listed(sim, id), ...(await restored(sim, id))];
  });
}

/** The end names the hosts that are out, and the fleet knows of no others. */
function listed(sim: Simulation, id: string): string[] {
  const end = sim.timeline.findLast((item) => item.id === id && item.event.type === 'RolloutCancelled')?.event;
  if (end?.type !== 'RolloutCancelled') return ['it was not cancelled'];
  const named = end.notServing.map((index) => sim.model(id).targets[index]?.host ?? '').toSorted();
  const out = [...sim.fleet.hosts.values()].filter(({ slots }) => slots.get(GROUP)?.serving !== true);
  const names = out.map(({ name }) => name).toSorted();
  return named.join() === names.join() ? [] : [`it names ${named.join()}, out of service are ${names.join()}`];
}

async function restored(sim: Simulation, id: string): Promise<string[]> {
  const touched = sim.model(id).targets.filter(({ n }) => n > 0);
  const runs = new Map([...sim.fleet.hosts.values()].map(({ name, journal }) => [name, journal.size]));
  const answer = await sim.command(id, { type: 'rollback' });
  if (touched.length === 0) return answer.ok ? ['nothing was touched, and a rollback was taken'] : [];
  if (!answer.ok) return [`the rollback was refused: ${answer.message}`];
  const back = (): string | undefined =>
    [...sim.invariants.rollouts.values()].find(({ plan }) => plan.rollbackOf === id)?.id;
  await sim.until(() => sim.ended(back() ?? ''));
  const wrong = sim.model(back() ?? '').end === 'RolloutSucceeded' ? [] : ['the rollback did not succeed'];
  if (!sim.invariants.group(groupStreamId(GROUP)).blocked.has('2.0.0')) wrong.push('the bad version is not blocked');
  const untouched = sim.model(id).targets.filter(({ n }) => n === 0);
  for (const { host } of untouched)
    if (sim.fleet.host(host).journal.size !== runs.get(host))
      wrong.push(`${host} was not touched, and was rolled back`);
  return [...wrong, ...notServing(sim, [...sim.fleet.hosts.keys()], '1.0.0')];
}
