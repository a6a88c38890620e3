import { type DeployRequest, type GroupEntry, stageAt, stageCount } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { makePlan } from './make-plan.js';
import { faultsOf, madePlan, sampleInput, sampleMembers } from './samples.js';
import { previewOf, sealPlan } from './sealed-plan.js';
import { ERROR_GATE, SAMPLE_SIDES, shiftInput, SIDED_GROUP, SMOKE_GATE } from './shift-samples.js';

const shiftOf = (request: Partial<DeployRequest> = {}, group: Partial<GroupEntry> = {}) => {
  const { draft } = madePlan(shiftInput(request, group));
  if (draft.traffic === undefined) throw new Error('no shift');
  return { plan: draft, shift: draft.traffic };
};
const test = { environment: 'test' } as const;
const faults = (request: Partial<DeployRequest>, group: Partial<GroupEntry> = {}) =>
  faultsOf(shiftInput(request, group));

describe('a shift of traffic', () => {
  it('is what a group with sides is for: a rollout without targets, from the live side to the dark one', () => {
    const { plan, shift } = shiftOf();
    expect(plan).toMatchObject({ strategy: 'traffic', targetCount: 0, canaries: 0, batches: [], gates: [] });
    expect(plan.spec.profile).toEqual({ kind: 'exec', steps: {}, stepTimeoutMs: 1 });
    expect(shift).toMatchObject({ oldSide: 'flip', newSide: 'flop', capacity: 'agents' });
    expect(shift.publish).toEqual(SAMPLE_SIDES.publish);
    expect(shift).toMatchObject({ dwellMs: 300_000, readyWithinMs: 1_800_000 });
  });

  it('SWB-01 begins at the side that the last success went to, whatever the names are by now', () => {
    const input = shiftInput();
    expect(madePlan({ ...input, liveSide: 'flop' }).draft.traffic).toMatchObject({ oldSide: 'flop', newSide: 'flip' });
    expect(madePlan({ ...input, liveSide: 'blue' }).draft.traffic).toMatchObject({ oldSide: 'flip', newSide: 'flop' });
  });

  it('SWB-03 SWB-17 has its stages fixed in the plan, the first of them small', () => {
    const { plan, shift } = shiftOf();
    expect(shift.weights.map(({ weight }) => weight)).toEqual([1, 5, 10, 25, 50, 75, 100]);
    const names = Array.from({ length: stageCount(plan) }, (_, i) => stageAt(plan, i)?.name);
    const weights = ['weight 1', 'weight 5', 'weight 10', 'weight 25', 'weight 50', 'weight 75', 'weight 100'];
    expect(names).toEqual(['pre-scale', ...weights, 'retire']);
  });

  it('SWB-09 needs one command: nothing of it is approved unless somebody asks for that', () => {
    const { plan, shift } = shiftOf();
    expect([plan.approvals.batches, shift.approveBefore]).toEqual(['policy', undefined]);
    const asked = shiftOf({ approvals: { batches: 'required' } });
    expect([asked.plan.approvals.batches, asked.shift.approveBefore]).toEqual(['required', 1]);
  });

  it('SWB-11 has a quarter of the old capacity before its first request, unless another share is asked for', () => {
    const { plan, shift } = shiftOf();
    expect(shift.preScalePercent).toBe(25);
    expect(stageAt(plan, 0)?.traffic).toEqual({ kind: 'preScale', percent: 25, smoke: false, early: false });
    expect(shiftOf({ traffic: { preScale: 60 } }).shift.preScalePercent).toBe(60);
    expect(shiftOf({ strategy: 'blueGreen' }).shift.preScalePercent).toBe(100);
    expect(shiftOf({ strategy: 'canary' }).shift.preScalePercent).toBe(25);
  });

  it('SWB-16 moves all services of a side together', () => {
    const artifact = { url: 'https://store.example/index-2.tgz', sha256: 'cd'.repeat(32) };
    expect(shiftOf({ traffic: { artifacts: { index: artifact } } }).shift.services).toEqual([
      { name: 'web', groups: { flip: 'web-flip', flop: 'web-flop' }, app: 'web' },
      { name: 'index', groups: { flip: 'index-flip', flop: 'index-flop' }, app: 'index', artifact },
    ]);
    expect(faults({ traffic: { artifacts: { cart: artifact } } })).toEqual(['/traffic/artifacts SERVICE_UNKNOWN']);
  });

  it('SWB-16 is refused while a group of a service is not there, which the fault names', () => {
    const input = shiftInput();
    const sideGroups = new Map([...(input.sideGroups ?? [])].filter(([name]) => name !== 'index-flop'));
    const made = makePlan({ ...input, sideGroups });
    expect(made.ok ? [] : made.faults).toEqual([
      {
        path: '/group',
        code: 'SIDE_GROUP_UNKNOWN',
        message:
          'nobody has defined the group "index-flop" of the service "index" on the side "flop": add it to the inventory first',
      },
    ]);
    const nested = new Map([...sideGroups, ['index-flop', SIDED_GROUP] as const]);
    expect(faultsOf({ ...input, sideGroups: nested })).toEqual(['/group SIDE_GROUP_NESTED']);
    const { sideGroups: _, ...nothing } = input;
    expect(faultsOf(nothing)).toHaveLength(4);
  });

  it('takes sides of a command hook as they are: nothing of them is in the inventory', () => {
    const sides = { names: ['blue', 'green'], services: [{ name: 'web' }], capacity: 'autoscaler' } as const;
    const { sideGroups: _, ...input } = shiftInput({}, { sides });
    expect(madePlan(input).draft.traffic).toMatchObject({ services: [{ name: 'web' }], capacity: 'autoscaler' });
    expect(madePlan(input).draft.traffic?.publish).toEqual([]);
  });

  it('SWB-08 marks the stages whose smoke tests must pass: before any traffic and at the first weight', () => {
    const gates = [SMOKE_GATE];
    const { shift } = shiftOf({ gates });
    expect(shift.smokeDark).toBe(true);
    expect(shift.weights.filter(({ smoke }) => smoke === true)).toEqual([{ weight: 1, smoke: true }]);
    const late = shiftOf({ gates, traffic: { smokeAt: [25, 100] } }).shift;
    expect(late.smokeDark).toBeUndefined();
    expect(late.weights.flatMap(({ weight, smoke }) => (smoke === true ? [weight] : []))).toEqual([25, 100]);
    expect(shiftOf({ gates: [ERROR_GATE] }).shift.smokeDark).toBeUndefined();
    expect(faults({ gates, traffic: { smokeAt: [0, 2] } })).toEqual(['/traffic/smokeAt SMOKE_AT']);
    expect(faults({ traffic: { smokeAt: [0] } })).toEqual(['/traffic/smokeAt NO_SMOKE_GATE']);
  });

  it('SWB-18 tests a staging side while it is scaled up, and waits for nothing else', () => {
    const { plan, shift } = shiftOf({ gates: [SMOKE_GATE] }, test);
    expect(shift).toMatchObject({ smokeDark: true, smokeEarly: true, dwellMs: 0, drainWindowMs: 5_000 });
    expect(stageAt(plan, 0)?.traffic).toMatchObject({ smoke: true, early: true });
    expect(shiftOf({ gates: [SMOKE_GATE] }).shift.smokeEarly).toBeUndefined();
    expect(shiftOf({}, test).shift.smokeEarly).toBeUndefined();
  });

  it('is previewed by its stages, with what it takes at least', () => {
    const { draft, targets } = madePlan(
      shiftInput({ traffic: { weights: [10, 100], dwell: '10m', drainWindow: '15m' } }),
    );
    const { batches, estimate } = previewOf(sealPlan(draft, targets));
    expect(batches.map(({ name, hosts }) => [name, hosts])).toEqual([
      ['pre-scale', []],
      ['weight 10', []],
      ['weight 100', []],
      ['retire', []],
    ]);
    // Two dwells, and what is left of the drain window behind the second.
    expect(estimate?.totalMs).toBe(25 * 60_000);
    expect(estimate?.words).toContain('2 weights of 10m');
  });
});

describe('blue/green', () => {
  it('STR-01 has exactly one switch, which somebody approves in production', () => {
    const { plan, shift } = shiftOf({ strategy: 'blueGreen' });
    expect(shift).toMatchObject({ weights: [{ weight: 100 }], preScalePercent: 100, approveBefore: 100 });
    expect(plan.approvals.batches).toBe('required');
    expect(shiftOf({ strategy: 'blueGreen' }, test).shift.approveBefore).toBeUndefined();
    expect(faults({ strategy: 'blueGreen', traffic: { weights: [50, 100] } })).toEqual(['/traffic/weights ONE_SWITCH']);
  });

  it('STR-03 STR-02 leaves the old side what it needs to end its work, always', () => {
    expect(shiftOf({ strategy: 'blueGreen' }).shift.drainWindowMs).toBe(300_000);
    for (const environment of ['production', 'test'] as const)
      expect(shiftOf({}, { environment }).shift.drainWindowMs).toBeGreaterThan(0);
    expect(shiftOf({}, { drainWindowMs: 7_000 }).shift.drainWindowMs).toBe(7_000);
    expect(shiftOf({ traffic: { drainWindow: '1m' } }, { drainWindowMs: 7_000 }).shift.drainWindowMs).toBe(60_000);
    expect(faults({ traffic: { drainWindow: '0s' } })).toEqual(['/traffic/drainWindow TOO_SHORT']);
    expect(faults({}, { drainWindowMs: 0 })).toEqual(['/traffic/drainWindow TOO_SHORT']);
    expect(faults({ traffic: { drainWindow: '25h' } })).toEqual(['/traffic/drainWindow TOO_LONG']);
  });

  it('STR-09 MOM-04 is all that is left where versions must not be mixed', () => {
    expect(shiftOf({ strategy: 'blueGreen', mixedVersions: 'forbidden' }).plan.strategy).toBe('blueGreen');
    for (const strategy of ['traffic', 'canary'] as const)
      expect(faults({ strategy, mixedVersions: 'forbidden' })).toEqual(['/mixedVersions MIXED_VERSIONS']);
  });
});

describe('a canary by weight', () => {
  it('is watched for its bake, then approved, then gets everything', () => {
    const { plan, shift } = shiftOf({ strategy: 'canary', bake: '20m', onCanaryFailure: 'rollback' });
    expect(shift.weights.map(({ weight }) => weight)).toEqual([5, 100]);
    expect(shift).toMatchObject({ dwellMs: 1_200_000, approveBefore: 100 });
    expect(plan).toMatchObject({ strategy: 'canary', approvals: { batches: 'required' }, onCanaryFailure: 'rollback' });
    const entries = [0, 1, 2, 3].map((index) => stageAt(plan, index)?.entry.kind);
    expect(entries).toEqual(['none', 'none', 'approval', 'none']);
    expect(shiftOf({ strategy: 'canary' }, test).shift.approveBefore).toBeUndefined();
  });

  it('may have weights and a dwell of its own', () => {
    const { shift } = shiftOf({ strategy: 'canary', traffic: { weights: [2, 20, 100], dwell: '1m' } });
    expect(shift).toMatchObject({ approveBefore: 20, dwellMs: 60_000 });
    expect(faults({ strategy: 'canary', traffic: { weights: [100] } })).toEqual(['/traffic/weights CANARY_WEIGHTS']);
    const both = { strategy: 'canary', bake: '1m', traffic: { dwell: '2m' } } as const;
    expect(faults(both)).toEqual(['/traffic/dwell DWELL_TWICE']);
  });
});

describe('STR-04 data that old and new cannot share', () => {
  const dataCompatible = 'oneWay';

  it.each(['traffic', 'blueGreen', 'canary'] as const)(
    'is for %s, with an approval before the first weight',
    (strategy) => {
      for (const environment of ['production', 'test'] as const) {
        const { plan, shift } = shiftOf({ strategy, dataCompatible }, { environment });
        expect([plan.approvals.batches, shift.approveBefore]).toEqual(['required', shift.weights[0]?.weight]);
      }
      const asked = faults({ strategy, dataCompatible, approvals: { batches: 'policy' } });
      expect(asked).toEqual(['/approvals/batches ONE_WAY_DATA']);
    },
  );

  it.each(['canary', 'rolling', 'scaleOut'] as const)('is refused for %s from host to host', (strategy) => {
    const input = sampleInput(
      sampleMembers(3, () => ({ running: '1.0.0' })),
      { strategy, dataCompatible },
    );
    const proven = [{ version: '2.0.0', sha256: 'ab'.repeat(32) }];
    expect(faultsOf({ ...input, proven })).toEqual(['/dataCompatible ONE_WAY_DATA']);
  });

  it('may be looked at before: gates at the entry of stages', () => {
    const check = { name: 'schema', source: 'judge', at: ['entry'], measure: { kind: 'webhook' } } as const;
    const { plan } = shiftOf({ dataCompatible, gates: [check] });
    expect(stageAt(plan, 1)).toMatchObject({ entryGates: ['schema'], gates: [] });
  });
});

describe('what makes no sense of a shift', () => {
  it.each([
    [[50, 50, 100], 'WEIGHTS_ORDER'],
    [[10, 5, 100], 'WEIGHTS_ORDER'],
    [[10, 50], 'WEIGHTS_END'],
  ])('weights %j: %s', (weights, code) => {
    expect(faults({ traffic: { weights } })).toEqual([`/traffic/weights ${code}`]);
  });

  it('strategies without sides, and sides without such a strategy', () => {
    const hosts = (request: Partial<DeployRequest>) => faultsOf(sampleInput(sampleMembers(3), request));
    expect(hosts({ strategy: 'traffic' })).toEqual(['/strategy NO_SIDES']);
    expect(hosts({ strategy: 'blueGreen' })).toEqual(['/strategy NO_SIDES']);
    expect(hosts({ traffic: { weights: [100] } })).toEqual(['/traffic NOT_USED']);
    expect(faults({ strategy: 'rolling' })).toEqual(['/strategy STRATEGY_NEEDS_HOSTS']);
    expect(faults({ strategy: 'scaleOut' })).toEqual(['/strategy STRATEGY_NEEDS_HOSTS']);
  });

  it('what is said about hosts: all of it is told, nothing is quietly left out', () => {
    const asked = { batches: '10%', minServing: 2, bake: '1m', drainWindow: '1s', canary: { host: 'a' } };
    expect(faults(asked).toSorted()).toEqual(
      ['/bake', '/batches', '/drainWindow', '/minServing']
        .map((path) => `${path} NOT_USED`)
        .concat('/canary/host CANARY_NOT_USED')
        .toSorted(),
    );
  });

  it('an app that is not the group and a blocked version', () => {
    const input = shiftInput({ app: 'cart' });
    const blocked = new Map([['2.0.0', 'it broke']]);
    expect(faultsOf({ ...input, blocked })).toEqual(['/app APP_MISMATCH', '/version VERSION_BLOCKED']);
  });

  it('a group that nobody has defined: that alone is told of a strategy of sides', () => {
    const { group: _, ...input } = shiftInput({ strategy: 'blueGreen', mixedVersions: 'forbidden' });
    expect(faultsOf({ ...input, group: undefined })).toEqual(['/group GROUP_UNKNOWN']);
  });
});
