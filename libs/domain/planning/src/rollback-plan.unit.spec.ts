import { batchCount, type Plan } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { makeRollbackPlan, type RollbackInput } from './rollback-plan.js';
import { madePlan, sampleInput, sampleMembers } from './samples.js';
import { sealPlan } from './sealed-plan.js';

const good = madePlan(sampleInput(sampleMembers(10), { gates: ['settled'], interval: '9m' }));
const to: Plan = sealPlan(good.draft, good.targets).plan;

const touched = (n: number, down: readonly number[] = []) =>
  Array.from({ length: n }, (_, i) => ({ host: `web-${i + 1}`, down: down.includes(i + 1) }));

const input = (
  hosts: RollbackInput['touched'],
  exclusions: ReadonlyMap<string, string> = new Map(),
): RollbackInput => ({
  rolloutId: 'r07-RRRRRRRRRRRRRRRRRRRRRRRRRR',
  requestId: 'rollback:r07-BBBBBBBBBBBBBBBBBBBBBBBBBB:1',
  to,
  rollbackOf: 'r07-BBBBBBBBBBBBBBBBBBBBBBBBBB',
  recorded: [],
  group: undefined,
  members: [],
  touched: hosts,
  exclusions,
  requestedBy: { id: 'ana', kind: 'user' },
});

function rollback(hosts: RollbackInput['touched'], exclusions?: ReadonlyMap<string, string>) {
  const made = makeRollbackPlan(input(hosts, exclusions));
  if (!made.ok) throw new Error(JSON.stringify(made.faults));
  return made;
}

describe('makeRollbackPlan', () => {
  it('TAR-38 is exactly two batches (5 -> 3,2), one for a single host, with no approvals and no waits', () => {
    expect(rollback(touched(5)).draft.batches).toEqual([
      [3, 1],
      [2, 1],
    ]);
    expect(rollback(touched(1)).draft.batches).toEqual([[1, 1]]);
    for (const n of [2, 3, 80, 1_001]) expect(batchCount(rollback(touched(n)).draft.batches)).toBe(2);
    expect(rollback(touched(5)).draft).toMatchObject({
      strategy: 'rollback',
      canaries: 0,
      gates: [],
      mode: 'automatic',
      waits: { intervalMs: 0, tailIntervalMs: 0, bakeMs: 0 },
      budget: { maxUnavailable: 3, advisory: true, failureThresholdPercent: 100 },
      rollbackOf: 'r07-BBBBBBBBBBBBBBBBBBBBBBBBBB',
    });
  });

  it('MOM-03 builds nothing: the recorded spec with its digest is used as it is', () => {
    const { draft } = rollback(touched(4));
    expect(draft.spec).toEqual(to.spec);
    expect(draft.version).toBe(to.version);
  });

  it('puts the hosts that do not serve first, marked as out of service', () => {
    const { targets } = rollback(touched(5, [2, 5]));
    expect(targets.map(({ host, drained }) => (drained === true ? `${host}!` : host))).toEqual([
      'web-2!',
      'web-5!',
      'web-1',
      'web-3',
      'web-4',
    ]);
  });

  it('leaves excluded hosts alone, and refuses when none is left', () => {
    const exclusions = new Map([['web-1', 'disk']]);
    const made = rollback(touched(2), exclusions);
    expect([made.draft.targetCount, made.draft.leftOut]).toEqual([1, [{ host: 'web-1', reason: 'excluded: disk' }]]);
    expect(makeRollbackPlan(input(touched(1), exclusions))).toMatchObject({
      ok: false,
      faults: [{ code: 'EMPTY_GROUP' }],
    });
  });
});
