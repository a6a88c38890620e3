import { type PlanPreview, SUBJECTS } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import { silentLog } from '@sluice/messaging';
import { describe, expect, it, vi } from 'vitest';

import { RollbackPlanner } from '../engine/rollbacks.js';
import { Rig } from '../engine/rig.suite.js';
import { boundPreview } from './bound-preview.js';
import { appOf } from './requests.js';
import { followRollbacks } from './rollback-service.js';

describe('appOf', () => {
  it('reads the app from the subject, and takes the whole subject for the app of an odd one', () => {
    for (const app of ['shop', 'a.b', 'ä']) expect(appOf(SUBJECTS.deployRequest(app))).toBe(app);
    for (const odd of ['sluice.request.deploy.a.b', 'sluice.request.shop', 'sluice.request.deploy.=zz', ''])
      expect(appOf(odd)).toBe(odd);
  });
});

describe('boundPreview', () => {
  it('leaves a small preview as it is, and cuts the batches of one that no message could carry', () => {
    const small = { plan: {}, planHash: '', batches: [{ name: 'batch 1', hosts: ['a'] }] } as unknown as PlanPreview;
    expect(boundPreview(small)).toBe(small);
    const hosts = Array.from({ length: 10_000 }, (_, i) => `host-${i}.example`);
    const large = { ...small, batches: Array.from({ length: 10 }, (_, i) => ({ name: `batch ${i}`, hosts })) };
    const bound = boundPreview(large);
    expect(bound.truncated).toBe(true);
    expect(bound.batches).toEqual(large.batches.slice(0, bound.batches.length));
    expect(JSON.stringify(bound).length).toBeLessThan(512 * 1024);
  });
});

describe('followRollbacks', () => {
  async function asked() {
    const rig = new Rig();
    const pauses: (() => void)[] = [];
    const clock = {
      now: () => rig.clock.now(),
      schedule: (_: number, fire: () => void) => (pauses.push(fire), () => undefined),
    };
    rig.hosts(3);
    const good = await rig.submit({ version: '1.0.0' });
    const to = { rolloutId: good.rolloutId ?? '', version: '1.0.0' };
    const bad: string[] = [];
    for (const version of ['2.0.0', '3.0.0']) {
      const { rolloutId = '' } = await rig.submit({ version });
      await rig.exec(rolloutId, { type: 'RollbackRequested', to, targets: [0], down: [], ordinal: 1 });
      bad.push(rolloutId);
    }
    const planner = new RollbackPlanner(rig.parts());
    const answered: string[] = [];
    const info = (facts: object): void => void answered.push((facts as { outcome: string }).outcome);
    return { planner, clock, pauses, bad, answered, log: { ...silentLog, info } };
  }
  const pausesUntil = (pauses: (() => void)[], isDone: () => boolean) =>
    vi.waitFor(
      () => {
        pauses.shift()?.();
        expect(isDone()).toBe(true);
      },
      { interval: 1 },
    );

  it('starts again at the last commit after an outage, as often as it takes', async () => {
    const { planner, clock, pauses, answered, log } = await asked();
    const plan = planner.plan.bind(planner);
    let failures = 20;
    planner.plan = (asking) =>
      (failures -= 1) >= 0 ? Promise.reject(new SluiceError('LOG_UNAVAILABLE', 'away')) : plan(asking);
    const service = followRollbacks(planner, clock, log);
    await pausesUntil(pauses, () => answered.length === 2);
    await service.stop();
    expect(answered).toEqual(['planned', 'planned']);
  });

  it('passes over one that can never be planned, and plans those behind it', async () => {
    const { planner, clock, pauses, bad, answered, log } = await asked();
    const plan = planner.plan.bind(planner);
    planner.plan = (asking) =>
      asking.badRollout === bad[0] ? Promise.reject(new TypeError('a bug of ours')) : plan(asking);
    const service = followRollbacks(planner, clock, log);
    await pausesUntil(pauses, () => answered.length === 1);
    await service.stop();
    expect(answered).toEqual(['planned']);
  });
});
