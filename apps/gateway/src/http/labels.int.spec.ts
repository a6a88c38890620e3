import { labelStreamId } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Harness } from '../harness.suite.js';

const PATIENT = { timeout: 30_000 };

describe('labels of rollouts', () => {
  let harness: Harness;
  let rollout = '';
  beforeAll(async () => {
    harness = await Harness.start();
    rollout = await harness.planter.plan('web', 'labelled');
    await harness.whenRev(rollout, 0);
  });
  afterAll(() => harness.stop());

  const label = (id: string, body: object) => harness.post(`/v1/rollouts/${id}/commands/label`, body);

  it('are said to the executor with actor, reason and key, and shown with who said so', async () => {
    const said = harness.serve('label', ({ target }) => ({
      ok: true,
      target,
      state: 'bad',
      rev: 1,
      actions: ['label'],
    }));
    const { status, body } = await label(rollout, { label: 'bad', reason: 'logins failed' });
    expect([status, body]).toEqual([200, { target: rollout, state: 'bad', rev: 1, actions: ['label'] }]);
    expect(said[0]).toMatchObject({
      target: rollout,
      command: { type: 'label', label: 'bad' },
      reason: 'logins failed',
    });

    const event = { type: 'RolloutLabelled', rollout, label: 'bad', reason: 'logins failed' } as const;
    const { at } = await harness.planter.write('label', labelStreamId(rollout), event);
    const told = { label: 'bad', reason: 'logins failed', by: { id: 'label', kind: 'service' }, at, rev: 1 };
    await vi.waitFor(async () => {
      expect((await harness.json(`/v1/rollouts/${rollout}`)).body['label']).toEqual(told);
    }, PATIENT);
    expect((await harness.json('/v1/rollouts')).body['items']).toMatchObject([{ id: rollout, label: told }]);
    await harness.planter.write('label', labelStreamId(rollout), { ...event, label: 'none' });
    await vi.waitFor(async () => {
      expect((await harness.json(`/v1/rollouts/${rollout}`)).body).not.toHaveProperty('label');
    }, PATIENT);
  });

  it('are refused for a rollout that nobody planned, and when they are none', async () => {
    const unknown = 'r00-00000000000000000000000000';
    expect((await label(unknown, { label: 'bad', reason: 'x' })).status).toBe(404);
    expect((await label('nothing', { label: 'bad', reason: 'x' })).status).toBe(404);
    expect((await label(rollout, { label: 'ugly', reason: 'x' })).status).toBe(422);
  });
});
