import type { DeployRequest, GateDocument, MeasureDocument } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { faultsOf, madePlan, sampleInput, sampleMembers } from './samples.js';
import { shiftInput, SMOKE_GATE } from './shift-samples.js';

const gate = (measure: MeasureDocument, more: Partial<GateDocument> = {}): GateDocument => ({
  name: 'g',
  source: 'main',
  measure,
  ...more,
});
const onHosts = (gates: DeployRequest['gates'], more: Partial<DeployRequest> = {}) =>
  sampleInput(sampleMembers(4), { ...more, ...(gates === undefined ? {} : { gates }) });
const specsOf = (...gates: readonly GateDocument[]) => madePlan(shiftInput({ gates })).draft.gateSpecs ?? [];
const faults = (measure: MeasureDocument, more: Partial<GateDocument> = {}) =>
  faultsOf(shiftInput({ gates: [gate(measure, more)] })).map((fault) => fault.replace('/gates/0/', ''));

const threshold = { kind: 'threshold', query: 'errors{side="{{side}}"}', limit: 0.01 } as const;
const burnRate = {
  kind: 'burnRate',
  bad: 'increase(errors[{{window}}])',
  total: 'increase(requests[{{ window }}])',
  objective: 0.999,
} as const;
const compared = {
  kind: 'comparison',
  metrics: [{ name: 'latency', canary: 'l{side="{{side}}"}', baseline: 'l{side="{{oldSide}}"}' }],
} as const;

describe('gates that measure', () => {
  it('stand beside the built-in ones, which stay as they are when only others are named', () => {
    const specs = [expect.objectContaining({ name: 'g' })];
    const wide = { ...threshold, query: 'errors{instance=~"{{hosts:re}}"}' };
    const draftOf = (gates: DeployRequest['gates']) => madePlan(onHosts(gates)).draft;
    expect(draftOf(undefined)).toMatchObject({ gates: ['settled', 'ready'] });
    expect(draftOf(undefined).gateSpecs).toBeUndefined();
    expect(draftOf([gate(wide)])).toMatchObject({ gates: ['settled', 'ready'], gateSpecs: specs });
    expect(draftOf(['ready', gate(wide)])).toMatchObject({ gates: ['ready'], gateSpecs: specs });
    expect(draftOf([])).toMatchObject({ gates: [] });
  });

  it('have every default filled in, in milliseconds', () => {
    const limits = { fail: 0, inconclusive: 10, error: 4, passes: 1 };
    const common = { name: 'g', source: 'main', onFail: 'brake', intervalMs: 10_000, limits };
    expect(specsOf(gate(threshold))).toEqual([
      {
        ...common,
        at: ['during', 'exit'],
        measure: { ...threshold, bound: 'max', n: 3, of: 5, windowMs: 300_000, stepMs: 15_000 },
      },
    ]);
    expect(specsOf(gate(burnRate))).toEqual([
      {
        ...common,
        at: ['during'],
        measure: { ...burnRate, factor: 14.4, longMs: 3_600_000, shortMs: 300_000, minEvents: 100 },
      },
    ]);
    expect(specsOf(gate(compared))[0]).toMatchObject({
      at: ['exit'],
      measure: {
        ...{ windowMs: 600_000, stepMs: 15_000, level: 0.05, looks: 1, effect: 0.15 },
        ...{ minSamples: 10, pass: 90, marginal: 60, maxMissing: 0 },
        metrics: [{ ...compared.metrics[0], weight: 1, bad: 'increase' }],
      },
    });
    expect(specsOf(SMOKE_GATE)[0]).toMatchObject({ at: ['exit'], measure: { maxFailures: 0 } });
    expect(specsOf(gate({ kind: 'webhook' }))[0]).toMatchObject({ at: ['exit'], measure: { kind: 'webhook' } });
    const { source: _, ...facts } = gate({ kind: 'facts' });
    expect(madePlan(onHosts([facts])).draft.gateSpecs).toMatchObject([
      { at: ['during', 'exit'], measure: { kind: 'facts', maxRestarts: 0, maxOtherVersion: 0 } },
    ]);
    expect(madePlan(onHosts([gate({ kind: 'facts', maxVerify: '1m' })])).draft.gateSpecs?.[0]?.measure).toEqual({
      kind: 'facts',
      maxVerifyMs: 60_000,
    });
  });

  it('take what is said over what is usual', () => {
    const measure = { ...threshold, window: '1m', step: '5s', bound: 'min', n: 1, of: 2 } as const;
    const more = { at: ['entry'], onFail: 'record', interval: '30s', limits: { fail: 2 } } as const;
    expect(specsOf(gate(measure, more))).toMatchObject([
      {
        ...{ at: ['entry'], onFail: 'record', intervalMs: 30_000 },
        limits: { fail: 2, inconclusive: 10, error: 4, passes: 1 },
        measure: { windowMs: 60_000, stepMs: 5_000, bound: 'min', n: 1, of: 2 },
      },
    ]);
    expect(specsOf(gate({ ...threshold, n: 8 }))).toMatchObject([{ measure: { n: 8, of: 8 } }]);
    expect(specsOf(gate({ ...threshold, of: 2 }))).toMatchObject([{ measure: { n: 2, of: 2 } }]);
  });

  it('share the level of a comparison among the looks of one that goes on', () => {
    const during = gate(compared, { at: ['during'], interval: '30s' });
    const { draft } = madePlan(shiftInput({ gates: [during], traffic: { dwell: '10m' } }));
    expect(draft.gateSpecs).toMatchObject([{ measure: { looks: 20 } }]);
    expect(specsOf(gate({ ...compared, looks: 3 }, { at: ['during'] }))).toMatchObject([{ measure: { looks: 3 } }]);
  });

  it('have names of their own, and a source unless hosts are asked', () => {
    const other = gate({ kind: 'webhook' });
    expect(faultsOf(onHosts(['ready', 'ready']))).toEqual(['/gates/1 GATE_TWICE']);
    expect(faultsOf(shiftInput({ gates: [other, other] }))).toEqual(['/gates/1/name GATE_TWICE']);
    expect(faults({ kind: 'webhook' }, { name: 'settled' })).toEqual(['name GATE_RESERVED']);
    const { source: _, ...sourceless } = other;
    expect(faultsOf(shiftInput({ gates: [sourceless] }))).toEqual(['/gates/0/source GATE_NO_SOURCE']);
  });

  it.each<[string, MeasureDocument, string]>([
    ['more beyond the limit than are looked at', { ...threshold, n: 6, of: 5 }, 'measure/n GATE_N_OF_M'],
    ['a window with too few values', { ...threshold, window: '1m' }, 'measure/window GATE_WINDOW'],
    ['a window with too many', { ...threshold, window: '1h', step: '1s' }, 'measure/window GATE_WINDOW'],
    ['a step of nothing', { ...threshold, step: '0s' }, 'measure/step TOO_SHORT'],
    ['a window of months', { ...threshold, window: '31d', step: '1d' }, 'measure/window TOO_LONG'],
    ['two windows in the wrong order', { ...burnRate, long: '5m', short: '1h' }, 'measure/short GATE_WINDOW'],
    ['a count over no window', { ...burnRate, bad: 'increase(errors[5m])' }, 'measure/bad QUERY_WINDOW'],
    ['scores in the wrong order', { ...compared, pass: 50, marginal: 60 }, 'measure/marginal GATE_SCORES'],
    [
      'a comparison of nothing',
      { ...compared, metrics: [{ ...compared.metrics[0], weight: 0 }] },
      'measure/metrics GATE_NO_WEIGHT',
    ],
    [
      'a metric twice',
      { ...compared, metrics: [compared.metrics[0], compared.metrics[0]] },
      'measure/metrics METRIC_TWICE',
    ],
    ['more samples than a window holds', { ...compared, minSamples: 200 }, 'measure/window GATE_WINDOW'],
    ['a smoke test that sends nothing', { kind: 'smoke', requests: [] }, 'measure SMOKE_EMPTY'],
    [
      'a body that GET cannot have',
      { kind: 'smoke', requests: [{ path: '/', body: 'x' }] },
      'measure/requests/0/body SMOKE_BODY',
    ],
    [
      'a secret that the log would keep',
      { kind: 'smoke', requests: [{ path: '/', headers: { Cookie: 'session=1' } }] },
      'measure/requests/0/headers/Cookie SECRET_IN_GATE',
    ],
    ['how long verify took, in a shift', { kind: 'facts', maxVerify: '1m' }, 'measure/maxVerify NOT_USED'],
  ])('refuse %s', (_, measure, fault) => {
    expect(faults(measure)).toEqual([fault]);
  });

  it.each([
    ['x{a="{{verison}}"}', 'QUERY_PLACE'],
    ['x{a="{{}}"}', 'QUERY_PLACE'],
    ['x{a="{{side:ere}}"}', 'QUERY_PLACE'],
    ['x{a="\\"{{side}}"} + {{side}}', 'QUERY_UNQUOTED'],
    ['increase(x{a="{{ side }}",b=\'{{oldSide}}\',c=`{{app}}`,d="{{group}}{{version:re}}"}[{{window}}])', undefined],
    ['x{instance=~"{{hosts}}"} / x{instance=~"{{others:re}}"}', undefined],
    ['sum by (le) (x{a="b"})', undefined],
  ])('ask in a shift for %j: %s', (query, code) => {
    expect(faults({ ...threshold, query })).toEqual(code === undefined ? [] : [`measure/query ${code}`]);
  });

  it('ask hosts for hosts, and not for sides; and nobody for hosts that a command hook has', () => {
    const asked = (query: string) => faultsOf(onHosts([gate({ ...threshold, query })]));
    expect(asked('x{instance=~"{{hosts}}"} / y{instance=~"{{others:re}}"}')).toEqual([]);
    expect(asked('x{side="{{side}}"}')).toEqual(['/gates/0/measure/query QUERY_PLACE']);
    const sides = { names: ['flip', 'flop'], services: [{ name: 'web' }], capacity: 'autoscaler' } as const;
    const hooked = (measure: MeasureDocument) => faultsOf(shiftInput({ gates: [gate(measure)] }, { sides }));
    expect(hooked({ ...threshold, query: 'x{instance=~"{{hosts}}"}' })).toEqual(['/gates/0/measure/query QUERY_PLACE']);
    expect(hooked({ kind: 'facts' })).toEqual(['/gates/0/measure GATE_NEEDS_HOSTS']);
  });

  it('look at most once an hour apart, and not more than once a second', () => {
    expect(faults(threshold, { interval: '2h' })).toEqual(['interval TOO_LONG']);
    expect(faults(threshold, { interval: '10ms' })).toEqual(['interval TOO_SHORT']);
  });
});
