import { describe, expect, it } from 'vitest';

import { DAY, hostsOf, HOUR, isSubset, ramping, START, type World } from './fixtures/world.suite.js';
import { nextFlipAt } from './ramp.js';
import { seriesOf } from './series.js';

// Sizes that a quarter of makes a whole number, so that a quarter of the way is 250 hosts and not 250 give or take one a role.
const ROLES = { access: 400, login: 240, storage: 160, web: 100, search: 60, mail: 24, cron: 12, canary: 4 };

const checkRoles = (world: World, fraction: number): void => {
  for (const [role, n] of Object.entries(ROLES))
    expect(Math.abs(world.counts(role).to - fraction * n), `${role} at ${fraction}`).toBeLessThan(1);
};

/** Another process takes over: it has the same hosts, and waits for the same moment. */
function again(world: World): number {
  const before = [nextFlipAt(world.state, world.fleet.roster), world.having('B')];
  world.restart();
  expect([nextFlipAt(world.state, world.fleet.roster), world.having('B')]).toEqual(before);
  return 1;
}

describe('fourteen days with a thousand hosts', () => {
  it('TSU-02 TSU-03 TSU-07 goes straight and never back, through ten restarts', () => {
    const world = ramping(ROLES);
    let last: ReadonlySet<string> = new Set();
    let restarts = 0;
    const totals = new Map<number, number>();
    for (let hour = 6; hour <= 14 * 24; hour += 6) {
      world.play(START + hour * HOUR);
      const now = world.having('B');
      expect(isSubset(last, now)).toBe(true);
      checkRoles(world, hour / (14 * 24));
      totals.set(hour / 24, now.size);
      last = now;
      restarts += hour % 30 === 0 ? again(world) : 0;
    }
    expect(restarts).toBeGreaterThanOrEqual(10);
    for (const [days, hosts] of [
      [3.5, 250],
      [7, 500],
    ] as const)
      expect(Math.abs((totals.get(days) ?? 0) - hosts)).toBeLessThanOrEqual(1);
    expect([totals.get(14), world.state.phase]).toEqual([1_000, 'finished']);
    const { points } = seriesOf(world.past, { variable: 'docker', from: START, to: START + 14 * DAY, stepMs: HOUR });
    expect(points.every(({ from, to }) => from + to === 1_000)).toBe(true);
  });

  it('TSU-14 TSU-17 with hosts that come and go, and a brake on day 5 that freezes the set until somebody resumes', () => {
    const world = ramping(ROLES);
    const churn = (round: number): void => {
      for (const role of Object.keys(ROLES).slice(0, 4)) {
        world.leave(`${role}-${round}`);
        world.join(hostsOf(role, 1, 10_000 + round));
      }
    };
    for (let round = 0; round < 20; round += 1) {
      world.play(START + round * 6 * HOUR);
      churn(round);
      checkRoles(world, round / 56);
    }
    world.play(START + 5 * DAY);
    world.commit(world.decide({ type: 'breach', words: 'restarts 3% > 1%', numbers: { value: 3 } }));
    const frozen = world.having('B');
    for (let round = 20; round < 40; round += 1) {
      world.now += 6 * HOUR;
      world.tick();
      churn(round);
      expect(isSubset(world.having('B'), frozen)).toBe(true);
    }
    world.restart();
    world.say({ type: 'resume' }, 'repaired');
    world.play(world.now + 9 * DAY);
    expect(world.counts()).toEqual({ from: 0, to: 1_000, other: 0 });
  });
});
