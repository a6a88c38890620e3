import type { Plan, RolloutEvent } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { SAMPLE_REQUEST } from '../request/samples.js';
import type { RollbackOutcome } from './rollbacks.js';
import { Rig } from './rig.suite.js';

async function twoVersions(rig: Rig, hosts = 5): Promise<{ good: string; bad: string }> {
  rig.hosts(hosts);
  const good = await rig.submit({ version: '1.0.0' });
  const bad = await rig.submit({ version: '2.0.0' });
  return { good: good.rolloutId ?? '', bad: bad.rolloutId ?? '' };
}

const asked = (
  good: string,
  more: Partial<Extract<RolloutEvent, { type: 'RollbackRequested' }>> = {},
): RolloutEvent => ({
  type: 'RollbackRequested',
  to: { rolloutId: good, version: '1.0.0' },
  targets: [0, 1, 2, 3, 4],
  down: [3],
  ordinal: 1,
  reason: 'broken',
  ...more,
});

/** Follows the log until `count` rollbacks were answered. */
async function follow(rig: Rig, count: number, from = 1): Promise<readonly RollbackOutcome[]> {
  const abort = new AbortController();
  const outcomes: RollbackOutcome[] = [];
  const answered = (rollback: RollbackOutcome): void => {
    outcomes.push(rollback);
    if (outcomes.length >= count) abort.abort();
  };
  await rig.rollbacks.follow(from, abort.signal, { seen: () => undefined, answered });
  return outcomes;
}

const planOf = async (rig: Rig, id: string): Promise<Plan> => {
  const seal = (await rig.plans(id)).at(-1);
  if (seal?.type !== 'RolloutPlanned') throw new Error(`no plan: ${JSON.stringify(seal)}`);
  return seal.plan;
};

describe('rollbacks that the log asks for', () => {
  it('TAR-38 plans two batches of the touched hosts, with nothing in the way', async () => {
    const rig = new Rig();
    const { good, bad } = await twoVersions(rig);
    await rig.exec(bad, asked(good));
    const [outcome] = await follow(rig, 1);
    const plan = await planOf(rig, outcome?.rolloutId ?? '');
    expect(plan).toMatchObject({
      strategy: 'rollback',
      version: '1.0.0',
      rollbackOf: bad,
      canaries: 0,
      batches: [
        [3, 1],
        [2, 1],
      ],
      gates: [],
      waits: { intervalMs: 0, bakeMs: 0 },
      budget: { advisory: true, members: 5, maxUnavailable: 3 },
      requestedBy: { id: 'ana', kind: 'user' },
      reason: 'broken',
    });
    const targets = (await rig.plans(plan.rolloutId))[0];
    expect(targets).toMatchObject({
      type: 'PlanTargetsAdded',
      targets: [{ host: 'web-000004', drained: true }, {}, {}, {}, {}],
    });
  });

  it('MOM-03 uses the digest that was recorded for the version', async () => {
    const rig = new Rig();
    const { good, bad } = await twoVersions(rig);
    await rig.exec(bad, asked(good));
    const [outcome] = await follow(rig, 1);
    expect((await planOf(rig, outcome?.rolloutId ?? '')).spec).toEqual((await planOf(rig, good)).spec);
  });

  /** Two versions on a mixed group; one host joins it, and one is labelled anew, before the second. */
  async function mixedVersions(rig: Rig): Promise<{ good: string; bad: string }> {
    rig.mixed();
    const { rolloutId: good = '' } = await rig.submit({ version: '1.0.0' });
    rig.hear('web-4', {}, { arch: 'arm' });
    rig.hear('web-3', {}, { arch: 'arm' });
    const { rolloutId: bad = '' } = await rig.submit({ version: '2.0.0' });
    return { good, bad };
  }

  it('TAR-05 installs each host as in the plan that it restores, and a newer one by its labels of today', async () => {
    const rig = new Rig();
    const { good, bad } = await mixedVersions(rig);
    await rig.exec(bad, asked(good, { targets: [0, 1, 2, 3], down: [2] }));
    const rolloutId = (await follow(rig, 1))[0]?.rolloutId ?? '';
    const [added] = await rig.plans(rolloutId);
    const targets = [{ host: 'web-3', drained: true }, { host: 'web-1' }];
    const arms = [
      { host: 'web-2', profile: 0 },
      { host: 'web-4', profile: 0 },
    ];
    expect(added).toEqual({ type: 'PlanTargetsAdded', from: 0, targets: [...targets, ...arms] });
    const [before, back] = [await planOf(rig, good), await planOf(rig, rolloutId)];
    expect([back.spec, back.profiles]).toEqual([before.spec, before.profiles]);
  });

  it('TAR-05 knows the profiles of the restored plan when the group has forgotten its machines', async () => {
    const rig = new Rig();
    const { good, bad } = await mixedVersions(rig);
    rig.define([]);
    await rig.exec(bad, asked(good, { targets: [0, 1], down: [] }));
    const rolloutId = (await follow(rig, 1))[0]?.rolloutId ?? '';
    const [added] = await rig.plans(rolloutId);
    expect(added).toMatchObject({ targets: [{ host: 'web-1' }, { host: 'web-2', profile: 0 }] });
    expect((await planOf(rig, rolloutId)).profiles).toEqual((await planOf(rig, good)).profiles);
  });

  it('TRS-08 takes a scale-out back in the whole group: chain A, B, scale-out of B', async () => {
    const rig = new Rig();
    rig.hosts(5);
    const first = (await rig.submit({ version: '1.0.0' })).rolloutId ?? '';
    const sha256 = SAMPLE_REQUEST.artifact.sha256;
    const succeeded = {
      type: 'VersionSucceeded',
      version: '2.0.0',
      rolloutId: first,
      strategy: 'canary',
      sha256,
    } as const;
    await rig.group(succeeded);
    for (const host of ['web-000001', 'web-000002', 'web-000003']) rig.hear(host, { running: '2.0.0' });
    rig.hear('web-000002', { running: '2.0.0', serving: false });
    rig.hear('web-000004', { running: '1.0.0' });
    const wide = await rig.submit({ version: '2.0.0', strategy: 'scaleOut' });
    expect(wide.outcome).toBe('planned');
    expect((await rig.plans(wide.rolloutId ?? ''))[0]).toMatchObject({
      targets: [{ host: 'web-000004' }, { host: 'web-000005' }],
    });
    // It touched the first of its two targets, and then was taken back; one host of the others is excluded.
    rig.hear('web-000004', { running: '2.0.0' });
    await rig.group({ type: 'HostExcluded', host: 'web-000003', reason: 'disk' });
    await rig.exec(wide.rolloutId ?? '', asked(first, { targets: [0], down: [] }));
    const [outcome] = await follow(rig, 1);
    const [added] = await rig.plans(outcome?.rolloutId ?? '');
    expect(added).toMatchObject({
      targets: [{ host: 'web-000002', drained: true }, { host: 'web-000001' }, { host: 'web-000004' }],
    });
    expect((await planOf(rig, outcome?.rolloutId ?? '')).leftOut).toEqual([
      { host: 'web-000003', reason: 'excluded: disk' },
    ]);
  });

  it('rolls back only what was touched', async () => {
    const rig = new Rig();
    const { good, bad } = await twoVersions(rig, 100);
    await rig.exec(bad, asked(good, { targets: [0, 1, 7], down: [] }));
    const [outcome] = await follow(rig, 1);
    expect((await planOf(rig, outcome?.rolloutId ?? '')).targetCount).toBe(3);
  });

  it('plans each one once, however often it is seen, and the next ordinal as another', async () => {
    const rig = new Rig();
    const { good, bad } = await twoVersions(rig);
    await rig.exec(bad, asked(good));
    const first = await follow(rig, 1);
    const before = await rig.log.position();
    expect(await follow(rig, 1)).toEqual([{ ...first[0], outcome: 'known' }]);
    expect(await rig.log.position()).toBe(before);
    await rig.exec(bad, asked(good, { ordinal: 2 }));
    const both = await follow(rig, 2);
    expect(both.map(({ outcome }) => outcome)).toEqual(['known', 'planned']);
    expect(both[1]?.rolloutId).not.toBe(both[0]?.rolloutId);
  });

  it('plans one that is asked for while it follows', async () => {
    const rig = new Rig();
    const { good, bad } = await twoVersions(rig);
    const following = follow(rig, 1);
    await rig.exec(bad, asked(good));
    expect((await following)[0]?.outcome).toBe('planned');
  });

  it('leaves excluded hosts alone, and refuses for ever when nothing is left', async () => {
    const rig = new Rig();
    const { good, bad } = await twoVersions(rig);
    await rig.group({ type: 'HostExcluded', host: 'web-000001', reason: 'disk' });
    await rig.exec(bad, asked(good, { targets: [0], down: [] }));
    const [refused] = await follow(rig, 1);
    expect(refused?.outcome).toBe('refused');
    expect(await rig.plans(refused?.rolloutId ?? '')).toMatchObject([
      { type: 'RequestRefused', app: 'shop', group: 'shop-web' },
    ]);
    await rig.group({ type: 'HostIncluded', host: 'web-000001', reason: 'mended' });
    expect((await follow(rig, 1))[0]?.outcome).toBe('known');
  });

  it('refuses, and goes on, when the log has no plan of what is asked for', async () => {
    const rig = new Rig();
    const { good, bad } = await twoVersions(rig);
    const nobody = `${good.slice(0, -3)}ZZZ`;
    await rig.exec(bad, asked(nobody));
    await rig.exec(bad, asked(good, { ordinal: 2 }));
    expect((await follow(rig, 2)).map(({ outcome }) => outcome)).toEqual(['refused', 'planned']);
  });

  it('C6 plans the way back while the inventory cannot be read', async () => {
    const rig = new Rig();
    const { good, bad } = await twoVersions(rig);
    const down = (): Promise<never> => Promise.reject(new SluiceError('NATS_UNAVAILABLE', 'planted'));
    Object.assign(rig.inventory, { group: down, members: down });
    await rig.exec(bad, asked(good));
    const [planned] = await follow(rig, 1);
    expect(planned?.outcome).toBe('planned');
    expect(await planOf(rig, planned?.rolloutId ?? '')).toMatchObject({ version: '1.0.0', targetCount: 5 });
  });
});
