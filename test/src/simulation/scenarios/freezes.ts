import type { Random } from '@sluice/testing';

import { APP, GROUP, type Simulation } from '../simulation.js';
import { pick } from './scenario.js';

/** Somebody declares a freeze of some scope, now or soon, or lifts one. */
export async function freezeAny(sim: Simulation, random: Random, longestMs: number): Promise<void> {
  const [first] = sim.freezes.names();
  if (first !== undefined && random.chance(0.5)) {
    await sim.freeze({ type: 'lift' }, first);
    return;
  }
  const scope = pick(random, [
    { kind: 'all' },
    { kind: 'environment', name: 'production' },
    { kind: 'app', name: APP },
    { kind: 'group', name: GROUP },
    { kind: 'group', name: 'another' },
  ] as const);
  const now = sim.clock.now();
  const from = random.chance(0.3) ? now + random.int(longestMs) : undefined;
  const until = (from ?? now) + 1_000 + random.int(longestMs);
  await sim.freeze({ type: 'freeze', scope, until, ...(from === undefined ? {} : { from }) });
}

/** Lifts them all. */
export async function thaw(sim: Simulation): Promise<void> {
  for (const freeze of sim.freezes.names()) await sim.freeze({ type: 'lift' }, freeze);
}
