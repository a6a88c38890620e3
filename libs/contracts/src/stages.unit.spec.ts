import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { BatchSizes, Plan } from './plan.js';
import { batchCount, type Stage, stageAt, stageCount } from './stages.js';

type StagePlan = Pick<Plan, 'canaries' | 'batches' | 'waits' | 'approvals' | 'gates'>;

/** Every stage of the plan, written out one by one: the slow and plain way. */
function expanded(plan: StagePlan): Stage[] {
  const stages: Stage[] = [];
  let from = 0;
  if (plan.canaries > 0) {
    stages.push({
      index: 0,
      name: 'canary',
      from: 0,
      to: plan.canaries,
      hold: true,
      entry: { kind: 'none' },
      bakeMs: plan.waits.bakeMs,
      gates: plan.gates,
      entryGates: [],
    });
    from = plan.canaries;
  }
  const sizes = plan.batches.flatMap(([size, times]) => Array.from({ length: times }, () => size));
  sizes.forEach((size, i) => {
    stages.push({
      index: stages.length,
      name: `batch ${i + 1}`,
      from,
      to: from + size,
      hold: false,
      entry: entryOf(plan, i + 1),
      bakeMs: 0,
      gates: plan.gates,
      entryGates: [],
    });
    from += size;
  });
  return stages;
}

function entryOf(plan: StagePlan, ordinal: number): Stage['entry'] {
  if (ordinal === 1 && plan.canaries > 0) return { kind: 'approval', approval: 'batches', by: plan.approvals.batches };
  if (ordinal === 1) return { kind: 'none' };
  const ms = ordinal < plan.waits.tailFrom ? plan.waits.intervalMs : plan.waits.tailIntervalMs;
  return ms === 0 ? { kind: 'none' } : { kind: 'delay', ms };
}

const batches: fc.Arbitrary<BatchSizes> = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 8 })),
  { maxLength: 5 },
);
const plans: fc.Arbitrary<StagePlan> = fc.record({
  canaries: fc.integer({ min: 0, max: 2 }),
  batches,
  waits: fc.record({
    intervalMs: fc.nat(3),
    tailIntervalMs: fc.nat(3),
    tailFrom: fc.integer({ min: 2, max: 6 }),
    bakeMs: fc.nat(9),
  }),
  approvals: fc.record({ batches: fc.constantFrom('required' as const, 'policy' as const) }),
  gates: fc.constant(['settled', 'ready'] as const),
});

describe('stages', () => {
  it('are those of the plan written out one by one', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const all = expanded(plan);
        expect(stageCount(plan)).toBe(all.length);
        expect(Array.from({ length: all.length }, (_, i) => stageAt(plan, i))).toEqual(all);
        for (const outside of [-2, -1, all.length, all.length + 1]) expect(stageAt(plan, outside)).toBeUndefined();
      }),
    );
  });

  it('counts 100,000 batches of one without writing them out', () => {
    const plan: StagePlan = {
      canaries: 1,
      batches: [[1, 100_000]],
      waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
      approvals: { batches: 'policy' },
      gates: [],
    };
    expect([batchCount(plan.batches), stageCount(plan)]).toEqual([100_000, 100_001]);
    expect(stageAt(plan, 100_000)).toMatchObject({ from: 100_000, to: 100_001, name: 'batch 100000' });
  });

  it('TAR-29 waits nothing before batch 1, interval before 2, tailInterval from batch tailFrom on', () => {
    const plan: StagePlan = {
      canaries: 0,
      batches: [[2, 5]],
      waits: { intervalMs: 300_000, tailIntervalMs: 60_000, tailFrom: 3, bakeMs: 0 },
      approvals: { batches: 'policy' },
      gates: [],
    };
    const waits = [0, 1, 2, 3, 4].map((i) => stageAt(plan, i)?.entry);
    expect(waits).toEqual([
      { kind: 'none' },
      { kind: 'delay', ms: 300_000 },
      { kind: 'delay', ms: 60_000 },
      { kind: 'delay', ms: 60_000 },
      { kind: 'delay', ms: 60_000 },
    ]);
  });
});
