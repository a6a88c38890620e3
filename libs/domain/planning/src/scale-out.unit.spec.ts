import { describe, expect, it } from 'vitest';

import { makePlan } from './make-plan.js';
import type { PlanInput } from './plan-input.js';
import { faultsOf, madePlan, sampleInput, sampleMember, sampleMembers, SAMPLE_REQUEST } from './samples.js';

const PROVEN = [
  { version: '2.0.0', sha256: SAMPLE_REQUEST.artifact.sha256 },
  { version: '1.0.0', sha256: 'cd'.repeat(32) },
];

const members = [
  ...sampleMembers(6, (i) => ({ running: i < 4 ? '2.0.0' : '1.0.0' })),
  sampleMember('web-new', { running: null, serving: false }),
];

const scaling = (more: Partial<PlanInput> = {}, request = {}): PlanInput => ({
  ...sampleInput(members, { strategy: 'scaleOut', ...request }),
  proven: PROVEN,
  ...more,
});

const messagesOf = (input: PlanInput): readonly string[] => {
  const made = makePlan(input);
  return made.ok ? [] : made.faults.map(({ message }) => message);
};

describe('scale-out', () => {
  it('TAR-45 MOM-09 brings a proven version to the hosts that do not run it, without canary and approvals', () => {
    const { draft, targets } = madePlan(scaling());
    expect(targets.map(({ host }) => host)).toEqual(['web-000005', 'web-000006', 'web-new']);
    expect(draft).toMatchObject({ strategy: 'scaleOut', canaries: 0, approvals: { batches: 'policy' } });
    // G is the whole group, which serves: 25% of 7.
    expect(draft.budget).toMatchObject({ members: 7, maxUnavailable: 1 });
    expect(draft.leftOut).toContainEqual({ host: 'web-000001', reason: 'runs 2.0.0 already' });
  });

  it('TAR-45 refuses a version that has not succeeded here, and names those that have', () => {
    const input = scaling({}, { version: '3.0.0' });
    expect(faultsOf(input)).toEqual(['/version VERSION_NOT_PROVEN']);
    expect(messagesOf(input)[0]).toContain('proven here: 2.0.0, 1.0.0');
    expect(messagesOf(scaling({ proven: [] }))[0]).toContain('no version is proven here yet');
    expect(faultsOf(scaling({ blocked: new Map([['2.0.0', 'bad']]), proven: [] }))).toEqual([
      '/version VERSION_BLOCKED',
      '/version VERSION_NOT_PROVEN',
    ]);
  });

  it('TAR-45 refuses other bytes under the name of a proven version', () => {
    const input = scaling({}, { artifact: { ...SAMPLE_REQUEST.artifact, sha256: 'ef'.repeat(32) } });
    expect(messagesOf(input)).toEqual([expect.stringContaining('with another file')]);
  });

  it('says so when there is nothing to do', () => {
    const all = sampleMembers(3, () => ({ running: '2.0.0' }));
    expect(faultsOf(scaling({ members: all }))).toEqual(['/strategy NOTHING_TO_SCALE']);
    expect(faultsOf(scaling({ members: [] }))).toEqual(['/group EMPTY_GROUP']);
  });

  it('has no canary to name', () => {
    expect(faultsOf(scaling({}, { canary: { host: 'web-new' } }))).toEqual(['/canary/host CANARY_NOT_USED']);
  });
});
