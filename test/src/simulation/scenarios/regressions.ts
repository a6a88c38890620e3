import type { LogPlace } from '@sluice/event-log';
import type { PlaceStore } from '@sluice/executor';
import { type Random, seededRandom, type StepFaults } from '@sluice/testing';

import { hostName, Simulation } from '../simulation.js';
import { notServing, pick, pickIndexes, play, type Run, type ScenarioOptions } from './scenario.js';

const MINUTE = 60_000;
const MAX_LOST = 60;
const WAYS = ['live', 'fresh', 'grown'] as const;

/** The file of an executor, as the next one finds it. */
class Kept implements PlaceStore {
  place: LogPlace | undefined;

  async load(): Promise<LogPlace | undefined> {
    return this.place;
  }

  async save(place: LogPlace): Promise<void> {
    this.place = place;
  }
}

function someFail(random: Random, hosts: number): StepFaults {
  const bad = new Set(pickIndexes(random, hosts, random.int(3)).map(hostName));
  return ({ host, step, n, version }) =>
    version === '2.0.0' && n === 1 && step === 'verify' && bad.has(host) ? { kind: 'fail' } : undefined;
}

/** The store of the log is put back while everything runs, while no executor does, or and somebody writes first. */
async function lose(sim: Simulation, random: Random, kept: Kept, base: number): Promise<void> {
  const way = pick(random, WAYS);
  const count = 1 + random.int(Math.min(MAX_LOST, sim.position - base));
  if (way !== 'live') sim.kill('executor');
  // The last second before a process dies is not in its file: only what is can be missed.
  const noticed = way === 'live' || (kept.place?.position ?? 0) > sim.position - count;
  sim.loseTail(count, { noticed });
  if (way === 'grown') await sim.request({ version: '1.0.0', strategy: 'rolling', batches: '100%', interval: '0s' });
}

/** A person looks at what is braked, and goes on. */
async function lookAndGoOn(sim: Simulation): Promise<void> {
  for (let round = 0; round < 40 && sim.invariants.violations.length === 0; round += 1) {
    await sim.clock.advance(2 * MINUTE);
    const open = [...sim.invariants.rollouts.values()].filter(({ status }) => status !== 'ended');
    if (open.length === 0) return;
    for (const { id, status } of open) {
      if (status !== 'braked' && status !== 'failed') continue;
      const retried = await sim.command(id, { type: 'retry' });
      if (!retried.ok && status === 'braked') await sim.command(id, { type: 'resume' });
    }
  }
}

/**
 * C16: the log loses its tail in the middle of a rollout, once or twice. Whatever was open and is still known is braked
 * with that cause before anything is admitted; nobody repairs it. When a person says so it goes on, no step is done
 * twice, and it ends with the whole fleet on one version.
 */
export async function* c16({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C16');
  const hosts = fleet ?? 3 + random.int(12);
  const kept = new Kept();
  const sim = new Simulation({
    seed,
    hosts,
    environment: 'test',
    memory: kept,
    faults: someFail(random, hosts),
    approveAfterMs: 1 + random.int(30_000),
  });
  yield await play(sim, { scenario: 'C16', what: `${hosts} hosts` }, async () => {
    const first = await sim.request({ version: '1.0.0', strategy: 'rolling', batches: '100%', interval: '0s' });
    await sim.until(() => sim.ended(first));
    await sim.clock.advance(MINUTE);
    const base = sim.position;
    const strategy = pick(random, ['canary', 'rolling'] as const);
    await sim.request({ strategy, batches: pick(random, ['25%', '50%']), interval: '10s', bake: '10s' });
    for (let i = 0; i <= random.int(2); i += 1) {
      await sim.clock.advance(random.int(MINUTE));
      if (sim.position > base) await lose(sim, random, kept, base);
      await sim.clock.advance(2_000);
      const left = [...sim.invariants.rollouts.keys()].filter(
        (id) => sim.invariants.isToBrake(id) && sim.model(id).status !== 'planned',
      );
      if (left.length > 0) return left.map((id) => `C16: ${id} is ${sim.model(id).status}, and not braked`);
    }
    await lookAndGoOn(sim);
    const last = await sim.request({ version: '3.0.0', strategy: 'rolling', batches: '50%', interval: '0s' });
    await lookAndGoOn(sim);
    const end = sim.model(last).end;
    return [
      ...(end === 'RolloutSucceeded' ? [] : [`the next rollout ended with ${end}`]),
      ...notServing(sim, [...sim.fleet.hosts.keys()], '3.0.0'),
    ];
  });
}
