import { type DeployRequest, type GroupEntry, stageAt, stageCount } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import type { KnownVariable } from './ramp-wishes.js';
import { redeployRequest } from './redeploy.js';
import { faultsOf, madePlan, sampleInput } from './samples.js';
import { previewOf, sealPlan } from './sealed-plan.js';

const DAY = 86_400_000;
const FLEET: GroupEntry = { name: 'docker', app: 'shop', environment: 'production', fleet: { name: 'backend' } };

const asked = (more: Partial<DeployRequest> = {}, known?: Partial<KnownVariable>, group: GroupEntry = FLEET) => {
  const { artifact: _, ...request } = sampleInput([]).request;
  const ramp = { variable: 'docker', over: '14d', ...(known === undefined ? { from: '1.9' } : {}) };
  return {
    ...sampleInput([]),
    group,
    request: { ...request, group: 'docker', strategy: 'ramp', ramp, ...more } satisfies DeployRequest,
    ...(known === undefined ? {} : { variable: { ...KNOWN, ...known } }),
  };
};

const KNOWN: KnownVariable = {
  spec: {
    ...{ name: 'docker', type: 'string', from: '1.6', to: '1.9', salt: 'x', limits: {} },
    schedule: { kind: 'linear', durationMs: DAY },
  },
  phase: 'finished',
  whole: true,
};

describe('the plan of a ramp', () => {
  it('TSU-01 TSU-02 sets out from what hosts have and goes to the version over the whole time', () => {
    const { draft, targets } = madePlan(asked());
    expect(targets).toEqual([]);
    expect(draft).toMatchObject({
      ...{ strategy: 'ramp', targetCount: 0, batches: [], gates: [], approvals: { batches: 'policy' } },
      ramp: {
        fleet: 'backend',
        spec: { name: 'docker', type: 'string', from: '1.9', to: '2.0.0' },
      },
    });
    expect(draft.ramp?.spec.schedule).toEqual({ kind: 'linear', durationMs: 14 * DAY });
    expect(stageCount(draft)).toBe(1);
    expect(stageAt(draft, 0)).toMatchObject({ name: 'ramp', entry: { kind: 'none' }, gates: [] });
    expect(stageAt(draft, 1)).toBeUndefined();
    expect(previewOf(sealPlan(draft, [])).estimate?.totalMs).toBe(14 * DAY);
  });

  it('TSU-01 knows what hosts have from how the variable stands', () => {
    const from = (known: Partial<KnownVariable>) => madePlan(asked({}, known)).draft.ramp?.spec;
    expect(from({})).toMatchObject({ from: '1.9', salt: 'x' });
    for (const phase of ['defined', 'reverted', 'reversed'] as const) expect(from({ phase })?.from).toBe('1.6');
  });

  it('TSU-14 is made by points, with limits and a pace by role', () => {
    const over = [
      { after: '1d', percent: 1 },
      { after: '30d', percent: 100 },
    ];
    const limits = { '*': { maxPercent: 30, minHosts: 1 }, login: { pace: { changes: 5, window: '10m' } } };
    const { spec } = madePlan(asked({ ramp: { variable: 'docker', from: 'a', over, limits } })).draft.ramp ?? {};
    expect(spec?.schedule).toEqual({
      kind: 'points',
      points: [
        [DAY, 0.01],
        [30 * DAY, 1],
      ],
    });
    expect(spec?.limits).toEqual({
      '*': { maxPercent: 30, minHosts: 1 },
      login: { pace: { changes: 5, windowMs: 600_000 } },
    });
  });

  it('takes the version for a number or a truth where the variable is one', () => {
    const spec = { ...KNOWN.spec, type: 'number', from: 1, to: 2 } as const;
    expect(madePlan(asked({ version: '3' }, { spec })).draft.ramp?.spec.to).toBe(3);
    expect(faultsOf(asked({}, { spec }))).toEqual(['/ramp/to VARIABLE_TYPE']);
  });

  it('refuses a variable that stands between two values, or has this one', () => {
    for (const phase of ['ramping', 'paused', 'stopped', 'reversing'] as const)
      expect(faultsOf(asked({}, { phase }))).toEqual(['/ramp/variable VARIABLE_BUSY']);
    expect(faultsOf(asked({}, { whole: false }))).toEqual(['/ramp/variable VARIABLE_PARTLY']);
    expect(faultsOf(asked({ version: '1.9' }, {}))).toEqual(['/ramp/to VARIABLE_SAME']);
    expect(faultsOf(asked({ ramp: { variable: 'docker', over: '1d', from: '1.6' } }, {}))).toEqual([
      '/ramp/from VARIABLE_FROM',
    ]);
  });

  it('refuses what makes no ramp', () => {
    const ramp = (over: NonNullable<DeployRequest['ramp']>['over']) =>
      faultsOf(asked({ ramp: { variable: 'docker', from: 'a', over } }));
    expect(ramp('0s')).toEqual(['/ramp/over TOO_SHORT']);
    expect(ramp('400d')).toEqual(['/ramp/over BAD_DURATION']);
    expect(ramp([{ after: '1d', percent: 50 }])).toEqual(['/ramp/over/0 RAMP_POINTS']);
    const falling = [
      { after: '2d', percent: 50 },
      { after: '1d', percent: 100 },
    ];
    expect(ramp(falling)).toEqual(['/ramp/over/1 RAMP_POINTS']);
    expect(faultsOf(asked({ ramp: { variable: 'docker', over: '1d' } }))).toEqual(['/ramp/from REQUIRED']);
    const limits = { web: { minHosts: 3, maxHosts: 2 } };
    expect(faultsOf(asked({ ramp: { variable: 'docker', from: 'a', over: '1d', limits } }))).toEqual([
      '/ramp/limits/web RAMP_LIMIT',
    ]);
  });

  it('refuses hosts, sides and bytes for a fleet, and a ramp for anything else', () => {
    expect(faultsOf(asked({ batches: '25%', traffic: {}, canary: {} }))).toEqual([
      ...['/batches NOT_USED', '/canary NOT_USED', '/traffic NOT_USED'],
    ]);
    expect(faultsOf(asked({ artifact: { url: 'file:///a', sha256: 'ab'.repeat(32) } }))).toEqual([
      '/artifact NOT_USED',
    ]);
    expect(faultsOf(asked({ strategy: 'rolling' }))).toContain('/strategy STRATEGY_NEEDS_HOSTS');
    const { fleet: _, ...hosts } = FLEET;
    expect(faultsOf(asked({}, undefined, hosts))).toContain('/strategy NO_FLEET');
    const sides = { names: ['a', 'b'], services: [{ name: 'web' }], capacity: 'hook' } as const;
    expect(faultsOf(asked({}, undefined, { ...hosts, sides }))).toContain('/strategy NO_FLEET');
    const ramp = { variable: 'docker', over: '1d' };
    expect(faultsOf(sampleInput([], { ramp }))).toContain('/ramp NOT_USED');
  });

  it('TSU-10 has gates that measure while it goes, and none that reverts by itself', () => {
    const measure = { kind: 'burnRate', bad: 'b[{{window}}]', total: 't[{{window}}]', objective: 0.99 } as const;
    const gate = { name: 'slo', source: 'main', measure } as const;
    const { draft } = madePlan(asked({ gates: [gate] }));
    expect(draft.gateSpecs).toMatchObject([{ name: 'slo', at: ['during'], onFail: 'brake' }]);
    expect(faultsOf(asked({ gates: [{ ...gate, onFail: 'rollback' }] }))).toEqual(['/gates/0/onFail GATE_ROLLBACK']);
    const smoke = { name: 's', source: 'main', measure: { kind: 'smoke', requests: [{ path: '/' }] } } as const;
    expect(faultsOf(asked({ gates: [smoke] }))).toContain('/gates/0/measure GATE_NEEDS_SIDES');
  });

  it('is said again by a redeploy, to the same value over the same time', () => {
    const limits = { login: { maxPercent: 50, pace: { changes: 5, window: '10m' } } };
    const first = madePlan(asked({ ramp: { variable: 'docker', from: '1.9', over: '14d', limits } }));
    const { plan } = sealPlan(first.draft, []);
    const again = redeployRequest(plan, { id: 'again', actor: { id: 'ana', kind: 'user' } });
    expect(again.artifact).toBeUndefined();
    const second = madePlan({ ...asked({}, { phase: 'reverted' }), request: again });
    expect(second.draft.ramp?.spec).toMatchObject({
      ...{ to: '2.0.0', schedule: plan.ramp?.spec.schedule, limits: plan.ramp?.spec.limits },
    });
  });
});
