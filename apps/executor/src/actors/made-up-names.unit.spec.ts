import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { GroupCommand } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { GROUP, HOSTS, planFor, wait, World } from '../fixtures/world.suite.js';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

function alive(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

describe('commands for names that somebody made up', { timeout: 60_000 }, () => {
  const order = (world: World, target: string, command: GroupCommand, reason?: string) =>
    world.engine.groupCommand({
      ...{ v: 1, id: `c-${target}`, target, command, actor: { id: 'eve', kind: 'user' } },
      ...(reason === undefined ? {} : { reason }),
    });

  it('are refused without end, and nothing of them is kept', async () => {
    const world = new World(HOSTS(1));
    await world.engine.start();
    const long = 'x'.repeat(150);
    const round = async (from: number): Promise<void> => {
      for (let i = from; i < from + 1_000; i += 1) {
        const refused = await order(world, `made-up-${i}-${long}`, { type: 'block', version: '1' });
        expect(refused).toMatchObject({ ok: false, code: 'REASON_NEEDED' });
        expect(await order(world, `other-${i}-${long}`, { type: 'unblock', version: '1' }, 'r')).toMatchObject({
          ok: true,
          rev: 0,
        });
        const rollout = `r07-${String(i).padStart(26, '0')}`;
        expect(await world.say(rollout, { type: 'pause' })).toMatchObject({ ok: false, code: 'NOT_FOUND' });
      }
    };
    await round(0);
    const before = alive();
    await round(1_000);
    expect(alive() - before).toBeLessThan(1_500_000);
    await world.engine.stop();
  });

  it('for a group that is real, nothing is forgotten', async () => {
    const world = new World(HOSTS(2));
    await world.engine.start();
    expect(await order(world, GROUP, { type: 'unblock', version: '7' }, 'r')).toMatchObject({ ok: true, rev: 0 });
    const id = await world.plan(planFor(HOSTS(2)));
    await world.clock.advance(500);
    expect(await order(world, GROUP, { type: 'block', version: '7' }, 'r')).toMatchObject({ ok: true });
    await wait(world, id, 'RolloutSucceeded');
    await world.engine.stop();
  });
});
