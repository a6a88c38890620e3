import { describe, expect, it } from 'vitest';

import { allStates, DAY, FleetWorld, GATE, hostsOf, HOUR, isSubset } from '../fixtures/fleets.suite.js';

// Sizes that a quarter of makes a whole number, so that a quarter of the way is 250 hosts and not 250 give or take one a role.
const ROLES = { access: 400, login: 240, storage: 160, web: 100, search: 60, mail: 24, cron: 12, canary: 4 };

const checkRoles = (world: FleetWorld, fraction: number): void => {
  for (const [role, n] of Object.entries(ROLES))
    expect(Math.abs(world.counts(role).to - fraction * n), `${role} at ${fraction}`).toBeLessThan(1);
};

/** Another process takes over: each host has what it had. */
async function again(world: FleetWorld): Promise<void> {
  const before = allStates(world.fleet);
  await world.restart();
  expect(allStates(world.fleet)).toEqual(before);
}

describe('fourteen days with a thousand hosts, through the executor', () => {
  it('TSU-02 TSU-03 TSU-07 goes straight and never back, unattended, through ten restarts', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    let last: ReadonlySet<string> = new Set();
    let restarts = 0;
    const totals = new Map<number, number>([[0, world.counts().to]]);
    for (let hour = 6; hour <= 14 * 24; hour += 6) {
      await world.clock.advance(world.start + hour * HOUR - world.clock.now());
      const now = world.having('B');
      expect(isSubset(last, now)).toBe(true);
      checkRoles(world, hour / (14 * 24));
      totals.set(hour / 24, now.size);
      last = now;
      if (hour % 30 !== 0) continue;
      await again(world);
      restarts += 1;
    }
    await world.clock.advance(1_000);
    expect(restarts).toBeGreaterThanOrEqual(10);
    expect([0, 3.5, 7].map((days) => totals.get(days))).toEqual([0, 250, 500]);
    expect([world.counts().to, world.state().phase]).toEqual([1_000, 'finished']);
    // Nobody said anything after the start.
    const commits = await world.commits('docker');
    expect(commits.slice(2).every(({ meta }) => meta.every(({ by }) => by.id === 'executor'))).toBe(true);
    expect((await world.events()).filter(({ type }) => type === 'VariableCheckpointed').length).toBeGreaterThan(1);
  });

  it('TSU-10 TSU-14 TSU-17 hosts come and go, it restarts, and a brake on day 5 freezes the set until somebody resumes', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    const churn = async (round: number): Promise<void> => {
      const roles = Object.keys(ROLES).slice(0, 4);
      await world.leave(...roles.map((role) => `${role}-${round}`));
      await world.join(roles.flatMap((role) => hostsOf(role, 1, 10_000 + round)));
    };
    for (let round = 1; round <= 20; round += 1) {
      await world.clock.advance(6 * HOUR);
      await churn(round);
      checkRoles(world, round / 56);
      if (round % 5 === 0) await again(world);
    }
    const breach = { type: 'breach', words: 'restarts 3% > 1%', numbers: { value: 3, limit: 1 } } as const;
    expect(await world.tell(breach, { actor: GATE })).toMatchObject({ ok: true });
    const frozen = world.having('B');
    for (let round = 21; round <= 40; round += 1) {
      await world.clock.advance(6 * HOUR);
      await churn(round);
      expect(isSubset(world.having('B'), frozen)).toBe(true);
      if (round % 5 === 0) await again(world);
    }
    expect(world.state().phase).toBe('stopped');
    const stopped = (await world.events()).find(({ type }) => type === 'RampStopped');
    const { words, numbers } = breach;
    expect(stopped).toMatchObject({ cause: { kind: 'breach', words, numbers } });
    // Nothing was put back by itself.
    expect((await world.events()).some((event) => event.type === 'ValuesAssigned' && event.side === 'from')).toBe(
      false,
    );
    expect(await world.say({ type: 'resume' }, { reason: 'repaired' })).toMatchObject({ ok: true, state: 'ramping' });
    await world.clock.advance(9 * DAY + HOUR);
    expect([world.counts(), world.state().phase]).toEqual([{ from: 0, to: 1_000, other: 0 }, 'finished']);
  });
});
