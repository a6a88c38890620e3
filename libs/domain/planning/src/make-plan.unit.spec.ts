import { type Plan, stageAt, stageCount } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import type { PlanDraft, PlanInput } from './plan-input.js';
import {
  faultsOf,
  madePlan,
  SAMPLE_GROUP,
  SAMPLE_REQUEST,
  sampleInput,
  sampleMember,
  sampleMembers,
} from './samples.js';
import { previewOf, sealPlan } from './sealed-plan.js';

const stagesOf = (draft: PlanDraft) => Array.from({ length: stageCount(draft) }, (_, i) => stageAt(draft as Plan, i));
const inTest = (input: PlanInput): PlanInput => ({ ...input, group: { ...SAMPLE_GROUP, environment: 'test' } });

describe('makePlan', () => {
  it('TAR-15 four plain options suffice, all else has a default', () => {
    const options = { batches: '20%', interval: '30s', startTimeout: '120s', ignoreVerify: true };
    const { draft } = madePlan(sampleInput(sampleMembers(11), options));
    expect(draft).toMatchObject({
      strategy: 'canary',
      canaries: 1,
      batches: [[2, 5]],
      waits: { intervalMs: 30_000, tailIntervalMs: 30_000, tailFrom: 3, bakeMs: 300_000 },
      approvals: { batches: 'required' },
      mode: 'automatic',
      gates: ['settled', 'ready'],
      onCanaryFailure: 'hold',
      pollAfterMs: 5_000,
      attemptDeadlineMs: 600_000,
    });
    expect(draft.spec).toMatchObject({
      ignoreVerify: true,
      drainWindowMs: 5_000,
      verify: { path: '/health', status: 200, successes: 3, intervalMs: 1_000, timeoutMs: 120_000 },
    });
  });

  it('has the defaults of its environment', () => {
    const production = madePlan(sampleInput(sampleMembers(9))).draft;
    expect([production.strategy, production.batches, production.waits.intervalMs]).toEqual([
      'canary',
      [[2, 4]],
      60_000,
    ]);
    const test = madePlan(inTest(sampleInput(sampleMembers(9)))).draft;
    expect(test).toMatchObject({
      strategy: 'rolling',
      canaries: 0,
      batches: [[9, 1]],
      waits: { intervalMs: 0, tailIntervalMs: 0, bakeMs: 0 },
      approvals: { batches: 'policy' },
    });
  });

  it('TAR-14 knows a target by host and app: two groups on one host are planned by themselves', () => {
    const other = { ...SAMPLE_GROUP, name: 'cart-web', app: 'cart' };
    const request = { ...SAMPLE_REQUEST, app: 'cart', group: 'cart-web' };
    const members = [sampleMember('host-1', { app: 'cart', group: 'cart-web' })];
    const one = madePlan(sampleInput([sampleMember('host-1')]));
    const two = madePlan({ ...sampleInput(members), group: other, request });
    expect(one.targets.map(({ host }) => host)).toEqual(two.targets.map(({ host }) => host));
    expect([one.draft.spec.app, two.draft.spec.app]).toEqual(['shop', 'cart']);
  });

  it('TAR-13 maps the five models onto group, spec, plan, stages and targets', () => {
    const { draft, targets } = madePlan(sampleInput(sampleMembers(9)));
    expect([draft.group, draft.spec.version, draft.targetCount]).toEqual(['shop-web', '2.0.0', 9]);
    expect(stagesOf(draft).map((stage) => [stage?.name, stage?.from, stage?.to])).toEqual([
      ['canary', 0, 1],
      ['batch 1', 1, 3],
      ['batch 2', 3, 5],
      ['batch 3', 5, 7],
      ['batch 4', 7, 9],
    ]);
    expect(targets).toHaveLength(9);
  });

  it('TAR-16 the plan holds group, config, package, batches and who asked for it', () => {
    const asked = { requestedBy: { id: 'ana', kind: 'user' as const }, reason: 'ticket 7' };
    const { draft } = madePlan(sampleInput(sampleMembers(3), asked));
    expect(draft).toMatchObject({ group: 'shop-web', spec: { artifact: SAMPLE_REQUEST.artifact }, ...asked });
    expect(draft.documentHash).toBe('cd'.repeat(32));
  });

  it('TAR-17 the canary is the configured host, else the first by stable order', () => {
    const members = [sampleMember('c'), sampleMember('a'), sampleMember('b')];
    expect(madePlan(sampleInput(members)).targets.map(({ host }) => host)).toEqual(['a', 'b', 'c']);
    const asked = madePlan(sampleInput(members, { canary: { host: 'b' } }));
    expect(asked.targets.map(({ host }) => host)).toEqual(['b', 'a', 'c']);
    expect(stageAt(asked.draft as Plan, 0)).toMatchObject({ hold: true, from: 0, to: 1 });
    expect(faultsOf(sampleInput(members, { canary: { host: 'z' } }))).toEqual(['/canary/host CANARY_UNKNOWN']);
    expect(
      faultsOf(sampleInput([...members, sampleMember('z', { down: true })], { canary: { host: 'z' } })),
    ).toHaveLength(1);
  });

  it('TAR-18 each target is one server of the list', () => {
    const hosts = sampleMembers(20).map(({ host }) => host);
    const { targets } = madePlan(sampleInput(sampleMembers(20)));
    expect(new Set(targets.map(({ host }) => host))).toEqual(new Set(hosts));
  });

  it('TAR-05 the profile of the request goes before that of the group, and one of them must be there', () => {
    const scripts = { kind: 'exec', steps: { install: ['/opt/install'] }, stepTimeoutMs: 60_000 } as const;
    expect(madePlan(sampleInput(sampleMembers(2))).draft.spec.profile).toEqual(SAMPLE_GROUP.profile);
    expect(madePlan(sampleInput(sampleMembers(2), { profile: scripts })).draft.spec.profile).toEqual(scripts);
    const { profile: _, ...bare } = SAMPLE_GROUP;
    expect(faultsOf({ ...sampleInput(sampleMembers(2)), group: bare })).toEqual(['/profile NO_PROFILE']);
  });

  it('TAR-28 and TAR-29 carry the waits and the mode', () => {
    const asked = { interval: '5m', tailInterval: '0s', tailFrom: 4, mode: 'manual' as const, batches: '10%' };
    const { draft } = madePlan(sampleInput(sampleMembers(11), asked));
    expect(draft.mode).toBe('manual');
    const waits = stagesOf(draft).map((stage) => (stage?.entry.kind === 'delay' ? stage.entry.ms : stage?.entry.kind));
    expect(waits.slice(0, 6)).toEqual(['none', 'approval', 300_000, 300_000, 'none', 'none']);
  });

  it('STR-06 asks for no capacity beside what is there', () => {
    const { draft, targets } = madePlan(sampleInput(sampleMembers(10), { strategy: 'rolling', batches: '20%' }));
    expect([draft.canaries, draft.batches, targets.length]).toEqual([0, [[2, 5]], 10]);
    expect(stagesOf(draft)[0]?.entry).toEqual({ kind: 'none' });
  });

  it('TRS-05 refuses when no host is left, and says why', () => {
    expect(faultsOf(sampleInput([]))).toEqual(['/group EMPTY_GROUP']);
    const down = sampleMembers(3, () => ({ down: true }));
    expect(faultsOf(sampleInput(down))).toEqual(['/group EMPTY_GROUP']);
    const excluded = { ...sampleInput(sampleMembers(1)), exclusions: new Map([['web-000001', 'disk']]) };
    expect(faultsOf(excluded)).toEqual(['/group EMPTY_GROUP']);
  });

  it('TRS-05 lists those left out when some are left', () => {
    const members = sampleMembers(4, (i) => (i === 2 ? { down: true } : {}));
    const { draft } = madePlan(sampleInput(members));
    expect(draft.leftOut).toEqual([{ host: 'web-000003', reason: 'down' }]);
    expect(draft.budget.members).toBe(3);
  });

  it('bounds the hosts that are left out, so that the seal stays one commit', () => {
    const members = sampleMembers(5_000, (i) => (i > 0 ? { down: true } : {}));
    const { leftOut } = madePlan(sampleInput(members)).draft;
    expect(JSON.stringify(leftOut).length).toBeLessThan(130 * 1024);
    expect(leftOut.at(-1)).toEqual({ host: '*', reason: `${5_000 - leftOut.length} more hosts are left out` });
  });

  it('TRS-04 puts drained hosts first when they use up the budget, and one of them is the canary', () => {
    const members = sampleMembers(10, (i) => (i >= 7 ? { serving: false } : {}));
    const { targets } = madePlan(sampleInput(members, { batches: '20%' }));
    expect(targets.map(({ drained }) => drained === true)).toEqual([
      true,
      true,
      true,
      ...Array<boolean>(7).fill(false),
    ]);
    expect(faultsOf(sampleInput(members, { batches: '20%', canary: { host: 'web-000001' } }))).toEqual([
      '/canary/host CANARY_BLOCKED',
    ]);
    expect(madePlan(sampleInput(members, { batches: '50%', canary: { host: 'web-000001' } })).targets[0]?.host).toBe(
      'web-000001',
    );
  });

  it('makes a plan of a single host: a canary and no batches, or one batch', () => {
    expect(madePlan(sampleInput(sampleMembers(1))).draft).toMatchObject({ canaries: 1, batches: [], targetCount: 1 });
    expect(madePlan(sampleInput(sampleMembers(1), { strategy: 'rolling' })).draft).toMatchObject({
      canaries: 0,
      batches: [[1, 1]],
    });
  });

  it('lists every fault at once', () => {
    const input = sampleInput([], {
      batches: '60%',
      interval: '400d',
      startTimeout: '0s',
      strategy: 'rolling',
      canary: { host: 'x' },
    });
    const blocked = new Map([['2.0.0', 'broke the cart']]);
    expect(faultsOf({ ...input, blocked, group: { ...SAMPLE_GROUP, app: 'cart' } }).toSorted()).toEqual([
      '/app APP_MISMATCH',
      '/batches BATCHES_SHARE',
      '/canary/host CANARY_NOT_USED',
      '/group EMPTY_GROUP',
      '/interval BAD_DURATION',
      '/startTimeout TOO_SHORT',
      '/version VERSION_BLOCKED',
    ]);
    expect(faultsOf({ ...input, group: undefined })).toContain('/group GROUP_UNKNOWN');
    expect(faultsOf(sampleInput(sampleMembers(3), { minServing: 3 }))).toEqual(['/minServing MIN_SERVING']);
  });

  it('TRS-01 gives the same plan, hash and preview for the same input in any order of members', () => {
    const members = sampleMembers(30, (i) => (i % 7 === 0 ? { serving: false } : {}));
    const one = madePlan(sampleInput(members));
    const two = madePlan(sampleInput([...members].reverse()));
    const [a, b] = [sealPlan(one.draft, one.targets), sealPlan(two.draft, two.targets)];
    expect(a).toEqual(b);
    expect(previewOf(a)).toEqual(previewOf(b));
    expect(previewOf(a).batches.flatMap(({ hosts }) => hosts)).toEqual(a.targets.map(({ host }) => host));
    expect(previewOf(a).batches[0]?.name).toBe('canary');
  });

  it('has another hash when a target or a wait differs', () => {
    const hash = (input: PlanInput): string => {
      const made = madePlan(input);
      return sealPlan(made.draft, made.targets).planHash;
    };
    const members = sampleMembers(3);
    const hashes = [
      hash(sampleInput(members)),
      hash(sampleInput([...members.slice(1), sampleMember('web-000009')])),
      hash(sampleInput(members, { interval: '61s' })),
    ];
    expect(new Set(hashes).size).toBe(3);
  });
});
