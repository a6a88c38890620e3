import { type Random, seededRandom } from '@sluice/testing';

import { APP, GROUP, hostName, Simulation } from '../simulation.js';
import { notServing, pickIndexes, play, type Run, type ScenarioOptions } from './scenario.js';

const CHANGES = ['exclude', 'replace', 'vanish', 'address'] as const;

interface Changed {
  /** Whoever was done by then runs what the new machine brought along, and only the next rollout knows. */
  readonly replaced: Set<string>;
  readonly excluded: Set<string>;
  readonly vanished: Set<string>;
  readonly added: string;
}

/**
 * C12: in the middle of a batch a member is excluded, another is replaced by an empty machine, one vanishes for good,
 * one changes its address, and a new one joins. The plan stays as it was fixed; the next one knows them all, and a
 * scale-out then reaches whoever joins last.
 */
export async function* c12({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C12');
  const hosts = fleet ?? 6 + random.int(12);
  const sim = new Simulation({ seed, hosts, environment: 'test' });
  yield await play(sim, { scenario: 'C12', what: `${hosts} members` }, async () => {
    const request = {
      strategy: 'rolling',
      batches: '50%',
      interval: '3s',
      gates: ['settled'],
      failureThreshold: 100,
    } as const;
    const id = await sim.request(request);
    const changed = await change(sim, random, hosts);
    if (!(await bringHome(sim, id, changed))) return [`it is ${sim.model(id).status}`];
    const wrong =
      sim.fleet.host(changed.added).journal.size > 0 ? [`${changed.added} is not in the plan and was touched`] : [];
    const members = [...sim.fleet.hosts.keys()].filter((host) => !changed.excluded.has(host));
    wrong.push(
      ...notServing(
        sim,
        members.filter((host) => host !== changed.added && !changed.replaced.has(host)),
        '2.0.0',
      ),
    );

    const next = await sim.request({ ...request, version: '3.0.0' });
    if (!(await bringHome(sim, next, changed))) wrong.push(`the next one is ${sim.model(next).status}`);
    const planned = sim.model(next).targets.map(({ host }) => host);
    if (planned.toSorted().join() !== members.toSorted().join()) wrong.push(`the next plan holds ${planned.join()}`);
    wrong.push(...notServing(sim, members, '3.0.0'));
    return sim.model(next).end === 'RolloutSucceeded' ? [...wrong, ...(await spread(sim, hosts + 1))] : wrong;
  });
}

/** TAR-45: one more member joins, and the proven version is brought to it and to nobody else, without a canary. */
async function spread(sim: Simulation, index: number): Promise<string[]> {
  const host = hostName(index);
  join(sim, host);
  for (const [name, entry] of sim.inventory.listed)
    sim.inventory.listed.set(name, { ...entry, running: sim.fleet.host(name).slots.get(GROUP)?.running ?? '1.0.0' });
  const id = await sim.request({ version: '3.0.0', strategy: 'scaleOut', gates: ['settled'] });
  await sim.until(() => sim.ended(id));
  const touched = sim.model(id).targets.map((target) => target.host);
  const wrong = touched.join() === host ? [] : [`the scale-out to ${host} touched ${touched.join()}`];
  if (sim.model(id).plan.canaries > 0) wrong.push('a scale-out of a proven version has a canary');
  return [...wrong, ...notServing(sim, [host], '3.0.0')];
}

function join(sim: Simulation, host: string): void {
  const entry = { host, app: APP, group: GROUP, running: '1.0.0' };
  sim.fleet.add(entry);
  sim.inventory.listed.set(host, { ...entry, serving: true });
}

/** Everything that may happen to a member, at different moments of the first half minute. */
async function change(sim: Simulation, random: Random, hosts: number): Promise<Changed> {
  const victims = pickIndexes(random, hosts, 3 + random.int(3)).map(hostName);
  const changed: Changed = { replaced: new Set(), excluded: new Set(), vanished: new Set(), added: hostName(hosts) };
  for (const host of victims) {
    await sim.clock.advance(random.int(6_000));
    const what = CHANGES[random.int(CHANGES.length)];
    if (what === 'exclude') await sim.groupCommand({ type: 'exclude', host });
    if (what === 'exclude') changed.excluded.add(host);
    if (what === 'vanish') changed.vanished.add(host);
    if (what === 'replace') changed.replaced.add(host);
    if (what === 'vanish' || what === 'replace') sim.fleet.vanish(host);
    if (what === 'replace') sim.clock.schedule(random.int(40_000), () => sim.fleet.replace(host));
    if (what === 'address') move(sim, host, 500 + random.int(8_000));
  }
  join(sim, changed.added);
  return changed;
}

/** It is away while it moves; its agent then connects from the new address under the same name. */
function move(sim: Simulation, name: string, ms: number): void {
  const host = sim.fleet.host(name);
  host.connected = false;
  sim.clock.schedule(ms, () => {
    host.connected = true;
  });
}

/** What an operator does: exclude what is gone for good, retry the rest. */
async function bringHome(sim: Simulation, id: string, { excluded, vanished }: Changed): Promise<boolean> {
  const stands = (): boolean => ['braked', 'failed', 'ended'].includes(sim.model(id).status);
  for (let rounds = 0; rounds < 8 && sim.model(id).status !== 'ended'; rounds += 1) {
    await sim.until(stands, 12 * 3_600_000);
    await sim.clock.advance(60_000);
    for (const host of vanished) {
      if (!excluded.has(host)) await sim.groupCommand({ type: 'exclude', host });
      excluded.add(host);
    }
    const left = sim.model(id).targets.some(({ where }) => where === 'failed' || where === 'unknown');
    if (stands())
      await sim.command(
        id,
        left ? { type: 'retry' } : { type: sim.model(id).status === 'failed' ? 'close' : 'resume' },
      );
  }
  return sim.model(id).status === 'ended';
}
