import { describe, expect, it } from 'vitest';

import { readGroup, readInventory } from './definition.js';

const group = { name: 'web', app: 'shop', environment: 'production' };
const faultsOf = (document: unknown): readonly string[] => {
  const read = readInventory(document);
  return read.ok ? [] : read.faults.map(({ path, code }) => `${path} ${code}`).toSorted();
};

describe('inventory documents', () => {
  it('read groups with their members, short or long, and durations', () => {
    const profile = { kind: 'process', command: ['node', 'x.js'], stopGraceMs: 5 };
    const long = {
      ...group,
      profile,
      verify: { path: '/up', interval: '2s' },
      startTimeout: '1m',
      drainWindow: '3s',
      version: 9,
    };
    const read = readInventory({
      groups: [
        { ...long, members: ['a', { host: 'b.example', site: 'fra', labels: { 'rack.row': '1' }, down: true }] },
      ],
    });
    expect(read).toEqual({
      ok: true,
      definitions: [
        {
          group: {
            ...group,
            profile,
            verify: { path: '/up', intervalMs: 2_000, timeoutMs: 60_000 },
            drainWindowMs: 3_000,
          },
          members: [{ host: 'a' }, { host: 'b.example', site: 'fra', labels: { 'rack.row': '1' }, down: true }],
          version: 9,
        },
      ],
    });
    expect(readInventory({ groups: [group] })).toEqual({
      ok: true,
      definitions: [{ group, members: [], version: undefined }],
    });
  });

  it('TAR-05 read profiles by label, and refuse an entry without labels', () => {
    const profile = { kind: 'process', command: ['node', 'x.js'], stopGraceMs: 5 };
    const profiles = [{ labels: { arch: 'arm' }, profile }];
    expect(readGroup({ ...group, profiles }, '')).toMatchObject({ definitions: [{ group: { profiles } }] });
    expect(faultsOf({ groups: [{ ...group, profiles: [{ labels: {}, profile }, { labels: { a: 'b' } }] }] })).toEqual([
      '/groups/0/profiles/0/labels BAD_VALUE',
      '/groups/0/profiles/1/profile REQUIRED',
    ]);
  });

  it('lists every fault with its path', () => {
    expect(
      faultsOf({
        groups: [
          { ...group, name: 'a.>', colour: 'red' },
          { app: 'x', environment: 'moon' },
        ],
      }),
    ).toEqual([
      '/groups/0/colour UNKNOWN_FIELD',
      '/groups/0/name BAD_VALUE',
      '/groups/1/environment BAD_VALUE',
      '/groups/1/name REQUIRED',
    ]);
    expect(faultsOf({ groups: [group, group] })).toEqual(['/groups/1/name DUPLICATE']);
    expect(faultsOf({ groups: [{ ...group, members: ['a', { host: 'a' }] }] })).toEqual([
      '/groups/0/members/1 DUPLICATE',
    ]);
    expect(faultsOf({ groups: [{ ...group, members: ['../..'] }] }).length).toBeGreaterThan(0);
    expect(faultsOf({ groups: [{ ...group, drainWindow: '999d' }] })).toEqual(['/groups/0/drainWindow BAD_DURATION']);
    expect(faultsOf({ groups: [{ ...group, members: ['ä'.repeat(150)] }] })).toEqual(['/groups/0 BAD_NAME']);
    expect(faultsOf([])).not.toEqual([]);
    expect(faultsOf(null)).not.toEqual([]);
    expect(readGroup({ ...group, app: '' }, '/command/group')).toMatchObject({
      ok: false,
      faults: [{ path: '/command/group/app' }],
    });
  });

  it('XIM-04 templates are of known fields of a request', () => {
    const templates = { careful: { strategy: 'rolling', batches: '10%', deadlines: { drain: '1m' } } };
    expect(readInventory({ groups: [], templates })).toEqual({ ok: true, definitions: [] });
    const wrong = { careful: { batch: '10%' }, other: { version: '1' } };
    expect(readInventory({ groups: [], templates: wrong })).toMatchObject({
      ok: false,
      faults: [
        { path: '/templates/careful/batch', code: 'UNKNOWN_FIELD' },
        { path: '/templates/other/version', code: 'UNKNOWN_FIELD' },
      ],
    });
  });
});

describe('groups with sides', () => {
  const services = [{ name: 'web', groups: { flip: 'web-flip', flop: 'web-flop' } }];
  const sides = { names: ['flip', 'flop'], services };
  const sided = (more: object = {}, others: object = {}) => ({
    groups: [{ ...group, ...others, sides: { ...sides, ...more } }],
  });

  it('are read, their capacity that of the agents unless they say another', () => {
    const read = (document: unknown) => {
      const result = readInventory(document);
      return result.ok ? result.definitions[0]?.group.sides : result.faults;
    };
    expect(read(sided())).toEqual({ ...sides, capacity: 'agents' });
    const publish = [{ publisher: 'main', backend: 'search' }];
    const hooked = { capacity: 'autoscaler', services: [{ name: 'web' }], publish };
    expect(read(sided(hooked))).toEqual({ ...sides, ...hooked });
  });

  it.each<[string, object, object, readonly string[]]>([
    ['members', {}, { members: ['a'] }, ['/groups/0/members SIDES_MEMBERS']],
    ['a balancer', {}, { balancer: { name: 'main', backend: 'b' } }, ['/groups/0/balancer SIDES_BALANCER']],
    ['one side', { names: ['flip'] }, {}, ['/groups/0/sides/names BAD_VALUE']],
    ['one side twice', { names: ['flip', 'flip'] }, {}, ['/groups/0/sides/names BAD_VALUE']],
    ['no service', { services: [] }, {}, ['/groups/0/sides/services BAD_VALUE']],
    ['a service without groups', { services: [{ name: 'web' }] }, {}, ['/groups/0/sides/services/0/groups REQUIRED']],
    [
      'a service twice',
      { services: [...services, { name: 'web', groups: { flip: 'a', flop: 'b' } }] },
      {},
      ['/groups/0/sides/services/1/name DUPLICATE'],
    ],
    [
      'a group twice, the group itself among them',
      {
        services: [
          { name: 'web', groups: { flip: 'x', flop: 'x' } },
          { name: 'i', groups: { flip: 'web', flop: 'y' } },
        ],
      },
      {},
      ['/groups/0/sides/services/0/groups/flop DUPLICATE', '/groups/0/sides/services/1/groups/flip DUPLICATE'],
    ],
    [
      'a side that is none',
      { services: [{ name: 'web', groups: { flip: 'a', flap: 'b' } }] },
      {},
      ['/groups/0/sides/services/0/groups/flap SIDE_UNKNOWN'],
    ],
  ])('are refused with %s', (_, more, others, faults) => {
    expect(faultsOf(sided(more, others))).toEqual(faults);
  });
});
