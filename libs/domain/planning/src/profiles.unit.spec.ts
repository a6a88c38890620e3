import type { GroupEntry, MemberEntry, Plan, Profile } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import type { PlanInput } from './plan-input.js';
import { makeRollbackPlan, type RollbackInput } from './rollback-plan.js';
import { faultsOf, madePlan, SAMPLE_GROUP, sampleInput, sampleMember } from './samples.js';
import { previewOf, sealPlan } from './sealed-plan.js';

const script = (name: string): Profile => ({
  kind: 'exec',
  steps: { install: [`/opt/${name}`] },
  stepTimeoutMs: 1_000,
});
const general = SAMPLE_GROUP.profile;
const [ARM, GPU, OLD] = [script('arm'), script('gpu'), script('old')];

const TABLE: NonNullable<GroupEntry['profiles']> = [
  { labels: { arch: 'arm', gpu: 'yes' }, profile: GPU },
  { labels: { arch: 'arm' }, profile: ARM },
];

const labelled = (host: string, labels?: Record<string, string>, heardLabels?: Record<string, string>): MemberEntry =>
  sampleMember(host, {
    ...(labels === undefined ? {} : { labels }),
    ...(heardLabels === undefined ? {} : { heardLabels }),
  });

const MIXED = [
  labelled('a', { arch: 'x86' }),
  labelled('b', { arch: 'arm' }),
  labelled('c', { arch: 'arm', gpu: 'yes', rack: '7' }),
  labelled('d', { arch: 'arm', gpu: 'no' }),
];

function inputFor(members: readonly MemberEntry[], group: Partial<GroupEntry> = {}, profile?: Profile): PlanInput {
  const { profile: _, ...bare } = SAMPLE_GROUP;
  const defaults = general === undefined ? {} : { profile: general };
  const request = { strategy: 'rolling' as const, ...(profile === undefined ? {} : { profile }) };
  return { ...sampleInput(members, request), group: { ...bare, ...defaults, profiles: TABLE, ...group } };
}
const withoutGeneral = (input: PlanInput): PlanInput => {
  const { profile: _, ...group } = input.group ?? SAMPLE_GROUP;
  return { ...input, group };
};

/** Host -> what it is installed with, as the plan says it. */
function installed({ draft, targets }: { draft: Pick<Plan, 'spec' | 'profiles'>; targets: readonly Place[] }) {
  return Object.fromEntries(
    targets.map(({ host, profile }) => [host, profile === undefined ? draft.spec.profile : draft.profiles?.[profile]]),
  );
}
type Place = { readonly host: string; readonly profile?: number };

describe('profiles by label', () => {
  it.each<[string, MemberEntry, Profile | undefined]>([
    ['no labels', labelled('a'), general],
    ['another value', labelled('a', { arch: 'x86' }), general],
    ['one of the labels', labelled('a', { gpu: 'yes' }), general],
    ['the labels of one entry', labelled('a', { arch: 'arm' }), ARM],
    ['the labels of two entries', labelled('a', { arch: 'arm', gpu: 'yes' }), GPU],
    ['more labels than asked for', labelled('a', { arch: 'arm', rack: '7' }), ARM],
    ['labels of its heartbeat only', labelled('a', undefined, { arch: 'arm' }), ARM],
    ['defined labels, which replace those of its heartbeat', labelled('a', { rack: '7' }, { arch: 'arm' }), general],
    ['a name that every object has', labelled('a', { constructor: 'x' }), general],
  ])('TAR-05 a member with %s', (_, member, profile) => {
    expect(installed(madePlan(inputFor([member])))).toEqual({ a: profile });
  });

  it('TAR-05 one plan installs each machine as its labels say, and the first entry that fits wins', () => {
    const made = madePlan(inputFor(MIXED));
    expect(installed(made)).toEqual({ a: general, b: ARM, c: GPU, d: ARM });
    expect(made.draft.profiles).toEqual([ARM, GPU]);
    const swapped = madePlan(inputFor(MIXED, { profiles: TABLE.toReversed() }));
    expect(installed(swapped)).toEqual({ a: general, b: ARM, c: ARM, d: ARM });
  });

  it('TAR-05 a profile of the request is for all, whatever the labels say', () => {
    const made = madePlan(inputFor(MIXED, {}, OLD));
    expect(installed(made)).toEqual({ a: OLD, b: OLD, c: OLD, d: OLD });
    expect(made.draft).not.toHaveProperty('profiles');
  });

  it('TAR-05 is resolved when the plan is made: other labels, another table or another profile are another plan', () => {
    const hashOf = (input: PlanInput): string => {
      const { draft, targets } = madePlan(input);
      return sealPlan(draft, targets).planHash;
    };
    const base = hashOf(inputFor(MIXED));
    expect(hashOf(inputFor(MIXED.toReversed()))).toBe(base);
    const others = [
      inputFor([labelled('a', { arch: 'arm' }), ...MIXED.slice(1)]),
      inputFor(MIXED, { profiles: TABLE.slice(1) }),
      inputFor(MIXED, { profiles: [...TABLE.slice(0, 1), { labels: { arch: 'arm' }, profile: OLD }] }),
    ];
    expect(new Set([base, ...others.map(hashOf)]).size).toBe(4);
  });

  it('says nothing about profiles when all targets use one, and lists equal ones once', () => {
    expect(madePlan(inputFor([labelled('a')])).draft).not.toHaveProperty('profiles');
    expect(madePlan(inputFor([labelled('a')])).targets[0]).not.toHaveProperty('profile');
    const same = [
      { labels: { arch: 'arm' }, profile: script('arm') },
      { labels: { arch: 'riscv' }, profile: script('arm') },
      { labels: { arch: 'x86' }, profile: structuredClone(general ?? ARM) },
    ];
    const made = madePlan(inputFor([...MIXED, labelled('e', { arch: 'riscv' })], { profiles: same }));
    expect(made.draft.profiles).toEqual([ARM]);
    expect(installed(made)).toMatchObject({ a: general, b: ARM, e: ARM });
  });

  it('needs no profile for all when the labels of each host fit one, and else names the hosts', () => {
    const made = madePlan(withoutGeneral(inputFor(MIXED.slice(1))));
    expect(installed(made)).toEqual({ b: ARM, c: GPU, d: ARM });
    expect(made.draft.spec.profile).toEqual(ARM);
    expect(faultsOf(withoutGeneral(inputFor(MIXED)))).toEqual(['/profile NO_PROFILE']);
    expect(faultsOf(withoutGeneral(inputFor([])))).toEqual(['/group EMPTY_GROUP']);
    expect(faultsOf(withoutGeneral(inputFor([labelled('a')], { profiles: [] })))).toEqual(['/profile NO_PROFILE']);
    expect(installed(madePlan(withoutGeneral(inputFor(MIXED, {}, OLD))))).toMatchObject({ a: OLD, c: OLD });
  });

  it('keeps canary and drained hosts where they belong', () => {
    const members = MIXED.map((member) => (member.host === 'd' ? { ...member, serving: false } : member));
    const input = { ...inputFor(members), request: { ...inputFor(members).request, batches: '50%' } };
    const made = madePlan({ ...input, request: { ...input.request, strategy: 'canary', canary: { host: 'c' } } });
    expect(made.targets[0]).toMatchObject({ host: 'c' });
    expect(made.targets.find(({ host }) => host === 'd')).toMatchObject({ drained: true });
    expect(installed(made)).toEqual({ a: general, b: ARM, c: GPU, d: ARM });
  });

  it('TRS-01 shows in the preview which hosts take another profile', () => {
    const { draft, targets } = madePlan(inputFor(MIXED, { environment: 'test' }));
    const preview = previewOf(sealPlan(draft, targets));
    expect(preview.plan.profiles).toEqual([ARM, GPU]);
    expect(preview.batches).toEqual([{ name: 'batch 1', hosts: ['a', 'b', 'c', 'd'], profiles: { b: 0, c: 1, d: 0 } }]);
  });
});

describe('profiles of a rollback', () => {
  const good = madePlan(inputFor(MIXED));
  const to = sealPlan(good.draft, good.targets).plan;

  function rollback(change: Partial<RollbackInput> = {}, hosts = ['a', 'b', 'c', 'd']) {
    const made = makeRollbackPlan({
      rolloutId: 'r07-RRRRRRRRRRRRRRRRRRRRRRRRRR',
      requestId: 'rollback:r07-BBBBBBBBBBBBBBBBBBBBBBBBBB:1',
      to,
      recorded: good.targets,
      group: { ...SAMPLE_GROUP, profiles: TABLE },
      members: MIXED,
      rollbackOf: 'r07-BBBBBBBBBBBBBBBBBBBBBBBBBB',
      touched: hosts.map((host) => ({ host, down: host === 'c' })),
      exclusions: new Map(),
      requestedBy: { id: 'ana', kind: 'user' },
      ...change,
    });
    if (!made.ok) throw new Error(JSON.stringify(made.faults));
    return made;
  }

  it('TAR-05 each host is installed as in the restored plan, in whatever order, with only what is used', () => {
    const back = rollback();
    expect(back.targets.map(({ host }) => host)).toEqual(['c', 'a', 'b', 'd']);
    expect(installed(back)).toEqual({ a: general, b: ARM, c: GPU, d: ARM });
    expect(rollback({}, ['a', 'b']).draft.profiles).toEqual([ARM]);
    expect(rollback({}, ['a']).draft).not.toHaveProperty('profiles');
  });

  it('TAR-05 nothing is resolved anew: labels and table of today do not change a host that was there', () => {
    const relabelled = MIXED.map(({ host }) => labelled(host, { arch: 'new' }));
    const group = { ...SAMPLE_GROUP, profiles: [{ labels: { arch: 'new' }, profile: OLD }] };
    expect(installed(rollback({ members: relabelled, group }))).toEqual({ a: general, b: ARM, c: GPU, d: ARM });
    expect(installed(rollback({ members: [], group: undefined }))).toEqual({ a: general, b: ARM, c: GPU, d: ARM });
  });

  it('TAR-05 a host that the restored plan did not have is installed by its labels of today, else as the plan says', () => {
    const members = [...MIXED, labelled('e', { arch: 'riscv' }), labelled('f')];
    const group = { ...SAMPLE_GROUP, profiles: [...TABLE, { labels: { arch: 'riscv' }, profile: OLD }] };
    const back = rollback({ members, group }, ['b', 'e', 'f', 'gone']);
    expect(installed(back)).toEqual({ b: ARM, e: OLD, f: general, gone: general });
    expect(back.draft.profiles).toEqual([ARM, OLD]);
  });
});
