import { describe, expect, it } from 'vitest';

import { hostName, Simulation } from './simulation.js';

const ONE_BY_ONE = { strategy: 'rolling', batches: '0%', interval: '0s', gates: ['settled'] } as const;

/** The first host fails and serves on, the second fails and does not: with A = 1 the second one brakes. */
function twoFailures(attempts: number): Simulation {
  return new Simulation({
    seed: 1,
    hosts: 4,
    faults: ({ host, step, version, n }) => {
      if (step !== 'verify' || version !== '2.0.0' || n > attempts) return undefined;
      if (host === hostName(0)) return { kind: 'fail', serving: true };
      return host === hostName(1) ? { kind: 'fail' } : undefined;
    },
    helloEveryMs: 0,
  });
}

describe('a retry', () => {
  it('TAR-24 begins with what is out of service already, because that costs nothing', async () => {
    const sim = twoFailures(1);
    const id = await sim.request(ONE_BY_ONE);
    await sim.until(() => sim.model(id).status === 'braked');
    expect(await sim.command(id, { type: 'retry' })).toMatchObject({ ok: true });
    await sim.until(() => sim.ended(id));
    expect([sim.model(id).end, sim.faults()]).toEqual(['RolloutSucceeded', []]);
  });

  it('TAR-24 that brakes again can be ordered again, and forgets nobody', async () => {
    const sim = twoFailures(2);
    const id = await sim.request(ONE_BY_ONE);
    for (let i = 0; i < 3; i += 1) {
      await sim.until(() => sim.model(id).status === 'braked' || sim.ended(id));
      await sim.command(id, { type: 'retry' });
    }
    await sim.until(() => sim.ended(id));
    expect([sim.model(id).end, sim.faults()]).toEqual(['RolloutSucceeded', []]);
    expect(
      sim
        .model(id)
        .targets.map(({ where }) => where)
        .filter((where) => where === 'pending'),
    ).toEqual([]);
  });

  it('I12 that was broken off leaves no target behind as untouched', async () => {
    const sim = twoFailures(9);
    const id = await sim.request(ONE_BY_ONE);
    await sim.until(() => sim.model(id).status === 'braked');
    await sim.command(id, { type: 'retry' });
    await sim.command(id, { type: 'pause' });
    await sim.command(id, { type: 'cancel' });
    await sim.until(() => sim.ended(id));
    expect(sim.faults()).toEqual([]);
    const last = sim.timeline.findLast(({ event }) => event.type === 'RolloutCancelled')?.event;
    expect(last).toMatchObject({ counts: { failed: 2, untouched: 2 } });
  });
});
