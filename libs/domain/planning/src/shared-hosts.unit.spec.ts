import type { PlanTarget } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { madePlan, sampleInput, sampleMember, sampleMembers } from './samples.js';
import { bindingGroups, cutBatches, type SharingGroup } from './shared-hosts.js';

const targetsOf = (n: number): PlanTarget[] => Array.from({ length: n }, (_, i) => ({ host: `h${i}` }));

const batchesIn = (targets: readonly PlanTarget[], sizes: readonly (readonly [number, number])[]) => {
  const batches: PlanTarget[][] = [];
  let place = 0;
  for (const [size, times] of sizes)
    for (let i = 0; i < times; i += 1, place += size) batches.push(targets.slice(place, place + size));
  return batches;
};

/** Groups on some of the hosts h0..hn, with members elsewhere too. */
const sharingGroups = (n: number): fc.Arbitrary<SharingGroup[]> =>
  fc.array(
    fc
      .record({ hosts: fc.subarray(targetsOf(n).map(({ host }) => host)), elsewhere: fc.nat(30) })
      .map(({ hosts, elsewhere }) => ({ group: 'other', members: hosts.length + elsewhere, hosts })),
    { maxLength: 5 },
  );

describe('hosts of several groups', () => {
  const cases = fc
    .integer({ min: 1, max: 80 })
    .chain((n) =>
      fc.record({ n: fc.constant(n), percent: fc.integer({ min: 0, max: 100 }), sharing: sharingGroups(n) }),
    );

  it('TRS-12 no batch takes more than p% of any group of its hosts, whatever the groups', () => {
    fc.assert(
      fc.property(cases, ({ n, percent, sharing }) => {
        const input = sampleInput(
          targetsOf(n).map(({ host }) => sampleMember(host)),
          { batches: `${percent}%` },
        );
        const group = { ...input.group, name: 'shop-web', app: 'shop', environment: 'test' as const };
        const { draft, targets } = madePlan({ ...input, group, sharing });
        const behind = targets.slice(draft.canaries);
        const all = [targets.slice(0, draft.canaries), ...batchesIn(behind, draft.batches)];
        expect(all.flat()).toEqual(targets);
        for (const { members, hosts } of sharing) {
          const cap = Math.max(1, Math.floor((members * percent) / 100));
          for (const batch of all)
            expect(batch.filter(({ host }) => hosts.includes(host)).length).toBeLessThanOrEqual(cap);
          const shared = targets.filter(({ host }) => hosts.includes(host)).length;
          // However many batches failed before: at no time more than the cap.
          expect(Math.min(shared, draft.budget.maxUnavailable)).toBeLessThanOrEqual(cap);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('cuts only where it must, and keeps the order', () => {
    const targets = targetsOf(8);
    const bindings = bindingGroups(targets, [{ group: 'db', members: 4, hosts: ['h0', 'h1', 'h5'] }], 25);
    expect(cutBatches(targets, [[4, 2]], bindings)).toEqual([
      [1, 1],
      [3, 1],
      [4, 1],
    ]);
    expect(cutBatches(targets, [[4, 2]], [])).toEqual([[4, 2]]);
  });

  it('a group that is never touched by more than its share changes nothing', () => {
    const members = sampleMembers(8);
    const shared = { group: 'db', members: 1, hosts: ['web-000003'] };
    const plain = madePlan(sampleInput(members)).draft;
    expect(madePlan({ ...sampleInput(members), sharing: [shared] }).draft).toEqual(plain);
  });

  it('puts the drained first when they use up the reduced budget, so that it can begin', () => {
    const members = sampleMembers(40, (i) => ({ serving: i !== 30 }));
    const sharing = [{ group: 'db', members: 2, hosts: ['web-000001', 'web-000002'] }];
    const { draft, targets } = madePlan({ ...sampleInput(members), sharing });
    expect(draft.budget.maxUnavailable).toBe(1);
    expect(targets[0]).toMatchObject({ host: 'web-000031', drained: true });
  });

  it('stays small when it has to cut often: batches of one size', () => {
    const targets = targetsOf(60_000);
    const hosts = targets.filter((_, i) => i % 3 === 0 || i % 7 === 0).map(({ host }) => host);
    const bindings = bindingGroups(targets, [{ group: 'db', members: hosts.length, hosts }], 0);
    const sizes = cutBatches(targets, [[15_000, 4]], bindings);
    expect(sizes).toEqual([[1, 60_000]]);
  });
});
