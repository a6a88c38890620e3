import { dependencyStreamId } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { SAMPLE_REQUEST } from '../request/samples.js';
import { LogDependencies } from './dependencies.js';
import { PlannerEngine } from './planner-engine.js';
import type { PlannerDeps, Synced } from './ports.js';
import { Rig } from './rig.suite.js';

const PROFILE = { kind: 'process', command: ['node', 'server.js'], stopGraceMs: 1_000 } as const;
const MINUTE = 60_000;
const TROUBLE = 'the CMDB at cmdb.example did not answer: ECONNREFUSED';

/** A planner with a CMDB that tells of three hosts, or has the given trouble. */
function given(trouble?: string, deps: Partial<PlannerDeps> = {}) {
  const rig = new Rig();
  const asked: string[] = [];
  const tell = (): void => {
    const group = { name: 'shop-web', app: 'shop', environment: 'production', profile: PROFILE } as const;
    const members = ['web-1', 'web-2', 'web-3'].map((host) => ({ host }));
    rig.inventory.define('cmdb', { group, members, version: 42 }, 'replace', rig.time);
  };
  const sync = (group: string): Promise<Synced> => {
    asked.push(group);
    if (trouble === undefined) tell();
    return Promise.resolve(trouble === undefined ? {} : { trouble });
  };
  const engine = new PlannerEngine({ ...rig.parts(), cmdb: { sync }, ...deps });
  const preview = async (request: object = {}) => engine.preview({ ...SAMPLE_REQUEST, ...request });
  const submit = (request: object = {}) =>
    engine.submit(new TextEncoder().encode(JSON.stringify({ ...SAMPLE_REQUEST, ...request })));
  return { rig, asked, tell, preview, submit };
}

describe('a plan with a CMDB', () => {
  it('TAR-09 TAR-12 is made from what the CMDB says now, and preview and log tell its age', async () => {
    const { rig, asked, preview, submit } = given();
    const inventory = { source: 'cmdb', version: 42, fetchedAt: rig.time, ageMs: 0 };
    expect(await preview()).toMatchObject({ ok: true, preview: { plan: { targetCount: 3 }, inventory } });
    const { rolloutId = '' } = await submit();
    expect((await rig.plans(rolloutId)).at(-1)).toMatchObject({ type: 'RolloutPlanned', inventory });
    expect(asked).toEqual(['shop-web', 'shop-web']);
  });

  it('TAR-12 is made from what is kept while the CMDB is down and that is fresh enough, and says so', async () => {
    const { rig, tell, preview, submit } = given(TROUBLE);
    tell();
    rig.time += 5 * MINUTE;
    const note = `${TROUBLE}: what the CMDB said 5m ago is used`;
    expect(await preview()).toMatchObject({ ok: true, preview: { inventory: { ageMs: 5 * MINUTE, note } } });
    const { rolloutId = '' } = await submit();
    expect((await rig.plans(rolloutId)).at(-1)).toMatchObject({ inventory: { ageMs: 5 * MINUTE, note } });
  });

  it('TAR-12 is refused when that is too old, with its age and the way on, unless degraded mode allows it', async () => {
    const { rig, tell, submit } = given(TROUBLE, { maxAgeMs: MINUTE });
    tell();
    rig.time += 5 * MINUTE;
    const refused = await submit();
    expect(refused).toMatchObject({ outcome: 'refused', faults: [{ path: '/group', code: 'INVENTORY_STALE' }] });
    expect(refused.faults?.[0]?.message).toMatch(/did not answer.* is 5m old, and may be 1m: repair the CMDB/);
    const wished = await submit({ inventory: { allowStale: 'hosts are as they were' } });
    expect(wished.outcome).toBe('planned');
    expect((await rig.plans(wished.rolloutId ?? '')).at(-1)).toMatchObject({
      inventory: { note: expect.stringContaining('hosts are as they were') },
    });
  });

  it('TAR-12 TAR-43 does not ask a CMDB that is forced open, and uses what is kept until that ends', async () => {
    const { rig, tell, asked, preview } = given();
    const { log, clock } = rig;
    const forced = given(TROUBLE, { ...rig.parts(), dependencies: new LogDependencies(log, clock) });
    tell();
    rig.time += 3 * 60 * MINUTE;
    await rig.write('dependency', dependencyStreamId('cmdb'), {
      type: 'DependencyForced',
      dependency: 'cmdb',
      mode: 'open',
      until: rig.time + 10 * MINUTE,
      reason: 'it is being moved',
    });
    const note = expect.stringMatching(/3h old, and may be 1h: cmdb is forced open until 20.*Z \(it is being moved\)$/);
    expect(await forced.preview()).toMatchObject({ ok: true, preview: { inventory: { note } } });
    expect(forced.asked).toEqual([]);
    rig.time += 10 * MINUTE;
    expect(await forced.preview()).toMatchObject({ ok: false, faults: [{ code: 'INVENTORY_STALE' }] });
    expect(forced.asked).toEqual(['shop-web']);
    expect([await preview().then(({ ok }) => ok), asked.length]).toEqual([true, 1]);
  });

  it('is refused for a group that only the CMDB could know, with both reasons', async () => {
    expect(await given(TROUBLE).preview()).toMatchObject({
      ok: false,
      faults: [{ code: 'GROUP_UNKNOWN' }, { code: 'CMDB_UNAVAILABLE', message: expect.stringContaining(TROUBLE) }],
    });
  });
});
