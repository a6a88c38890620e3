import type { DeployRequest, Plan } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { redeployRequest } from './redeploy.js';
import { madePlan, sampleInput, sampleMembers } from './samples.js';

const ACTOR = { id: 'bo', kind: 'user' } as const;

const hook = (script: string) => ({ command: ['sh', script], timeoutMs: 5_000 });

/** A request that says everything that a plan can hold. */
const FULL: Partial<DeployRequest> = {
  targets: { labels: { disk: 'ssd' } },
  strategy: 'canary',
  batches: '10%+20%+20%+50%',
  interval: '30s',
  tailInterval: '0s',
  tailFrom: 4,
  bake: '7m',
  approvals: { batches: 'policy' },
  startTimeout: '90s',
  ignoreVerify: true,
  failureThreshold: 10,
  extraFailures: 1,
  minServing: 2,
  mode: 'manual',
  onCanaryFailure: 'rollback',
  gates: ['ready'],
  profile: {
    kind: 'process',
    command: ['node', 'server.js'],
    env: { NODE_ENV: 'production' },
    stopGraceMs: 5_000,
    preStop: { ...hook('bye.sh'), required: true },
    postStart: hook('hello.sh'),
    recreate: true,
  },
  verify: { path: '/healthz', port: 8080, status: 204, successes: 2, interval: '500ms' },
  drainWindow: '2s',
  prefetch: true,
  rollbackable: false,
  stepRetries: { download: 2, verify: 3 },
  onVerifyFailure: { then: 'waive', waivedBy: 'ana' },
  deadlines: { drain: '1m', download: '10m', install: '2m', verify: '3m', enable: '30s' },
};

/** The plan of a request, and the plan of the request that repeats it. */
function twice(request: Partial<DeployRequest>, hosts = 41): readonly [Plan, Plan, DeployRequest] {
  const input = sampleInput(
    sampleMembers(hosts, (i) => ({ labels: { disk: i === 7 ? 'tape' : 'ssd' } })),
    request,
  );
  const first: Plan = { ...madePlan(input).draft, targetsHash: 'ef'.repeat(32) };
  const again = redeployRequest(first, { id: 'again', actor: ACTOR });
  const second: Plan = { ...madePlan({ ...input, request: again }).draft, targetsHash: first.targetsHash };
  return [first, second, again];
}

const settingsOf = ({ requestedBy: _by, reason: _why, ...settings }: Plan) => settings;

describe('redeploy', () => {
  it('TRS-07 plans all that the first request said once more', () => {
    const [first, second] = twice(FULL);
    expect(settingsOf(second)).toEqual(settingsOf(first));
    expect(second).toMatchObject({ requestedBy: ACTOR, reason: `again as in ${first.rolloutId}`, prefetch: true });
  });

  it.each(['25%', '0%', '1%', '4', '7', '10%+20%+20%+20%+20%+10%', '20%+30%+50%'])('keeps batches %s', (batches) => {
    for (const hosts of [1, 2, 5, 11, 34, 100, 101, 251]) {
      const [first, second] = twice({ batches }, hosts);
      expect([hosts, second.batches, second.budget]).toEqual([hosts, first.batches, first.budget]);
    }
  });

  it('says nothing of what the first one left to the defaults of the steps', () => {
    const [, , again] = twice({});
    for (const field of ['prefetch', 'rollbackable', 'stepRetries', 'onVerifyFailure', 'deadlines', 'lb'])
      expect(again).not.toHaveProperty(field);
  });

  it('repeats neither the hurry of a rollback nor the freedom of a scale-out', () => {
    for (const strategy of ['rollback', 'scaleOut'] as const) {
      const [first] = twice({ prefetch: true, deadlines: { install: '2m' } });
      const again = redeployRequest({ ...first, strategy }, { id: 'again', actor: ACTOR, reason: 'slow' });
      expect(again).toMatchObject({ prefetch: true, deadlines: { install: '2m' }, reason: 'slow' });
      for (const field of ['strategy', 'batches', 'interval', 'approvals']) expect(again).not.toHaveProperty(field);
    }
  });

  it('leaves it to the group to say how, where its machines differ', () => {
    const [first] = twice({});
    const profiles = [first.spec.profile];
    expect(redeployRequest({ ...first, profiles }, { id: 'again', actor: ACTOR })).not.toHaveProperty('profile');
  });
});
