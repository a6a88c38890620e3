import { describe, expect, it } from 'vitest';

import { DAY, FLEET, FleetWorld, GATE } from '../fixtures/fleets.suite.js';

const ROLES = { login: 40, web: 60 };

describe('a freeze', () => {
  it.each([{ kind: 'all' }, { kind: 'group', name: FLEET }] as const)(
    'of $kind holds ramps, and they go on after it',
    async (scope) => {
      const world = new FleetWorld();
      const freezes = await world.freezing();
      await world.ramping(ROLES);
      await world.clock.advance(7 * DAY);
      const frozen = world.having('B');
      const [v, actor] = [1, { id: 'ana', kind: 'user' }] as const;
      const command = { type: 'freeze', scope, until: world.clock.now() + 2 * DAY } as const;
      await freezes.command({ v, id: 'f1', target: 'new', command, actor, reason: 'holidays' });
      await world.clock.advance(DAY);
      expect([world.state().phase, world.having('B')]).toEqual(['paused', frozen]);
      expect(await world.say({ type: 'resume' })).toMatchObject({ code: 'FROZEN' });
      await world.restart();
      await world.clock.advance(DAY / 2);
      expect([world.state().phase, world.having('B')]).toEqual(['paused', frozen]);
      await world.clock.advance(DAY);
      expect(world.state().phase).toBe('ramping');
      const byFreeze = (await world.commits('docker')).filter(({ meta }) => meta[0]?.by.kind === 'policy');
      expect(byFreeze.map(({ events }) => events[0])).toMatchObject([
        { type: 'RampPaused', reason: expect.stringContaining('holidays') as string },
        { type: 'RampResumed' },
      ]);
      await world.clock.advance(7 * DAY);
      expect(world.counts().to).toBe(100);
      await freezes.stop();
    },
  );

  it('never bars the way back, and wakes nobody that a person paused', async () => {
    const world = new FleetWorld();
    const freezes = await world.freezing();
    await world.ramping(ROLES);
    await world.begin({ name: 'kernel' });
    await world.clock.advance(7 * DAY);
    await world.say({ type: 'pause' });
    const [v, actor] = [1, { id: 'ana', kind: 'user' }] as const;
    const command = { type: 'freeze', scope: { kind: 'all' }, until: world.clock.now() + DAY } as const;
    await freezes.command({ v, id: 'f1', target: 'new', command, actor, reason: 'holidays' });
    await world.clock.advance(1_000);
    expect(world.state('kernel').phase).toBe('paused');
    const back = await world.say({ type: 'revert' }, { target: `${FLEET}/kernel` });
    expect(back).toMatchObject({ ok: true, state: 'reverted' });
    await world.clock.advance(2 * DAY);
    expect([world.state().phase, world.state('kernel').phase]).toEqual(['paused', 'reverted']);
    await freezes.stop();
  });

  it('that holds a ramp with a breach leaves it stopped', async () => {
    const world = new FleetWorld();
    const freezes = await world.freezing();
    await world.ramping(ROLES);
    const [v, actor] = [1, { id: 'ana', kind: 'user' }] as const;
    const command = { type: 'freeze', scope: { kind: 'all' }, until: world.clock.now() + DAY } as const;
    await freezes.command({ v, id: 'f1', target: 'new', command, actor, reason: 'holidays' });
    await world.clock.advance(1_000);
    await world.tell({ type: 'breach', words: 'errors 3%', numbers: {} }, { actor: GATE });
    await world.clock.advance(2 * DAY);
    expect(world.state().phase).toBe('stopped');
    await freezes.stop();
  });
});
