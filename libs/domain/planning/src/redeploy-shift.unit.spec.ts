import type { DeployRequest, GroupEntry, Plan } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { redeployRequest } from './redeploy.js';
import { madePlan, sampleInput, sampleMembers } from './samples.js';
import { ERROR_GATE, shiftInput, SMOKE_GATE } from './shift-samples.js';

const settingsOf = ({ requestedBy: _by, reason: _why, ...settings }: Omit<Plan, 'targetsHash'>) => settings;

/** The plan of a request, and that of the request that repeats it. */
function twice(request: Partial<DeployRequest>, group: Partial<GroupEntry> = {}) {
  const input = shiftInput(request, group);
  const first = madePlan(input).draft;
  const again = redeployRequest({ ...first, targetsHash: '' }, { id: 'again', actor: { id: 'bo', kind: 'user' } });
  return [settingsOf(first), settingsOf(madePlan({ ...input, request: again }).draft)] as const;
}

const artifact = { url: 'https://store.example/index-2.tgz', sha256: 'cd'.repeat(32) };

describe('a shift that is sent again', () => {
  it.each<[string, Partial<DeployRequest>]>([
    ['of nothing but defaults', {}],
    ['in one switch', { strategy: 'blueGreen', mixedVersions: 'forbidden' }],
    ['by a canary', { strategy: 'canary', bake: '7m', onCanaryFailure: 'rollback', gates: [SMOKE_GATE] }],
    ['by a canary of data that is not shared', { strategy: 'canary', dataCompatible: 'oneWay' }],
    ['with an approval', { approvals: { batches: 'required' }, mode: 'manual', rollbackable: false }],
    [
      'with all that it can say',
      {
        gates: ['ready', SMOKE_GATE, { ...ERROR_GATE, onFail: 'rollback', interval: '1500ms' }],
        traffic: {
          weights: [2, 30, 100],
          smokeAt: [30],
          dwell: '90s',
          preScale: 40,
          readyWithin: '1h',
          drainWindow: '2500ms',
          artifacts: { index: artifact },
        },
      },
    ],
  ])('%s makes the same plan', (_, request) => {
    for (const environment of ['production', 'test'] as const) {
      const [first, second] = twice(request, { environment });
      expect(second).toEqual(first);
    }
  });

  it('repeats every kind of gate, on hosts too', () => {
    const measures = [
      { kind: 'threshold', query: 'x', limit: 1 },
      { kind: 'burnRate', bad: 'b[{{window}}]', total: 't[{{window}}]', objective: 0.9 },
      { kind: 'comparison', metrics: [{ name: 'm', canary: 'c', baseline: 'b' }] },
      { kind: 'smoke', replay: { most: 5, perSecond: 1 } },
      { kind: 'facts', maxVerify: '1m' },
      { kind: 'webhook' },
    ] as const;
    const gates = measures.map((measure) => ({ name: measure.kind, source: 'main', measure }));
    const input = sampleInput(sampleMembers(4), { gates });
    const first = madePlan(input).draft;
    const again = redeployRequest({ ...first, targetsHash: '' }, { id: 'again', actor: { id: 'bo', kind: 'user' } });
    expect(madePlan({ ...input, request: again }).draft.gateSpecs).toEqual(first.gateSpecs);
    expect(first.gateSpecs).toHaveLength(6);
  });
});
