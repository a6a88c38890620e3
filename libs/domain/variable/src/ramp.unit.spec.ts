import { describe, expect, it } from 'vitest';

import { DAY, HOUR, hostsOf, isSubset, ramping, specOf, START, World } from './fixtures/world.suite.js';
import { fractionAt, lineOf } from './line.js';
import { nextFlipAt, sideForNewcomer } from './ramp.js';
import { seriesOf } from './series.js';

const DAY_LONG = { schedule: { kind: 'linear', durationMs: DAY } } as const;

describe('a ramp', () => {
  it('TSU-02 takes 1000 hosts from A to B in 14 days, linearly and never back', () => {
    const world = ramping({ web: 1_000 });
    const seen: number[] = [];
    const at = (days: number): number => {
      world.play(START + days * DAY, () => seen.push(world.counts().to));
      return world.counts().to;
    };
    expect(at(0)).toBe(0);
    expect(Math.abs(at(3.5) - 250)).toBeLessThanOrEqual(1);
    expect(Math.abs(at(7) - 500)).toBeLessThanOrEqual(1);
    expect(at(14)).toBe(1_000);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(world.state.phase).toBe('finished');
  });

  it('TSU-03 needs no command between its start and its end, and ends the same after ten restarts', () => {
    const [calm, restarted] = [ramping({ web: 300, db: 7 }), ramping({ web: 300, db: 7 })];
    calm.play(START + 14 * DAY);
    for (let i = 1; i <= 10; i += 1) {
      restarted.play(START + i * 1.3 * DAY);
      restarted.restart();
    }
    restarted.play(START + 14 * DAY);
    expect(restarted.past).toEqual(calm.past);
    expect(restarted.state.phase).toBe('finished');
  });

  it('TSU-03 catches up with its line after hours without a coordinator, at the same hosts', () => {
    const [calm, asleep] = [ramping({ web: 300, db: 7 }), ramping({ web: 300, db: 7 })];
    calm.play(START + 5 * DAY);
    asleep.play(START + DAY);
    asleep.now = START + 5 * DAY;
    asleep.restart();
    asleep.tick();
    expect(asleep.having('B')).toEqual(calm.having('B'));
  });

  it('TSU-07 spreads evenly: every role is within one host of the line at every time', () => {
    const roles = { web: 313, login: 2, ap: 41, one: 1, db: 17 };
    const world = ramping(roles, DAY_LONG);
    let worst = 0;
    for (let minute = 0; minute <= 24 * 60; minute += 1) {
      world.play(START + minute * 60_000);
      for (const [role, n] of Object.entries(roles))
        worst = Math.max(worst, Math.abs(world.counts(role).to - (minute / 1_440) * n));
    }
    expect(worst).toBeLessThan(1);
    expect(worst).toBeGreaterThan(0.5);
  });

  it('TSU-11 gives a picture by the minute: the old line falls, the new one rises, together they are the fleet', () => {
    const world = ramping({ helios: 1_000 }, DAY_LONG);
    world.play(START + DAY);
    const { points, stepMs } = seriesOf(world.past, {
      variable: 'docker',
      from: START,
      to: START + DAY,
      stepMs: 60_000,
    });
    expect(stepMs).toBe(60_000);
    expect(points).toHaveLength(1_441);
    expect(points.every(({ from, to, other }) => from + to === 1_000 && other === 0)).toBe(true);
    for (const [hour, hosts] of [
      [1, 41],
      [6, 250],
      [12, 500],
      [23, 958],
    ] as const)
      expect(Math.abs((points[hour * 60]?.to ?? 0) - hosts)).toBeLessThanOrEqual(1);
    expect(points.at(-1)?.to).toBe(1_000);
  });

  it('follows a schedule by points', () => {
    const points = [
      [HOUR, 0.01],
      [2 * HOUR, 0.01],
      [DAY, 1],
    ] as const;
    const world = ramping({ web: 1_000 }, { schedule: { kind: 'points', points } });
    const after = (ms: number) => {
      world.play(START + ms);
      return world.counts().to;
    };
    expect([after(HOUR), after(2 * HOUR), after(13 * HOUR), after(DAY)]).toEqual([10, 10, 505, 1_000]);
    const line = lineOf({
      kind: 'points',
      points: [
        [0, 0.5],
        [10, 1],
      ],
    });
    expect([0, 1, 5, 10].map((ms) => fractionAt(line, ms))).toEqual([0, 0.55, 0.75, 1]);
  });

  it('says when the next host flips, and nothing flips before', () => {
    const world = ramping({ web: 10 }, DAY_LONG);
    for (let flips = 1; flips <= 10; flips += 1) {
      const next = nextFlipAt(world.state, world.fleet.roster) ?? 0;
      world.now = next - 1;
      expect(world.tick()).toEqual([]);
      world.now = next;
      world.tick();
      expect(world.counts().to).toBe(flips);
    }
  });

  it('TSU-15 runs beside others: one host stands elsewhere in the order of each', () => {
    const names = ['docker', 'helios', 'puppet'];
    const sets = names.map((name) => {
      const world = ramping({ web: 1_000 }, { ...DAY_LONG, name });
      world.play(START + DAY / 2);
      return world.having('B');
    });
    const both = [...(sets[0] ?? [])].filter((host) => sets[1]?.has(host));
    expect(both.length).toBeGreaterThan(190);
    expect(both.length).toBeLessThan(310);
    const salted = ramping({ web: 1_000 }, { ...DAY_LONG, salt: 'again' });
    salted.play(START + DAY / 2);
    expect(isSubset(salted.having('B'), sets[0] ?? new Set())).toBe(false);
  });
});

describe('limits', () => {
  it('TSU-09 30% of the role but at least one host, even at the end of the ramp', () => {
    const cases = { one: 1, two: 2, three: 3, ten: 10, third: 33, hundred: 100 };
    const world = ramping(cases, { ...DAY_LONG, limits: { '*': { maxPercent: 30, minHosts: 1 } } });
    world.play(START + 2 * DAY);
    expect(Object.keys(cases).map((role) => world.counts(role).to)).toEqual([1, 1, 1, 3, 9, 30]);
    expect(world.state.phase).toBe('finished');
  });

  it('TSU-09 at most so many hosts, by role, and more when the limit is raised', () => {
    const world = ramping({ web: 100, db: 100 }, { ...DAY_LONG, limits: { db: { maxHosts: 7 } } });
    world.play(START + DAY);
    expect([world.counts('web').to, world.counts('db').to]).toEqual([100, 7]);
    world.say({ type: 'define', spec: specOf({ ...DAY_LONG, limits: { db: { maxHosts: 9 } } }) });
    world.play(START + DAY);
    expect([world.state.version, world.counts('db').to]).toEqual([2, 9]);
  });

  it('TSU-13 in no window do more hosts of a role change than its pace allows', () => {
    const pace = { changes: 3, windowMs: HOUR };
    const world = ramping(
      { web: 200, login: 20 },
      { schedule: { kind: 'linear', durationMs: 8 * HOUR }, limits: { login: { pace } } },
    );
    world.play(START + 3 * HOUR);
    // A coordinator that was away for hours does not make up for them at once.
    world.now = START + 6 * HOUR;
    world.restart();
    world.play(START + 12 * HOUR);
    const flips = world.past.flatMap(({ event, at }) =>
      event.type === 'ValuesAssigned' ? event.hosts.map((slot) => ({ slot, at })) : [],
    );
    const logins = flips.filter(({ slot }) => slot >= 200).map(({ at }) => at);
    expect(logins).toHaveLength(20);
    logins.forEach((at, i) => expect((logins[i + 3] ?? Infinity) - at).toBeGreaterThanOrEqual(HOUR));
    expect(world.state.phase).toBe('finished');
    expect(world.counts('web').to).toBe(200);
  });
});

describe('joins and leaves', () => {
  it('TSU-17 a host that joins in mid-ramp gets one of the two by the same rule: at 30%, three of ten, and nobody else flips', () => {
    const world = ramping({ web: 100 }, DAY_LONG);
    world.play(START + 0.3 * DAY);
    const before = world.having('B');
    for (let i = 0; i < 100; i += 1) world.join([{ host: `new-${i}`, role: 'web' }]);
    const after = world.having('B');
    expect(isSubset(before, after)).toBe(true);
    expect(after.size - before.size).toBe(30);
    expect([...after].filter((host) => host.startsWith('web'))).toHaveLength(30);
  });

  it('TSU-17 an answer for a host that is not known yet is the one that it gets when it joins', () => {
    const world = ramping({ web: 100 }, DAY_LONG);
    world.play(START + 0.3 * DAY);
    for (let i = 0; i < 20; i += 1) {
      const role = i % 4 === 0 ? `role-${i}` : 'web';
      const told = sideForNewcomer(world.fleet, world.state, role, world.now) === 'to' ? 'B' : 'A';
      world.join([{ host: `new-${i}`, role }]);
      expect(world.valueOf(`new-${i}`)).toBe(told);
    }
  });

  it('a fleet whose hosts are replaced all the time stays on its line', () => {
    const world = ramping({ web: 100 }, DAY_LONG);
    for (let i = 0; i < 960; i += 1) {
      world.play(START + (i * DAY) / 960);
      world.leave([...world.having(i % 3 === 0 ? 'B' : 'A')][0] ?? 'nobody');
      world.join([{ host: `next-${i}`, role: 'web' }]);
      world.play(world.now);
      const { from, to } = world.counts();
      expect(Math.abs(to - (i / 960) * (from + to))).toBeLessThan(1);
    }
  });

  it('a role that lost its old hosts has more than its line asks for: nobody goes back, and newcomers get the old value', () => {
    const world = ramping({ web: 10 }, DAY_LONG);
    world.play(START + DAY / 2);
    world.leave(...world.having('A'));
    const before = world.having('B');
    world.join(hostsOf('web', 3, 50));
    expect(world.having('B')).toEqual(before);
    world.join(hostsOf('web', 4, 60));
    expect(world.counts()).toEqual({ from: 6, to: 6, other: 0 });
  });

  it('a host that comes back has what it had', () => {
    const world = ramping({ web: 10 }, DAY_LONG);
    world.play(START + DAY / 2);
    const [host = ''] = world.having('B');
    world.leave(host);
    world.join([{ host, role: 'web' }]);
    expect(world.valueOf(host)).toBe('B');
    world.join([{ host, role: 'db' }]);
    expect(world.valueOf(host)).toBe('B');
  });

  it('pins override, are no part of the line, and keep what they gave when they go', () => {
    const world = ramping({ web: 10 }, DAY_LONG);
    world.say({ type: 'pin', hosts: ['web-0', 'web-1'], value: 'A' });
    world.say({ type: 'pin', hosts: ['web-2'], value: 'C' });
    world.play(START + DAY);
    expect(world.having('A')).toEqual(new Set(['web-0', 'web-1']));
    expect(world.valueOf('web-2')).toBe('C');
    expect(world.counts()).toEqual({ from: 2, to: 7, other: 1 });
    world.say({ type: 'unpin', hosts: ['web-0', 'web-2'] });
    expect([world.valueOf('web-0'), world.valueOf('web-2')]).toEqual(['A', 'A']);
    world.play(START + DAY);
    expect(world.having('A')).toEqual(new Set(['web-1']));
    expect(() => world.say({ type: 'pin', hosts: ['nobody'], value: 'A' })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_HOST' }),
    );
  });
});

describe('two streams', () => {
  it('can be folded one behind the other: values, counts and the next decision are the same', () => {
    const world = ramping({ web: 50, db: 9 }, DAY_LONG);
    world.play(START + DAY / 3);
    world.leave('web-3', 'web-4');
    world.join(hostsOf('db', 4, 100));
    world.play(START + DAY / 2);
    const other = new World();
    for (const roster of [true, false])
      for (const entry of world.past)
        if (['HostsJoined', 'HostsLeft'].includes(entry.event.type) === roster) {
          other.now = entry.at;
          other.commit([entry.event]);
        }
    expect(other.counts()).toEqual(world.counts());
    expect(other.having('B')).toEqual(world.having('B'));
    expect(nextFlipAt(other.state, other.fleet.roster)).toBe(nextFlipAt(world.state, world.fleet.roster));
  });
});
