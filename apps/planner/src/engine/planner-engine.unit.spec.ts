import { refusalIdOf, type RequestOutcome, sha256 } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { SAMPLE_REQUEST, toBytes } from '../request/samples.js';
import { Rig } from './rig.suite.js';

const codes = (outcome: RequestOutcome): readonly string[] =>
  (outcome.faults ?? []).map(({ path, code }) => `${path} ${code}`).toSorted();
const typesOf = async (rig: Rig, id: string): Promise<readonly string[]> =>
  (await rig.plans(id)).map(({ type }) => type);

describe('submit', () => {
  it('writes the plan, sealed, and names the rollout and the hash', async () => {
    const rig = new Rig();
    rig.hosts(5);
    const outcome = await rig.submit();
    expect(outcome).toMatchObject({
      v: 1,
      outcome: 'planned',
      requestId: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    const events = await rig.plans(outcome.rolloutId ?? '');
    expect(events.map(({ type }) => type)).toEqual(['PlanTargetsAdded', 'RolloutPlanned']);
    expect(events[1]).toMatchObject({
      planHash: outcome.planHash,
      plan: { targetCount: 5, requestId: outcome.requestId },
    });
  });

  it('TRS-01 the preview equals the plan that is made at the start, and writes nothing', async () => {
    const rig = new Rig();
    rig.hosts(23);
    rig.hear('web-000004', { serving: false });
    await rig.group({ type: 'HostExcluded', host: 'web-000009', reason: 'disk' });
    const before = await rig.log.position();
    const previewed = await rig.engine.preview({ ...SAMPLE_REQUEST, batches: '10%+20%+20%+50%' });
    expect(await rig.log.position()).toBe(before);
    const { rolloutId = '', planHash } = await rig.submit({ batches: '10%+20%+20%+50%' });
    const events = await rig.plans(rolloutId);
    expect(previewed).toMatchObject({ ok: true, preview: { planHash } });
    const [preview, seal] = [previewed.ok ? previewed.preview : undefined, events.at(-1)];
    const unreachable = { count: preview?.unreachableCount, hosts: preview?.unreachable };
    expect(seal).toEqual({
      ...{ type: 'RolloutPlanned', plan: preview?.plan, planHash },
      ...{ inventory: preview?.inventory, unreachable },
    });
    const hosts = events
      .flatMap((event) => (event.type === 'PlanTargetsAdded' ? event.targets : []))
      .map(({ host }) => host);
    expect(preview?.batches.flatMap((batch) => batch.hosts)).toEqual(hosts);
    expect(hosts).not.toContain('web-000009');
  });

  it('XIM-03 the same document twice is one rollout, in any order of its fields', async () => {
    const rig = new Rig();
    rig.hosts(3);
    const first = await rig.submit();
    const before = await rig.log.position();
    const reversed = Object.fromEntries(Object.entries(SAMPLE_REQUEST).reverse());
    const again = await rig.engine.submit(new TextEncoder().encode(JSON.stringify(reversed, null, 2)));
    expect(again).toEqual({ ...first, outcome: 'duplicate' });
    rig.hosts(9);
    expect(await rig.another().submit(toBytes(SAMPLE_REQUEST))).toEqual({ ...first, outcome: 'duplicate' });
    expect(await rig.log.position()).toBe(before);
  });

  it('XIM-03 two planners at once make one rollout', async () => {
    const rig = new Rig();
    rig.hosts(30);
    const bytes = toBytes(SAMPLE_REQUEST);
    const outcomes = await Promise.all(
      [rig.engine, rig.another(), rig.another()].map((engine) => engine.submit(bytes)),
    );
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['duplicate', 'duplicate', 'planned']);
    expect(new Set(outcomes.map(({ planHash }) => planHash)).size).toBe(1);
    expect((await typesOf(rig, outcomes[0]?.rolloutId ?? '')).filter((type) => type === 'RolloutPlanned')).toHaveLength(
      1,
    );
  });

  it('refuses an id that names another request, beside its other faults, and leaves the plan as it is', async () => {
    const rig = new Rig();
    rig.hosts(3);
    const first = await rig.submit({ id: 'ticket-7' });
    const other = await rig.submit({ id: 'ticket-7', version: '3.0.0', typo: 1 });
    expect([other.outcome, codes(other)]).toEqual(['refused', ['/id ID_REUSED', '/typo UNKNOWN_FIELD']]);
    expect((await typesOf(rig, first.rolloutId ?? '')).at(-1)).toBe('RolloutPlanned');
    expect(await rig.submit({ id: 'ticket-7' })).toMatchObject({ outcome: 'duplicate' });
  });

  it('TAR-15 plans with the four plain options', async () => {
    const rig = new Rig();
    rig.hosts(9);
    const options = { batches: '50%', interval: '1m', startTimeout: '5m', ignoreVerify: true };
    expect(await rig.submit(options)).toMatchObject({ outcome: 'planned' });
  });

  it('TAR-14 plans two groups on one host by themselves', async () => {
    const rig = new Rig();
    rig.define([{ host: 'host-1' }]);
    rig.define([{ host: 'host-1' }], 'production', 'shop-jobs');
    const [one, two] = [await rig.submit(), await rig.submit({ group: 'shop-jobs' })];
    expect([one.outcome, two.outcome]).toEqual(['planned', 'planned']);
    expect(one.rolloutId).not.toBe(two.rolloutId);
  });

  it('TAR-05 fixes the profile of each machine when it plans: what changes later is for the next plan', async () => {
    const rig = new Rig();
    rig.mixed();
    rig.hear('web-2', {}, { arch: 'x86' });
    rig.hear('web-3', {}, { arch: 'arm' });
    const preview = await rig.engine.preview(SAMPLE_REQUEST);
    const first = await rig.submit();
    expect(preview).toMatchObject({
      preview: { planHash: first.planHash, batches: [{ profiles: { 'web-2': 0, 'web-3': 0 } }] },
    });
    const [added, seal] = await rig.plans(first.rolloutId ?? '');
    expect(added).toMatchObject({
      targets: [{ host: 'web-1' }, { host: 'web-2', profile: 0 }, { host: 'web-3', profile: 0 }],
    });
    expect(seal).toMatchObject({
      plan: {
        spec: { profile: { command: ['node', 'server.js'] } },
        profiles: [{ command: ['node-arm', 'server.js'] }],
      },
    });
    rig.hear('web-3', {}, { arch: 'x86' });
    expect(await rig.submit()).toEqual({ ...first, outcome: 'duplicate' });
    const next = await rig.submit({ version: '2.0.1' });
    expect((await rig.plans(next.rolloutId ?? ''))[0]).toEqual({
      type: 'PlanTargetsAdded',
      from: 0,
      targets: ['web-1', 'web-2', 'web-3'].map((host) => ({
        host,
        ...(host === 'web-2' ? { profile: 0 } : {}),
        ...(host === 'web-1' ? {} : { from: '1.0.0' }),
      })),
    });
  });

  it('knows what the log said about the group a moment ago', async () => {
    const rig = new Rig();
    rig.hosts(3);
    await rig.group({ type: 'VersionBlocked', version: '2.0.0', reason: 'broke the cart' });
    expect(codes(await rig.submit())).toEqual(['/version VERSION_BLOCKED']);
    await rig.group({ type: 'VersionUnblocked', version: '2.0.0', reason: 'was the network' });
    await rig.group({ type: 'HostExcluded', host: 'web-000002', reason: 'disk' });
    const { rolloutId = '' } = await rig.submit();
    expect((await rig.plans(rolloutId)).at(-1)).toMatchObject({
      plan: { targetCount: 2, leftOut: [{ host: 'web-000002', reason: 'excluded: disk' }] },
    });
  });

  it('lists faults of form, of meaning and of the group in one answer', async () => {
    const rig = new Rig();
    rig.define([]);
    const outcome = await rig.submit(
      { batches: '60%+40%', verify: { port: 0 }, unknown: 1, interval: '400d', artifact: 1 },
      'cart',
    );
    expect(codes(outcome)).toEqual([
      '/app APP_MISMATCH',
      '/artifact BAD_OBJECT',
      '/batches BATCHES_SHARE',
      '/group EMPTY_GROUP',
      '/interval BAD_DURATION',
      '/unknown UNKNOWN_FIELD',
      '/verify/port BAD_NUMBER',
    ]);
  });

  it('keeps a refusal in the log once, on the stream of the rollout that it would have been', async () => {
    const rig = new Rig();
    rig.define([]);
    const refused = await rig.submit({ id: 'x' });
    expect(codes(refused)).toEqual(['/group EMPTY_GROUP']);
    const before = await rig.log.position();
    expect(await rig.submit({ id: 'x' })).toEqual(refused);
    expect(await rig.log.position()).toBe(before);
    rig.hosts(2);
    const mended = await rig.submit({ id: 'x' });
    expect(mended.outcome).toBe('planned');
    expect(await typesOf(rig, mended.rolloutId ?? '')).toEqual([
      'RequestRefused',
      'PlanTargetsAdded',
      'RolloutPlanned',
    ]);
  });

  it.each([
    ['{', 'BAD_JSON'],
    ['[]', 'BAD_OBJECT'],
    ['', 'BAD_JSON'],
  ])('answers and keeps what cannot be read: %j', async (text, code) => {
    const rig = new Rig();
    const bytes = new TextEncoder().encode(text);
    const outcome = await rig.engine.submit(bytes);
    expect([outcome.outcome, outcome.faults?.[0]?.code]).toEqual(['refused', code]);
    const events = await rig.plans(refusalIdOf(outcome.requestId));
    expect(events).toMatchObject([{ type: 'RequestRefused', requestId: outcome.requestId }]);
  });

  it('bounds the faults that it lists', async () => {
    const rig = new Rig();
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field-${i}`, i]));
    const { faults = [] } = await rig.submit(many);
    expect([faults.length, faults.at(-1)?.code]).toEqual([100, 'TOO_MANY_FAULTS']);
  });

  it('refuses a group that nobody has defined, and names that are none, without touching anything', async () => {
    const rig = new Rig();
    expect(codes(await rig.submit())).toEqual(['/group GROUP_UNKNOWN']);
    expect(codes(await rig.submit({ app: 'a.>', group: '../..' }))).toEqual(['/app BAD_NAME', '/group BAD_NAME']);
    expect(codes(await rig.submit({ canary: { host: '*' }, group: 'a\u0000b' }))).toEqual([
      '/canary/host BAD_NAME',
      '/group BAD_NAME',
    ]);
  });

  it.each([
    ['names both, when the group is what is wrong', {}, 'shop', { app: 'shop', group: 'shop-web' }],
    ['names both beside other faults', { version: '../..', typo: 1 }, undefined, { app: 'shop', group: 'shop-web' }],
    ['names no group that is none', { group: '../..' }, 'shop', { app: 'shop' }],
    ['names no app that is none', { app: { a: 1 } }, 'shop', { group: 'shop-web' }],
    ['names no app that the subject contradicts', { app: 'cart' }, 'shop', { group: 'shop-web' }],
  ] as const)('a refusal %s', async (_, request, subjectApp, about) => {
    const rig = new Rig();
    const append = rig.log.append.bind(rig.log);
    const written: unknown[] = [];
    rig.log.append = (stream, head, draft) => {
      written.push(...draft.events.map(({ event }) => event));
      return append(stream, head, draft);
    };
    const { requestId, faults } = await rig.submit(request, subjectApp);
    const documentHash = expect.any(String) as string;
    expect(written).toEqual([{ type: 'RequestRefused', requestId, faults, documentHash, ...about }]);
  });

  it('can refuse what makes it fail, so that it does not come again for ever', async () => {
    const rig = new Rig();
    const bytes = toBytes({ any: 'thing', app: 'shop' });
    expect(await rig.engine.refuseBroken(bytes)).toMatchObject({
      outcome: 'refused',
      requestId: sha256(bytes),
      faults: [{ code: 'INTERNAL' }],
    });
    expect(await rig.plans(refusalIdOf(sha256(bytes)))).toMatchObject([{ app: 'shop' }]);
  });
});

describe('large plans', () => {
  it('writes 100,000 targets in bounded commits and seals them', { timeout: 60_000 }, async () => {
    const rig = new Rig();
    rig.hosts(100_000);
    const started = performance.now();
    const outcome = await rig.submit({ batches: '0%' });
    const took = Math.round(performance.now() - started);
    expect(outcome.outcome).toBe('planned');
    const again = performance.now();
    expect((await rig.submit({ batches: '0%' })).outcome).toBe('duplicate');
    const events = await rig.plans(outcome.rolloutId ?? '');
    const targets = events.flatMap((event) => (event.type === 'PlanTargetsAdded' ? event.targets : []));
    expect([targets.length, new Set(targets.map(({ host }) => host)).size]).toEqual([100_000, 100_000]);
    process.stdout.write(
      `100,000 targets planned in ${took} ms (${events.length} events), known again in ${Math.round(performance.now() - again)} ms\n`,
    );
  });

  it.each(['before', 'after'] as const)(
    'goes on after a crash %s any of its commits, with the same plan',
    { timeout: 60_000 },
    async (fault) => {
      const whole = new Rig();
      whole.hosts(20_000);
      const { planHash, rolloutId = '' } = await whole.submit();
      const last = await whole.log.position();
      expect(last).toBeGreaterThan(1);
      for (let commits = 0; commits < last; commits += 1) {
        const rig = new Rig();
        rig.hosts(20_000);
        await crashAfter(rig, commits, fault);
        const outcome = await rig.submit();
        expect([outcome.planHash, (await rig.plans(rolloutId)).at(-1)?.type]).toEqual([planHash, 'RolloutPlanned']);
        expect(await rig.plans(rolloutId)).toEqual(await whole.plans(rolloutId));
      }
    },
  );

  it('starts the chunks again when the inventory changed between the crash and the next try', async () => {
    const rig = new Rig();
    rig.hosts(20_000);
    await crashAfter(rig, 1, 'before');
    rig.hosts(3);
    const outcome = await rig.submit();
    const events = await rig.plans(outcome.rolloutId ?? '');
    expect(events.slice(-2)).toMatchObject([
      { type: 'PlanTargetsAdded', from: 0 },
      { type: 'RolloutPlanned', plan: { targetCount: 3 } },
    ]);
  });
});

/** Lets a submit write so many commits and fails the next one, as a crash would leave it. */
async function crashAfter(rig: Rig, commits: number, fault: 'before' | 'after'): Promise<void> {
  const append = rig.log.append.bind(rig.log);
  let left = commits;
  rig.log.append = async (...args) => {
    left -= 1;
    if (left >= 0) return append(...args);
    if (fault === 'after') await append(...args);
    throw new Error('crash');
  };
  await expect(rig.submit()).rejects.toThrow('crash');
  rig.log.append = append;
}
