import { numbersOf } from '@sluice/audit';

import { Simulation } from '../simulation.js';
import { play, type Run, type ScenarioOptions } from './scenario.js';

const SHARES = [1, 5, 10, 25, 50] as const;
const GROUPS = [10, 20, 100, 1_000] as const;

/** C10: every target fails to verify and serves no more. Lost is exactly A when it brakes, and never above. */
export async function* c10({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  for (const members of fleet === undefined ? GROUPS : [fleet]) {
    for (const percent of SHARES) yield await allFail(seed, members, percent);
  }
}

export async function allFail(seed: number, members: number, percent: number): Promise<Run> {
  const sim = new Simulation({
    seed,
    hosts: members,
    faults: ({ step, version }) => (step === 'verify' && version === '2.0.0' ? { kind: 'fail' } : undefined),
    helloEveryMs: 0,
    timeline: false,
  });
  return play(sim, { scenario: 'C10', what: `p ${percent} of G ${members}` }, async () => {
    const id = await sim.request({ strategy: 'rolling', batches: `${percent}%`, interval: '0s' });
    const braked = await sim.until(() => sim.model(id).status === 'braked');
    await sim.clock.advance(3_600_000);
    const { A, lost } = numbersOf(sim.model(id));
    const wrong: string[] = [];
    if (!braked || sim.model(id).status !== 'braked') wrong.push(`it is ${sim.model(id).status}, not braked`);
    if (A !== Math.max(1, Math.floor((members * percent) / 100))) wrong.push(`A is ${A}`);
    if (lost !== A) wrong.push(`lost ${lost}, A ${A}`);
    if (sim.fleet.counters.maxNotServing > A)
      wrong.push(`${sim.fleet.counters.maxNotServing} hosts did not serve at once, A is ${A}`);
    return wrong;
  });
}
