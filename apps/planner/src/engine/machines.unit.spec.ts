import { describe, expect, it } from 'vitest';

import { SAMPLE_REQUEST } from '../request/samples.js';
import { Rig } from './rig.suite.js';

const named = (...hosts: readonly string[]) => hosts.map((host) => ({ host }));

describe('a preview', () => {
  it('TRS-19 TRS-16 lists the hosts that were not heard of, and says how long it takes', async () => {
    const rig = new Rig();
    rig.hosts(3);
    rig.hear('web-000001', {});
    rig.hear('web-000002', {});
    rig.time += 31_000;
    rig.hear('web-000001', {});
    const previewed = await rig.engine.preview(SAMPLE_REQUEST);
    expect(previewed).toMatchObject({
      ok: true,
      preview: { unreachable: ['web-000002', 'web-000003'], unreachableCount: 2, estimate: { parts: { rounds: 3 } } },
    });
  });
});

it('TRS-19 a plan tells which hosts were not heard of when it was made, and nothing when all were', async () => {
  const rig = new Rig();
  rig.hosts(2);
  rig.hear('web-000001', {});
  const silent = await rig.submit();
  const seal = (await rig.plans(silent.rolloutId ?? '')).at(-1);
  expect(seal).toMatchObject({ unreachable: { count: 1, hosts: ['web-000002'] } });
  rig.hear('web-000002', {});
  const heard = await rig.submit({ id: 'again' });
  expect((await rig.plans(heard.rolloutId ?? '')).at(-1)).not.toHaveProperty('unreachable');
});

describe('hosts of several groups', () => {
  it('TRS-12 are looked up in the whole inventory: no batch takes two of a group of four', async () => {
    const rig = new Rig();
    rig.hosts(8);
    rig.define(
      [...named('web-000001', 'web-000002', 'web-000003', 'db-1'), { host: 'db-2', down: true }],
      'test',
      'db',
    );
    rig.define(named('web-000004', 'elsewhere'), 'test', 'one-of-two');
    expect(await rig.inventory.sharing('shop-web')).toEqual([
      { group: 'db', members: 4, hosts: ['web-000001', 'web-000002', 'web-000003'] },
      { group: 'one-of-two', members: 2, hosts: ['web-000004'] },
    ]);
    expect(await rig.inventory.sharing('nobody')).toEqual([]);
    const outcome = await rig.submit({ strategy: 'rolling', batches: '50%' });
    const seal = (await rig.plans(outcome.rolloutId ?? '')).at(-1);
    // Half of the db group are two hosts, so the first four hosts need two batches.
    expect(seal).toMatchObject({
      plan: {
        batches: [
          [2, 2],
          [4, 1],
        ],
        budget: { maxUnavailable: 2 },
      },
    });
  });
});
