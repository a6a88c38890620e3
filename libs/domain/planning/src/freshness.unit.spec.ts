import type { DeployRequest, GroupEntry } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { ageText, type Freshness } from './freshness.js';
import { faultsOf, madePlan, SAMPLE_GROUP, sampleInput, sampleMembers } from './samples.js';
import { makePlan } from './make-plan.js';
import type { PlanInput } from './plan-input.js';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;

interface Case extends Partial<Freshness> {
  readonly request?: Partial<DeployRequest>;
  readonly group?: GroupEntry;
}

function given({ request, group = SAMPLE_GROUP, ...freshness }: Case): PlanInput {
  const from = { source: 'cmdb', version: 42, fetchedAt: NOW, now: NOW, ...freshness } as const;
  return { ...sampleInput(sampleMembers(4), request), group, freshness: from };
}

const messageOf = (input: PlanInput): string => {
  const made = makePlan(input);
  return made.ok ? '' : (made.faults[0]?.message ?? '');
};

describe('TAR-12 the inventory of a plan', () => {
  it('is refused when it is older than the maxAge of the request, with its age and what to do', () => {
    const input = given({ fetchedAt: NOW - 20 * 60_000, request: { inventory: { maxAge: '15m' } } });
    expect(faultsOf(input)).toEqual(['/inventory/maxAge INVENTORY_STALE']);
    expect(messageOf(input)).toMatch(/CMDB said of the group is 20m old, and may be 15m: .*inventory\.allowStale/);
  });

  it('is refused by the limit of the configuration, and else by that of the environment', () => {
    expect(faultsOf(given({ fetchedAt: NOW - 60_001, maxAgeMs: 60_000 }))).toEqual(['/group INVENTORY_STALE']);
    expect(faultsOf(given({ fetchedAt: NOW - HOUR }))).toEqual([]);
    expect(faultsOf(given({ fetchedAt: NOW - HOUR - 1 }))).toEqual(['/group INVENTORY_STALE']);
    const group = { ...SAMPLE_GROUP, environment: 'test' } as const;
    expect(faultsOf(given({ fetchedAt: NOW - HOUR - 1, group }))).toEqual([]);
    expect(faultsOf(given({ fetchedAt: NOW - 25 * HOUR, group }))).toEqual(['/group INVENTORY_STALE']);
  });

  it('may be older in degraded mode, and the plan says why', () => {
    const fetchedAt = NOW - 5 * HOUR;
    const forced = madePlan(given({ fetchedAt, leave: 'cmdb is forced open by ana (it is being moved)' }));
    expect(forced.used).toMatchObject({
      ageMs: 5 * HOUR,
      note: expect.stringContaining('5h old, and may be 1h: cmdb'),
    });
    const wished = madePlan(given({ fetchedAt, request: { inventory: { allowStale: 'no host came or went' } } }));
    expect(wished.used?.note).toContain('no host came or went');
  });

  it('is used with a note while it is fresh enough and the CMDB does not answer', () => {
    const { used, draft } = madePlan(given({ fetchedAt: NOW - 90_000, trouble: 'the CMDB did not answer' }));
    expect(used).toEqual({
      source: 'cmdb',
      version: 42,
      fetchedAt: NOW - 90_000,
      ageMs: 90_000,
      note: 'the CMDB did not answer: what the CMDB said 90s ago is used',
    });
    // The same members of another age are the same plan, or no approval would outlive a minute.
    expect(draft).toEqual(madePlan(given({})).draft);
  });

  it('does not grow old by itself when a file or a person said it, unless the request says how old it may be', () => {
    const old = { source: 'file', fetchedAt: NOW - 900 * HOUR } as const;
    expect(faultsOf(given(old))).toEqual([]);
    const asked = given({ ...old, request: { inventory: { maxAge: '1d' } } });
    expect(faultsOf(asked)).toEqual(['/inventory/maxAge INVENTORY_STALE']);
    expect(messageOf(asked)).toContain('define the group again');
  });

  it('of the future is not older than now', () => {
    expect(madePlan(given({ fetchedAt: NOW + HOUR })).used?.ageMs).toBe(0);
  });

  it('has an age in words', () => {
    expect([0, 999, 1_000, 119_999, 120_000, 2 * HOUR + 59_000, 49 * HOUR].map(ageText)).toEqual([
      '0ms',
      '999ms',
      '1s',
      '119s',
      '2m',
      '2h',
      '2d',
    ]);
  });
});
