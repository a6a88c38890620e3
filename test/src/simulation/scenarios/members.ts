import { unreachable } from '@sluice/kernel';
import { type Random, seededRandom } from '@sluice/testing';

import { APP, GROUP, hostName, Simulation } from '../simulation.js';
import { notServing, pickIndexes, play, type Run, type ScenarioOptions } from './scenario.js';

const CHANGES = ['exclude', 'replace', 'vanish', 'remove', 'address'] as const;

interface Changed {
  /** Whoever was done by then runs what the new machine brought along, and only the next rollout knows. */
  readonly replaced: Set<string>;
  readonly excluded: Set<string>;
  readonly vanished: Set<string>;
  /** Gone, and out of the inventory: a retry finds out. */
  readonly removed: Set<string>;
  readonly added: readonly string[];
}

/**
 * C12: in the middle of a batch a member is excluded, another is replaced by an empty machine, one vanishes for good,
 * one leaves the inventory too, one changes its address, and new ones join. A retry takes the group as it is by then
 * (TRS-13); who joined and was not taken is told with its version (STR-08); the next plan knows them all, and a
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
    // Heartbeats are looked at every few seconds.
    await sim.clock.advance(15_000);
    const inTime = !sim.ended(id);
    if (!(await bringHome(sim, id, changed))) return [`it is ${sim.model(id).status}`];
    const wrong = atTargetOrListed(sim, id, changed, inTime);

    const next = await sim.request({ ...request, version: '3.0.0' });
    if (!(await bringHome(sim, next, changed))) wrong.push(`the next one is ${sim.model(next).status}`);
    const members = [...sim.inventory.listed.keys()].filter((host) => !changed.excluded.has(host));
    const planned = sim.model(next).targets.filter(({ left }) => !left);
    if (
      planned
        .map(({ host }) => host)
        .toSorted()
        .join() !== members.toSorted().join()
    )
      wrong.push(`the next plan holds ${planned.map(({ host }) => host).join()}`);
    wrong.push(...notServing(sim, members, '3.0.0'));
    return sim.model(next).end === 'RolloutSucceeded'
      ? [...wrong, ...(await spread(sim, hosts + changed.added.length))]
      : wrong;
  });
}

/** STR-08: at the end each active member is at the version, or listed as not. `inTime`: who joined was heard of. */
function atTargetOrListed(sim: Simulation, id: string, changed: Changed, inTime: boolean): string[] {
  const { targets, joined } = sim.model(id);
  const places = new Map(targets.map((target) => [target.host, target.where]));
  const wrong: string[] = [];
  for (const host of sim.inventory.listed.keys()) {
    const where = places.get(host) ?? '';
    if (where === '') wrong.push(...outside(sim, host, joined.has(host) || !inTime));
    // Who vanished less than the time of silence before the end is still taken for well (seed 423).
    const isElse = changed.replaced.has(host) || changed.vanished.has(host);
    const mayDiffer = isElse || !['done', 'skipped'].includes(where);
    if (!mayDiffer) wrong.push(...notServing(sim, [host], '2.0.0'));
  }
  const unsettled = [...changed.removed].filter((host) => ['failed', 'unknown'].includes(places.get(host) ?? ''));
  return [...wrong, ...unsettled.map((host) => `${host} left and is ${places.get(host)}`)];
}

/** A member that is no target. */
function outside(sim: Simulation, host: string, isListed: boolean): string[] {
  const wrong = isListed ? [] : [`${host} is neither a target nor listed`];
  const touched = sim.fleet.hosts.get(host)?.journal.size ?? 0;
  return touched === 0 ? wrong : [...wrong, `${host} was touched without a plan`];
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
  const changed: Changed = {
    ...{ replaced: new Set(), excluded: new Set(), vanished: new Set(), removed: new Set() },
    // More of them than a batch takes, now and then.
    added: Array.from({ length: 2 + random.int(8) }, (_, i) => hostName(hosts + i)),
  };
  for (const host of victims) {
    await sim.clock.advance(random.int(6_000));
    await happen(sim, { random, host, what: CHANGES[random.int(CHANGES.length)] ?? 'vanish' }, changed);
  }
  for (const host of changed.added) join(sim, host);
  return changed;
}

interface Happening {
  readonly random: Random;
  readonly host: string;
  readonly what: (typeof CHANGES)[number];
}

async function happen(sim: Simulation, { random, host, what }: Happening, changed: Changed): Promise<void> {
  switch (what) {
    case 'exclude':
      await sim.groupCommand({ type: 'exclude', host });
      changed.excluded.add(host);
      return;
    case 'replace':
      changed.replaced.add(host);
      sim.fleet.vanish(host);
      sim.clock.schedule(random.int(40_000), () => sim.fleet.replace(host));
      return;
    case 'vanish':
      changed.vanished.add(host);
      return sim.fleet.vanish(host);
    case 'remove':
      changed.removed.add(host);
      sim.inventory.listed.delete(host);
      return sim.fleet.vanish(host);
    case 'address':
      return move(sim, host, 500 + random.int(8_000));
    default:
      return unreachable(what, 'change');
  }
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
