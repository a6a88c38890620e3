import { describe, expect, it } from 'vitest';

import { makeRollbackPlan } from './rollback-plan.js';
import { madePlan, SAMPLE_GROUP, sampleInput, sampleMembers } from './samples.js';
import { sealPlan } from './sealed-plan.js';

const group = { ...SAMPLE_GROUP, balancer: { name: 'main', backend: 'shop' } };
const members = sampleMembers(4);

describe('the balancer of a plan', () => {
  it('TAR-41 is that of the group, required unless the request says that it goes on without', () => {
    const { draft } = madePlan({ ...sampleInput(members), group });
    expect(draft).toMatchObject({
      lb: { balancer: 'main', backend: 'shop', mode: 'required' },
      spec: { balanced: true },
    });
    expect(madePlan({ ...sampleInput(members, { lb: 'degrade' }), group }).draft.lb?.mode).toBe('degrade');
  });

  it('is none where the agents drain and enable by themselves, whatever the request says of one', () => {
    const { draft } = madePlan(sampleInput(members, { lb: 'degrade' }));
    expect(draft).not.toHaveProperty('lb');
    expect(draft.spec).not.toHaveProperty('balanced');
  });

  it('TAR-44 blocks no rollback: its plan goes on without, also to a version from before there was one', () => {
    const before = madePlan(sampleInput(members));
    const made = makeRollbackPlan({
      rolloutId: 'r07-RRRRRRRRRRRRRRRRRRRRRRRRRR',
      requestId: 'rollback:1',
      to: sealPlan(before.draft, before.targets).plan,
      rollbackOf: 'r07-BBBBBBBBBBBBBBBBBBBBBBBBBB',
      recorded: [],
      group,
      members,
      touched: [{ host: 'web-000001', down: true }],
      exclusions: new Map(),
      requestedBy: { id: 'ana', kind: 'user' },
    });
    expect(made).toMatchObject({
      ok: true,
      draft: { lb: { balancer: 'main', mode: 'degrade' }, spec: { balanced: true } },
    });
  });
});
