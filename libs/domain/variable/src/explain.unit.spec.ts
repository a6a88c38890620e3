import { describe, expect, it } from 'vitest';

import { explain } from './explain.js';
import { DAY, hostsOf, ramping, specOf, START, type World } from './fixtures/world.suite.js';

const DAY_LONG = { schedule: { kind: 'linear', durationMs: DAY } } as const;
const whyOf = (world: World, host: string, at = world.now) => explain(world.past, { variable: 'docker', host, at });

describe('TSU-08 why', () => {
  it('says for any past time what every host was to have, and by which rule', () => {
    const world = ramping({ web: 40, db: 3 }, { ...DAY_LONG, limits: { db: { maxHosts: 1 } } });
    const times: { at: number; values: Map<string, unknown> }[] = [];
    for (let step = 1; step <= 8; step += 1) {
      world.play(START + (step * DAY) / 8);
      const values = new Map(world.fleet.roster.names.map((host) => [host, world.valueOf(host)]));
      times.push({ at: world.now, values });
    }
    for (const { at, values } of times)
      for (const [host, value] of values) expect(whyOf(world, host, at).value, `${host} at ${at}`).toBe(value);
  });

  it('the ramp: fraction, place in the role, and when its turn came', () => {
    const world = ramping({ web: 10 }, DAY_LONG);
    world.play(START + DAY / 2);
    const hosts = hostsOf('web', 10).map(({ host }) => whyOf(world, host));
    const places = hosts.map(({ role, ...rest }) => ({ rank: role?.rank ?? 0, ...role, ...rest }));
    places.sort((a, b) => a.rank - b.rank);
    expect(places.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(places.map(({ value }) => value).join('')).toBe('BBBBBAAAAA');
    for (const place of places)
      expect(place).toMatchObject({ rule: 'ramp', version: 1, fraction: 0.5, hosts: 10, to: 5 });
    for (const { given, rank } of places.slice(0, 5)) expect(Math.abs(given.fraction - rank / 10)).toBeLessThan(0.1);
    const third = hosts.find(({ role }) => role?.rank === 3);
    expect(third?.words).toMatch(/^docker is B for web-\d: its turn came at 2\d[.\d]*% \(place 3 of 10 in web\)$/);
    expect(third?.given.by).toEqual({ id: 'executor', kind: 'service' });
  });

  it('the limit, the pace, a pin and a stop', () => {
    const limits = { web: { maxPercent: 30 }, db: { pace: { changes: 1, windowMs: 20 * DAY } } };
    const world = ramping({ web: 10, db: 10, ap: 10 }, { ...DAY_LONG, limits });
    world.play(START + 0.8 * DAY);
    const at = (value: string, role: string) => [...world.having(value)].find((host) => host.startsWith(role)) ?? '';
    expect(whyOf(world, at('A', 'web'))).toMatchObject({ rule: 'limit', role: { limit: 3, asked: 8, to: 3 } });
    expect(whyOf(world, at('A', 'db')).rule).toBe('pace');
    const host = at('A', 'ap');
    world.say({ type: 'pin', hosts: [host], value: 'A' }, 'kept for comparison');
    expect(whyOf(world, host)).toMatchObject({ rule: 'pin', given: { reason: 'kept for comparison' } });
    world.now += 1;
    world.commit(world.decide({ type: 'breach', words: 'errors 0.7% > 0.5%', numbers: { value: 0.7 } }));
    world.now += DAY;
    expect(whyOf(world, at('A', 'web'))).toMatchObject({ rule: 'stop', value: 'A' });
    expect(whyOf(world, at('A', 'web')).words).toContain('stopped at 80%: errors 0.7% > 0.5%');
    expect(whyOf(world, at('B', 'web'))).toMatchObject({ rule: 'ramp', value: 'B' });
  });

  it('a join, a pause, a reverse, a revert, an absence, and the time before', () => {
    const world = ramping({ web: 10 }, DAY_LONG);
    expect(whyOf(world, 'web-1')).toMatchObject({ rule: 'ramp', fraction: 0 });
    world.play(START + DAY / 2);
    world.join(hostsOf('web', 10, 50));
    const joined = hostsOf('web', 10, 50).map(({ host }) => whyOf(world, host));
    expect(joined.every(({ rule, given }) => rule === 'join' && given.fraction === 0.5)).toBe(true);
    expect(joined.filter(({ value }) => value === 'B')).toHaveLength(5);
    world.say({ type: 'pause' }, 'lunch');
    expect(whyOf(world, [...world.having('A')][0] ?? '').rule).toBe('pause');
    world.say({ type: 'reverse' }, 'back');
    const before = world.having('B');
    world.play(world.now + DAY / 4);
    const gone = [...before].find((host) => !world.having('B').has(host)) ?? '';
    expect(whyOf(world, gone)).toMatchObject({ rule: 'reverse', value: 'A' });
    expect(whyOf(world, gone, START + DAY / 2)).toMatchObject({ value: 'B' });
    world.leave(gone);
    expect(whyOf(world, gone)).toMatchObject({ rule: 'away', role: undefined });
    world.say({ type: 'revert' }, 'logins fail');
    expect(whyOf(world, 'web-1')).toMatchObject({
      rule: 'revert',
      value: 'A',
      words: 'docker is A for web-1: reverted: logins fail',
    });
    world.say({ type: 'define', spec: specOf({ ...DAY_LONG, to: 'C' }) }, 'another');
    expect(whyOf(world, 'web-1')).toMatchObject({ rule: 'before', value: 'A', version: 2 });
  });

  it('says of whom and of what nothing was known then', () => {
    const world = ramping({ web: 1 }, DAY_LONG);
    expect(() => whyOf(world, 'nobody')).toThrow(expect.objectContaining({ code: 'UNKNOWN_HOST' }));
    expect(() => whyOf(world, 'web-0', START - 1)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
});
