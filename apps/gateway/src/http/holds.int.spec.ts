import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Harness } from '../harness.suite.js';

const PATIENT = { timeout: 30_000 };

describe('legal holds over the API', { timeout: 60_000 }, () => {
  let harness: Harness;
  let rollout = '';
  let said: Record<string, unknown>[] = [];
  beforeAll(async () => {
    harness = await Harness.start();
    // A group that only its rollout tells of, as one that is gone; one without rollouts; one that the inventory has.
    rollout = await harness.planter.plan('gone', 'held');
    await harness.planter.group('log-only', { type: 'HostExcluded', host: 'a', reason: 'disk' });
    await harness.putGroup('listed', { app: 'listed-app' });
    await harness.whenRev(rollout, 0);
    said = harness.serve('hold', ({ target }) => ({ ok: true, target, state: 'placed', rev: 1, actions: ['lift'] }));
    const known = async (name: string): Promise<void> =>
      vi.waitFor(async () => expect((await harness.json(`/v1/groups/${name}`)).status).toBe(200), PATIENT);
    await Promise.all(['log-only', 'listed'].map(known));
  }, 60_000);
  afterAll(() => harness.stop());

  const place = (body: object) => harness.post('/v1/holds', { name: 'case-7', reason: 'a lawsuit', ...body });

  it('are placed on what there is or was', async () => {
    const scopes = [
      ['rollout', rollout],
      ['group', 'gone'],
      ['group', 'log-only'],
      ['group', 'listed'],
      ['app', 'hello'],
      ['app', 'listed-app'],
    ] as const;
    for (const [scope, of] of scopes) expect([of, (await place({ scope, of })).status]).toEqual([of, 201]);
    expect(said.map(({ command }) => command)).toEqual(
      scopes.map(([kind, name]) => ({ type: 'place', scope: { kind, name } })),
    );
  });

  it('are refused on what nobody knows, as they would keep nothing', async () => {
    const before = said.length;
    for (const [scope, of] of [
      ['rollout', `${rollout.slice(0, -6)}ZZZZZZ`],
      ['rollout', 'held'],
      ['group', 'gnoe'],
      ['app', 'helo'],
    ] as const) {
      const { status, body } = await place({ scope, of });
      expect([of, status, body]).toMatchObject([of, 404, { code: 'NOT_FOUND' }]);
      expect(body['detail']).toContain(`no ${scope} ${of}`);
      expect(body['detail']).toContain('hold a period or all');
    }
    expect(said.length).toBe(before);
  });

  it('are of periods that are times', async () => {
    const until = '2026-03-01T00:00:00Z';
    for (const since of [
      '2026-W01',
      '2026-W01-1',
      '2026-123',
      '2026-01-01T00Z',
      '2026-01-01T10,5Z',
      '2026-01-01T00:00:00',
    ])
      expect([since, await place({ scope: 'period', since, until })]).toMatchObject([
        since,
        { status: 422, body: { code: 'BAD_DOCUMENT', faults: [{ path: '/since' }] } },
      ]);
    const wrongEnd = await place({ scope: 'period', since: '2026-01-01', until: '2026-W09' });
    expect(wrongEnd.body).toMatchObject({ faults: [{ path: '/until' }] });
    for (const since of ['2026-01-01', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5+01:00'])
      expect([since, (await place({ scope: 'period', since, until })).status]).toEqual([since, 201]);
  });
});
