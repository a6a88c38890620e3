import type { GroupEntry, Hello, HelloApp } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { DefinedMember } from './definition.js';
import { HeardMembers } from './heard.js';
import { groupKey, memberKey, readKey } from './keys.js';
import { joinMembers, memberRecord } from './records.js';
import { type InventoryChange, InventoryStore } from './store.js';

const GROUP: GroupEntry = { name: 'web', app: 'shop', environment: 'test' };
const APP: HelloApp = {
  app: 'shop',
  group: 'web',
  running: '1.0.0',
  processStartedAt: 1,
  serving: true,
  endpoint: '127.0.0.1:1',
  localVersions: [],
};

const hello = (host: string, app: Partial<HelloApp> = {}, more: Partial<Hello> = {}): Hello => ({
  v: 1,
  host,
  at: 1,
  agent: { version: '1', startedAt: 1 },
  labels: { rack: 'r1' },
  apps: [{ ...APP, ...app }],
  ...more,
});

function rig() {
  const changes: InventoryChange[] = [];
  const store = new InventoryStore((change) => changes.push(change));
  const define = (members: readonly DefinedMember[], version?: number, mode: 'replace' | 'merge' = 'replace') =>
    store.define('api', { group: GROUP, members, version }, mode, 1_000);
  const hosts = async () => (await store.members('web')).map(({ entry }) => entry.host).toSorted();
  const member = async (host: string) => (await store.members('web')).find(({ entry }) => entry.host === host);
  return { changes, store, define, hosts, member };
}

describe('the inventory', () => {
  it('leaves a group that gets sides without hosts of its own', async () => {
    const { store, define, hosts } = rig();
    define([{ host: 'a' }, { host: 'b' }]);
    const sides = { names: ['flip', 'flop'], services: [{ name: 'web' }], capacity: 'autoscaler' } as const;
    store.define('api', { group: { ...GROUP, sides }, members: [], version: 1_001 }, 'merge', 1_001);
    expect(await hosts()).toEqual([]);
    expect((await store.group('web'))?.entry.sides).toEqual(sides);
  });

  it('TAR-08 keeps source, version and time of arrival with every entry', async () => {
    const { store, define, member } = rig();
    define([{ host: 'a', site: 'fra' }], 7);
    expect(await store.group('web')).toEqual({ v: 1, source: 'api', version: 7, fetchedAt: 1_000, entry: GROUP });
    expect(await member('a')).toEqual({
      v: 1,
      source: 'api',
      version: 7,
      fetchedAt: 1_000,
      entry: { group: 'web', app: 'shop', host: 'a', site: 'fra' },
    });
  });

  it('TAR-09 ignores a definition that is older than the stored one of its source', async () => {
    const { store, define, hosts } = rig();
    define([{ host: 'a' }, { host: 'b' }], 7);
    expect(define([{ host: 'c' }], 6)).toEqual({ applied: false, version: 7 });
    expect(await hosts()).toEqual(['a', 'b']);
    expect(define([{ host: 'c' }], 8).applied).toBe(true);
    expect(store.define('file', { group: GROUP, members: [], version: 1 }, 'replace', 2_000).applied).toBe(true);
  });

  it('replaces all members, or merges those that are named', async () => {
    const { changes, define, hosts, member } = rig();
    define([{ host: 'a' }, { host: 'b' }]);
    define([{ host: 'c' }, { host: 'a', down: true }], undefined, 'merge');
    expect([await hosts(), (await member('a'))?.entry.down]).toEqual([['a', 'b', 'c'], true]);
    define([{ host: 'c' }]);
    expect(await hosts()).toEqual(['c']);
    expect(changes.filter(({ record }) => record === undefined).map(({ key }) => key)).toEqual([
      'member.web.a',
      'member.web.b',
    ]);
  });

  it('adds what heartbeats say to what is defined, and keeps it when the group is defined anew', async () => {
    const { store, define, member } = rig();
    define([{ host: 'a', site: 'fra', labels: { tier: '1' } }]);
    store.hear(hello('a', { running: '2.0.0', serving: false }), 5_000);
    define([{ host: 'a', site: 'ams' }]);
    expect((await member('a'))?.entry).toEqual({
      group: 'web',
      app: 'shop',
      host: 'a',
      site: 'ams',
      running: '2.0.0',
      serving: false,
      endpoint: '127.0.0.1:1',
      lastSeen: 5_000,
      heardLabels: { rack: 'r1' },
    });
    expect((await member('a'))?.source).toBe('api');
  });

  it('TAR-05 keeps the labels of the definition apart from those of the last heartbeat', async () => {
    const { store, define, member } = rig();
    const labels = async () => {
      const entry = (await member('a'))?.entry;
      return [entry?.labels, entry?.heardLabels];
    };
    store.hear(hello('a', {}, { labels: { arch: 'arm' } }), 5_000);
    expect(await labels()).toEqual([undefined, { arch: 'arm' }]);
    define([{ host: 'a', labels: { arch: 'x86' } }]);
    expect(await labels()).toEqual([{ arch: 'x86' }, { arch: 'arm' }]);
    store.hear(hello('a', {}, { labels: { arch: 'riscv' } }), 6_000);
    define([{ host: 'a' }]);
    expect(await labels()).toEqual([undefined, { arch: 'riscv' }]);
    store.hear(hello('a', {}, { labels: {} }), 7_000);
    expect(await labels()).toEqual([undefined, undefined]);
  });

  it('takes hosts and groups that only announce themselves', async () => {
    const { store, member } = rig();
    expect(store.hear(hello('a', {}, { site: 'fra' }), 5_000)).toBe(true);
    expect(await store.group('web')).toMatchObject({
      source: 'heartbeat',
      entry: { name: 'web', app: 'shop', environment: 'production' },
    });
    expect(await member('a')).toMatchObject({
      source: 'heartbeat',
      entry: { site: 'fra', heardLabels: { rack: 'r1' }, running: '1.0.0', lastSeen: 5_000 },
    });
  });

  it('ignores a heartbeat that contradicts the group, or whose names are none', async () => {
    const { store, define, hosts } = rig();
    define([{ host: 'a' }]);
    expect(store.hear(hello('b', { app: 'cart' }), 1)).toBe(false);
    expect(store.hear(hello('../..'), 1)).toBe(false);
    expect(store.hear(hello('b', { group: 'a.>' }), 1)).toBe(false);
    expect([await hosts(), await store.group('a.>')]).toEqual([['a'], undefined]);
  });

  it('stores a heartbeat at once when something changed, and the time alone every 30 s', () => {
    const { changes, store } = rig();
    for (let time = 0; time < 60_000; time += 1_000) store.hear(hello('a'), 100_000 + time);
    expect(changes.map(({ key }) => key)).toEqual(['group.web', 'member.web.a', 'member.web.a']);
    store.hear(hello('a', { serving: false }), 160_001);
    expect(changes).toHaveLength(4);
  });

  it('adopts what another planner stored, in any order, and comes to the same records', async () => {
    const from = rig();
    from.define([{ host: 'a' }, { host: 'b.example' }]);
    from.store.hear(hello('a', { serving: false }), 5_000);
    from.define([{ host: 'a', site: 'x' }]);
    const to = rig();
    const last = new Map(from.changes.map((change) => [change.key, change]));
    for (const { key, record } of [...last.values()].reverse()) to.store.adopt(key, record);
    expect(await to.store.members('web')).toEqual(await from.store.members('web'));
    expect(await to.store.group('web')).toEqual(await from.store.group('web'));
    expect(to.changes).toEqual([]);
    to.store.adopt('nonsense', undefined);
    to.store.adopt('member.web.=zz', undefined);
  });

  it('joins two records of a member to the same one from both sides', () => {
    const origin = fc.record({
      source: fc.constantFrom('api' as const, 'file' as const),
      version: fc.nat(),
      fetchedAt: fc.nat({ max: 1_000 }),
    });
    const record = fc
      .tuple(origin, fc.constantFrom('fra', 'ams'), fc.nat({ max: 1_000 }), fc.boolean())
      .map(([from, site, lastSeen, serving]) => {
        const { entry, ...rest } = memberRecord(GROUP, { host: 'a', site }, from);
        return { ...rest, entry: { ...entry, lastSeen, serving } };
      });
    fc.assert(
      fc.property(record, record, (a, b) => {
        fc.pre(a.fetchedAt !== b.fetchedAt && a.entry.lastSeen !== b.entry.lastSeen);
        expect(joinMembers(a, b)).toEqual(joinMembers(b, a));
      }),
    );
  });
});

describe('endless made-up heartbeats', () => {
  const MANY = 3_000;
  const limited = () => {
    const changes: InventoryChange[] = [];
    const heard = new HeardMembers({ maxBytes: 200_000, forgetMs: 60_000 });
    return { changes, heard, store: new InventoryStore((change) => changes.push(change), heard) };
  };
  const groupsOf = (changes: readonly InventoryChange[]): number => {
    const keys = new Set<string>();
    for (const { key, record } of changes)
      if (record === undefined) keys.delete(key);
      else keys.add(key);
    return keys.size;
  };

  it('of hosts and of groups take so much room and no more; who was there first goes on', async () => {
    const { changes, heard, store } = limited();
    expect(store.hear(hello('real'), 1)).toBe(true);
    const taken = Array.from({ length: MANY }, (_, i) => store.hear(hello(`fake-${i}`, { group: `g-${i}` }), 2));
    expect(taken.filter(Boolean).length).toBeLessThan(400);
    expect(heard.size).toBeLessThan(400);
    expect(groupsOf(changes)).toBeLessThan(2 * 400);
    expect(store.hear(hello('real', { running: '2.0.0' }), 3)).toBe(true);
    expect((await store.members('web'))[0]?.entry.running).toBe('2.0.0');
  });

  it('make room when they are silent, with the groups that they made up', () => {
    const { changes, heard, store } = limited();
    for (let i = 0; i < MANY; i += 1) store.hear(hello(`fake-${i}`, { group: `g-${i}` }), 2);
    const before = heard.size;
    for (let i = 0; i < MANY; i += 1) expect(store.hear(hello(`host-${i % 50}`), 60_002 + i)).toBe(true);
    expect(heard.size).toBeLessThanOrEqual(before);
    expect(groupsOf(changes)).toBeLessThan(2 * before);
  });

  it('do not keep out what is defined, nor what has room already', async () => {
    const { heard, store } = limited();
    for (let i = 0; i < MANY; i += 1) store.hear(hello(`fake-${i}`), 2);
    const full = heard.size;
    const members = [{ host: 'fake-0' }, { host: 'new' }];
    store.define('api', { group: GROUP, members, version: undefined }, 'merge', 3);
    expect(heard.size).toBe(full - 1);
    expect(store.hear(hello('new', { running: '3.0.0' }), 4)).toBe(true);
    expect((await store.members('web')).find(({ entry }) => entry.host === 'new')?.entry.running).toBe('3.0.0');
  });

  it('are counted when another planner has taken them in, and no more once they are gone', () => {
    const { changes, store } = limited();
    for (let i = 0; i < 10; i += 1) store.hear(hello(`fake-${i}`), 2);
    const other = new HeardMembers();
    const adopting = new InventoryStore(undefined, other);
    for (const { key, record } of changes) adopting.adopt(key, record);
    expect(other.size).toBe(10);
    adopting.adopt(groupKey('web'), undefined);
    expect(other.size).toBe(0);
  });

  it('with more labels than any host has are taken without them', async () => {
    const { store } = limited();
    const labels = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`l${i}`, 'x'.repeat(256)]));
    expect(store.hear(hello('a', {}, { labels }), 2)).toBe(true);
    expect((await store.members('web'))[0]?.entry).not.toHaveProperty('heardLabels');
  });
});

describe('keys of the inventory', () => {
  it('carry any names there and back', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(name, name, (group, host) => {
        expect(readKey(groupKey(group))).toEqual({ kind: 'group', group });
        expect(readKey(memberKey(group, host))).toEqual({ kind: 'member', group, host });
      }),
    );
    for (const key of ['', 'group', 'group.a.b', 'member.a', 'other.a', 'group.=zz'])
      expect(readKey(key)).toBeUndefined();
  });
});
