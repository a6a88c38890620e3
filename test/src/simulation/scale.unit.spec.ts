import { describe, expect, it } from 'vitest';

import { rollFleet, type Scaled } from './scenarios/scale.js';

const words = ({ run, heap }: Scaled): string =>
  `${run.targets} targets: ${run.wallMs} ms, ${run.events} events, ${(heap / run.targets / 1_024).toFixed(1)} KiB a target`;

describe('scale', () => {
  it('rolls 10,000 targets in time and memory that grow with the targets', async () => {
    // Once before, so that neither pays for what the engine compiles.
    await rollFleet(1, 500);
    const small = await rollFleet(1, 1_000);
    const large = await rollFleet(1, 10_000);
    console.log(`${words(small)}\n${words(large)}`);
    expect([small.run.faults, large.run.faults]).toEqual([[], []]);
    // Tenfold the targets: linear is 10, quadratic is 100.
    expect(large.run.wallMs / small.run.wallMs).toBeLessThan(40);
    expect(large.heap / small.heap).toBeLessThan(25);
  }, 60_000);
});
