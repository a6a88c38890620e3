import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { GROUP, Simulation } from '../simulation.js';
import { play, type Run, type ScenarioOptions } from './scenario.js';

export interface Scaled {
  readonly run: Run;
  /** Bytes of heap that the world holds when the rollout has ended. */
  readonly heap: number;
}

/** A collector to call: without it the figure is mostly garbage that was not collected yet. */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapNow(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** One rolling rollout over the whole fleet in ten batches. */
export async function rollFleet(seed: number, targets: number): Promise<Scaled> {
  const before = heapNow();
  const sim = new Simulation({ seed, hosts: targets, approveAfterMs: 100, timeline: false, helloEveryMs: 0 });
  const run = await play(sim, { scenario: 'scale', what: 'rolling 10%' }, async () => {
    const id = await sim.request({ strategy: 'rolling', batches: '10%', interval: '0s', gates: ['settled'] });
    const ended = await sim.until(() => sim.ended(id));
    const versions = sim.fleet.versions(GROUP);
    const wrong = sim.model(id).end === 'RolloutSucceeded' && versions['2.0.0'] === targets;
    return ended && wrong ? [] : [`it is ${sim.model(id).status}, the fleet runs ${JSON.stringify(versions)}`];
  });
  const heap = heapNow() - before;
  // Read after the measurement, so that the world is still there while it is made.
  return { run: { ...run, events: sim.invariants.events }, heap };
}

/** 1,000 and 10,000 targets: what the tenfold costs. */
export async function* scale({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  for (const targets of fleet === undefined ? [1_000, 10_000] : [fleet]) {
    const { run, heap } = await rollFleet(seed, targets);
    yield {
      ...run,
      what: `${run.what}, ${(heap / 1_048_576).toFixed(0)} MiB, ${(heap / targets / 1_024).toFixed(1)} KiB a target`,
    };
  }
}
