import type { MemberEntry } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { type GroupSkew, isConsistent, sumOf, versionRows } from './versions.js';

const member = (host: string, running: string | null, serving = true): MemberEntry => ({
  group: 'shop-web',
  app: 'shop',
  host,
  running,
  serving,
});

const skew = (group: string, versions: Readonly<Record<string, number>>): GroupSkew => ({
  group,
  members: Object.values(versions).reduce((sum, n) => sum + n, 0),
  versions,
  consistent: isConsistent(versions),
});

describe('TRS-18 STR-09 versions on hosts', () => {
  it('are counted in a group, the most common first, with those that serve', () => {
    const members = [member('a', '1'), member('b', '2'), member('c', '2', false), member('d', null, false)];
    expect(versionRows(members)).toEqual([
      { version: '2', members: 2, serving: 1, hosts: ['b', 'c'] },
      { version: '', members: 1, serving: 0, hosts: ['d'] },
      { version: '1', members: 1, serving: 1, hosts: ['a'] },
    ]);
  });

  it('are told apart over the groups of an app', () => {
    const groups = [skew('eu', { '1': 3 }), skew('us', { '1': 1, '2': 2 })];
    expect(sumOf(groups)).toEqual({ '1': 4, '2': 2 });
    expect(groups.map(({ consistent }) => consistent)).toEqual([true, false]);
    // Each group agrees with itself, and still not with the other.
    expect(isConsistent(sumOf([skew('eu', { '1': 3 }), skew('us', { '2': 2 })]))).toBe(false);
  });
});
