import type { MemberEntry } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { plannableMembers } from './plannable.js';
import { faultsOf, madePlan, SAMPLE_GROUP, sampleInput, sampleMember } from './samples.js';

const members: readonly MemberEntry[] = [
  sampleMember('a', { labels: { cluster: 'fra', disk: 'ssd' } }),
  sampleMember('b', { site: 'fra' }),
  sampleMember('c', { site: 'ams', heardLabels: { disk: 'ssd' } }),
  sampleMember('d', { labels: { disk: 'hdd' }, heardLabels: { cluster: 'fra' } }),
  sampleMember('e', { site: 'fra', labels: { cluster: 'lon' } }),
];

const byLabels = (labels: Record<string, string>) => sampleInput(members, { targets: { labels } });
const hostsOf = (input: Parameters<typeof madePlan>[0]) => madePlan(input).targets.map(({ host }) => host);

describe('MOM-08 targets by labels', () => {
  it('are the members that have all of them; cluster is the site unless a label says otherwise', () => {
    expect(hostsOf(byLabels({ cluster: 'fra' }))).toEqual(['a', 'b']);
    expect(hostsOf(byLabels({ cluster: 'fra', disk: 'ssd' }))).toEqual(['a']);
    expect(hostsOf(byLabels({ disk: 'ssd' }))).toEqual(['a', 'c']);
    expect(hostsOf(byLabels({ cluster: 'lon' }))).toEqual(['e']);
  });

  it('leave the others out with the reason, behind those that something is wrong with', () => {
    const down = [...members, sampleMember('z', { down: true, site: 'fra' })];
    const { draft } = madePlan({ ...byLabels({ cluster: 'fra', disk: 'ssd' }), members: down });
    expect(draft.leftOut).toEqual([
      { host: 'z', reason: 'down' },
      { host: 'b', reason: 'not disk=ssd' },
      { host: 'c', reason: 'not cluster=fra' },
      { host: 'd', reason: 'not cluster=fra, disk=ssd' },
      { host: 'e', reason: 'not cluster=fra, disk=ssd' },
    ]);
  });

  it('are counted alone: the budget never lets all of one cluster out because the group is large', () => {
    const fleet = Array.from({ length: 20 }, (_, i) => sampleMember(`h${String(i).padStart(2, '0')}`, { site: 'ams' }));
    const four = fleet.map((member, i) => (i < 4 ? { ...member, site: 'fra' } : member));
    const { draft } = madePlan(sampleInput(four, { batches: '25%', targets: { labels: { cluster: 'fra' } } }));
    expect(draft).toMatchObject({ targetCount: 4, budget: { members: 4, maxUnavailable: 1 } });
  });

  it('are those of the selector of the group when the request names none', () => {
    const group = { ...SAMPLE_GROUP, selector: { cluster: 'fra' } };
    expect(hostsOf({ ...sampleInput(members), group })).toEqual(['a', 'b']);
    expect(hostsOf({ ...byLabels({ cluster: 'ams' }), group })).toEqual(['c']);
  });

  it('do not include a machine that is kept for another group or app', () => {
    const kept = ['shop-web', 'shop', 'db'].map((exclusive, i) => sampleMember(`k${i}`, { labels: { exclusive } }));
    const made = madePlan(sampleInput(kept));
    expect(made.targets.map(({ host }) => host)).toEqual(['k0', 'k1']);
    expect(made.draft.leftOut).toEqual([{ host: 'k2', reason: 'kept for db' }]);
  });

  it('are kept in the plan, so that a member which comes later and has them not stays outside', () => {
    const { draft } = madePlan(byLabels({ cluster: 'fra' }));
    expect(draft.labels).toEqual({ cluster: 'fra' });
    const found = plannableMembers(SAMPLE_GROUP, members, { profile: draft.spec.profile, labels: draft.labels });
    expect(found.filter(({ unfit }) => unfit === undefined).map(({ host }) => host)).toEqual(['a', 'b']);
    expect(found[2]).toMatchObject({ host: 'c', unfit: 'it is not cluster=fra' });
    expect(Object.keys(madePlan(sampleInput(members)).draft)).not.toContain('labels');
  });

  it('that nobody has are a fault', () => {
    expect(faultsOf(byLabels({ cluster: 'mars' }))).toEqual(['/group EMPTY_GROUP']);
  });
});
