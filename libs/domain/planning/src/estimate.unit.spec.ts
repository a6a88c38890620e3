import { type Estimated, estimateOf } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { unreachableOf } from './reachability.js';
import { madePlan, sampleInput, sampleMember, sampleMembers } from './samples.js';
import { previewOf, sealPlan } from './sealed-plan.js';

const { draft } = madePlan(
  sampleInput(sampleMembers(9), { drainWindow: '5s', verify: { successes: 3, interval: '1s' } }),
);

/** M + N + O: 5 s drain and 10 s start, three checks, 1 s switch. */
const ROUND_MS = 19_000;

const planOf = (more: Partial<Estimated>): Estimated => ({ ...draft, ...more });

describe('estimate of a plan', () => {
  it('TRS-16 is (P-1)X + Y + Q(M+N+O)', () => {
    const waits = { intervalMs: 60_000, tailIntervalMs: 60_000, tailFrom: 3, bakeMs: 300_000 };
    const budget = { ...draft.budget, maxUnavailable: 2 };
    const { totalMs, parts, words } = estimateOf(planOf({ canaries: 1, batches: [[2, 4]], waits, budget }));
    // P = 4 batches, Q = the canary and four batches.
    expect(totalMs).toBe(3 * 60_000 + 300_000 + 5 * ROUND_MS);
    expect(parts).toEqual({
      waitsMs: 180_000,
      bakeMs: 300_000,
      rounds: 5,
      startMs: 15_000,
      verifyMs: 3_000,
      switchMs: 1_000,
    });
    expect(words).toBe(
      'about 9m 35s: 3m between batches, 5m to watch the canary, 5 times 19s to drain, start, verify and switch; approvals are not counted',
    );
  });

  it('waits the tail interval from batch tailFrom on', () => {
    const waits = { intervalMs: 60_000, tailIntervalMs: 1_000, tailFrom: 3, bakeMs: 300_000 };
    const waitsOf = (batches: Estimated['batches']): number =>
      estimateOf(planOf({ canaries: 0, batches, waits })).parts.waitsMs;
    expect(waitsOf([[1, 1]])).toBe(0);
    expect(waitsOf([[1, 2]])).toBe(60_000);
    expect(waitsOf([[1, 5]])).toBe(63_000);
    expect(
      waitsOf([
        [2, 1],
        [1, 1],
        [2, 3],
      ]),
    ).toBe(63_000);
    expect(estimateOf(planOf({ canaries: 0, batches: [[1, 5]], waits })).parts.bakeMs).toBe(0);
  });

  it('a batch above the budget takes several rounds', () => {
    const budget = { ...draft.budget, maxUnavailable: 2 };
    expect(estimateOf(planOf({ canaries: 0, batches: [[5, 2]], budget })).parts.rounds).toBe(6);
  });

  it('is part of the preview and of nothing that is hashed', () => {
    const made = madePlan(sampleInput(sampleMembers(9)));
    const sealed = sealPlan(made.draft, made.targets);
    expect(previewOf(sealed).estimate).toEqual(estimateOf(sealed.plan));
    expect(sealed.plan).not.toHaveProperty('estimate');
  });
});

describe('TRS-19 hosts that cannot be reached', () => {
  const now = 1_000_000;
  const targets = ['a', 'b', 'c', 'd'].map((host) => ({ host }));

  it('are those not heard of for more than 30 s, or never', () => {
    const members = [
      sampleMember('a', { lastSeen: now }),
      sampleMember('b', { lastSeen: now - 30_000 }),
      sampleMember('c', { lastSeen: now - 30_001 }),
      sampleMember('d'),
    ];
    expect(unreachableOf(targets, members, now)).toEqual({
      unreachable: { count: 2, hosts: ['c', 'd'] },
    });
    expect(unreachableOf(targets.slice(0, 2), members, now)).toEqual({});
  });

  it('are counted, and the first hundred named', () => {
    const many = Array.from({ length: 5_000 }, (_, i) => ({ host: `h${i}` }));
    const { unreachable } = unreachableOf(many, [], now);
    expect([unreachable?.hosts.length, unreachable?.count]).toEqual([100, 5_000]);
  });
});
