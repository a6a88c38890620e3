import type { VariableCommand } from '@sluice/contracts';
import { MAX_DURATION_MS } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { variableActions } from './decide.js';
import { DAY, hostsOf, isSubset, ramping, specOf, START, World } from './fixtures/world.suite.js';
import { nextFlipAt } from './ramp.js';
import { desiredStateOf, statusOf } from './read.js';

const code = (wanted: string) => expect.objectContaining({ code: wanted });
const DAY_LONG = { schedule: { kind: 'linear', durationMs: DAY } } as const;
const half = (): World => {
  const world = ramping({ web: 100 }, DAY_LONG);
  world.play(START + DAY / 2);
  return world;
};

describe('TSU-01 a variable', () => {
  it('has a name, a type, two values and a schedule, and every change is an event with a reason', () => {
    const world = new World();
    world.join(hostsOf('web', 2));
    expect(world.say({ type: 'define', spec: specOf() }, 'the next Docker')).toEqual([
      { type: 'VariableDefined', version: 1, spec: specOf(), reason: 'the next Docker' },
    ]);
    expect(world.say({ type: 'ramp' }, 'go')).toEqual([{ type: 'RampStarted', activeMs: 0, reason: 'go' }]);
    world.now += DAY;
    expect(world.say({ type: 'pause' }, 'lunch')).toEqual([{ type: 'RampPaused', activeMs: DAY, reason: 'lunch' }]);
    expect(world.past.every(({ by }) => by?.id === 'executor')).toBe(true);
    expect(desiredStateOf(world.fleet, 'web-1')).toEqual({ docker: 'A' });
    expect(desiredStateOf(world.fleet, 'nobody')).toBeUndefined();
  });

  it('is told from one that nobody defined', () => {
    const world = new World();
    expect(() => world.say({ type: 'ramp' })).toThrow(code('NOT_FOUND'));
    expect(() => world.tick()).toThrow(code('NOT_FOUND'));
    expect(variableActions(undefined)).toEqual(['define']);
  });

  it('refuses a command without a reason', () => {
    const world = half();
    for (const reason of ['', '  ']) expect(() => world.say({ type: 'pause' }, reason)).toThrow(code('REASON_NEEDED'));
  });

  it.each([
    ['another name', { name: 'other' }],
    ['a name that is no key', { name: '__proto__' }],
    ['values of another type', { to: 5 }],
    ['twice the same value', { to: 'A' }],
    ['no time', { schedule: { kind: 'linear', durationMs: 0 } }],
    ['more than a year', { schedule: { kind: 'linear', durationMs: MAX_DURATION_MS + 1 } }],
    ['points that end too early', { schedule: { kind: 'points', points: [[5, 0.5]] } }],
    [
      'points that fall',
      {
        schedule: {
          kind: 'points',
          points: [
            [1, 0.5],
            [2, 0.4],
            [3, 1],
          ],
        },
      },
    ],
    [
      'points out of order',
      {
        schedule: {
          kind: 'points',
          points: [
            [5, 0.5],
            [5, 1],
          ],
        },
      },
    ],
    ['an impossible limit', { limits: { web: { minHosts: 3, maxHosts: 2 } } }],
    ['a limit over 100%', { limits: { web: { maxPercent: 101 } } }],
    ['a pace of nothing', { limits: { web: { pace: { changes: 0, windowMs: 1 } } } }],
  ] as const)('refuses %s', (_, more) => {
    const world = new World();
    expect(() => world.say({ type: 'define', spec: specOf(more) })).toThrow(code('BAD_VARIABLE'));
  });

  it('says in a conflict what it takes instead', () => {
    const world = half();
    const offered: Record<string, readonly string[]> = {};
    const refuses = (type: 'ramp' | 'resume' | 'finish' | 'pause') =>
      expect(() => world.say({ type }), `${world.state.phase} ${type}`).toThrow(code('CONFLICT'));
    const note = (...refused: readonly ('ramp' | 'resume' | 'finish' | 'pause')[]) => {
      offered[world.state.phase] = variableActions(world.state).slice(0, -3);
      refused.forEach(refuses);
    };
    note('ramp', 'resume');
    world.say({ type: 'pause' });
    note('finish');
    world.say({ type: 'resume' });
    world.say({ type: 'stop' });
    note('ramp', 'pause');
    world.say({ type: 'reverse' });
    note('resume', 'finish');
    world.play(START + 2 * DAY);
    note('pause');
    world.say({ type: 'ramp' });
    world.say({ type: 'revert' });
    note('pause');
    expect(offered).toEqual({
      ramping: ['pause', 'stop', 'reverse', 'revert', 'finish'],
      paused: ['resume', 'stop', 'reverse', 'revert'],
      stopped: ['resume', 'reverse', 'revert'],
      reversing: ['pause', 'stop', 'ramp', 'revert'],
      reversed: ['ramp', 'revert'],
      reverted: ['ramp'],
    });
  });
});

describe('a frozen ramp', () => {
  it('TSU-14 pause and stop freeze the set: those at B later are a subset of those at B then, however many join', () => {
    for (const type of ['pause', 'stop'] as const) {
      const world = half();
      const before = world.having('B');
      world.say({ type });
      expect(nextFlipAt(world.state, world.fleet.roster)).toBeUndefined();
      world.now += 7 * DAY;
      world.tick();
      world.join(hostsOf('web', 50, 1_000));
      world.join(hostsOf('db', 50));
      world.leave('web-1', 'web-2', 'web-3');
      expect(isSubset(world.having('B'), before)).toBe(true);
      expect(world.tick()).toEqual([]);
    }
  });

  it('TSU-14 paused time does not count', () => {
    const world = half();
    world.say({ type: 'pause' });
    world.now += 30 * DAY;
    world.say({ type: 'resume' });
    world.tick();
    expect(world.counts().to).toBe(50);
    world.play(START + 30.75 * DAY);
    expect(world.counts().to).toBe(75);
  });

  it('TSU-14 a ramp takes up to months', () => {
    const world = ramping({ web: 10 }, { schedule: { kind: 'linear', durationMs: 180 * DAY } });
    world.play(START + 90 * DAY);
    expect(world.counts().to).toBe(5);
  });

  it('TSU-10 a breach stops it with the measurement, reverts nothing, and stops it once', () => {
    const world = half();
    const before = world.having('B');
    const breach = { type: 'breach', words: 'errors 0.7% > 0.5%', numbers: { value: 0.7, threshold: 0.5 } } as const;
    expect(world.commit(world.decide(breach))).toEqual([
      {
        type: 'RampStopped',
        activeMs: DAY / 2,
        cause: { kind: 'breach', words: 'errors 0.7% > 0.5%', numbers: { value: 0.7, threshold: 0.5 } },
      },
    ]);
    world.play(START + 3 * DAY);
    expect(world.having('B')).toEqual(before);
    expect(world.decide(breach)).toEqual([]);
    expect(world.state.stopped?.words).toBe('errors 0.7% > 0.5%');
    world.say({ type: 'resume' }, 'repaired');
    world.play(START + 3.25 * DAY);
    expect(world.counts().to).toBe(75);
  });
});

describe('a breach of one that is finished', () => {
  const breach = { type: 'breach', words: 'errors', numbers: { value: 2 } } as const;

  it('TSU-10 stops it when it is named: newcomers have the old value, and all have the new one when it goes on', () => {
    const world = half();
    world.play(START + 2 * DAY);
    expect(world.state.phase).toBe('finished');
    expect(world.decide(breach)).toEqual([]);
    world.commit(world.decide({ ...breach, named: true }));
    world.join([{ host: 'late', role: 'web' }]);
    expect([world.state.phase, world.counts()]).toEqual(['stopped', { from: 1, to: 100, other: 0 }]);
    expect(world.decide({ ...breach, named: true })).toEqual([]);
    world.say({ type: 'resume' });
    world.tick();
    expect([world.state.phase, world.counts()]).toEqual(['finished', { from: 0, to: 101, other: 0 }]);
  });
});

describe('TSU-18 up and down', () => {
  it('reverses from where it is, the last hosts first, and can turn again', () => {
    const world = half();
    const before = world.having('B');
    world.say({ type: 'reverse' }, 'to see the bug go');
    world.play(START + 0.75 * DAY);
    const fewer = world.having('B');
    expect(fewer.size).toBe(25);
    expect(isSubset(fewer, before)).toBe(true);
    world.say({ type: 'ramp' }, 'to see it come');
    world.play(START + DAY);
    expect(world.having('B')).toEqual(before);
    world.say({ type: 'reverse' });
    world.play(START + 2 * DAY);
    expect([world.counts().to, world.state.phase]).toEqual([0, 'reversed']);
  });

  it('reverts at once, those that are away included, and both are told with a reason', () => {
    const world = half();
    const [away = '', ...there] = world.having('B');
    world.leave(away);
    expect(world.say({ type: 'revert' }, 'logins fail')).toEqual([
      { type: 'VariableReverted', count: there.length, reason: 'logins fail' },
    ]);
    world.join([{ host: away, role: 'web' }]);
    expect(world.counts()).toEqual({ from: 100, to: 0, other: 0 });
    expect(world.tick()).toEqual([]);
    world.say({ type: 'ramp' });
    world.play(world.now + DAY / 2);
    expect(world.counts().to).toBe(50);
  });

  it('stops a ramp that is finished too: newcomers get the old value until it is resumed', () => {
    const world = half();
    world.play(START + DAY);
    world.say({ type: 'stop' }, 'a week later');
    world.join(hostsOf('web', 5, 500));
    expect([world.counts().from, world.tick()]).toEqual([5, []]);
    world.say({ type: 'resume' });
    world.play(world.now);
    expect([world.counts().from, world.state.phase]).toEqual([0, 'finished']);
  });

  it('finishes at once when told to, within its limits', () => {
    const world = ramping({ web: 100, db: 10 }, { ...DAY_LONG, limits: { db: { maxPercent: 50 } } });
    world.say({ type: 'finish' });
    expect(world.tick().at(-1)).toEqual({
      type: 'RampFinished',
      side: 'to',
      counts: { from: 5, to: 105, pinned: 0 },
    });
    expect(world.tick()).toEqual([]);
    expect(statusOf(world.fleet, world.state, world.now)).toMatchObject({
      phase: 'finished',
      fraction: 1,
      from: 5,
      to: 105,
      roles: [
        { role: 'web', hosts: 100, to: 100, limit: 100 },
        { role: 'db', hosts: 10, to: 5, limit: 5 },
      ],
    });
  });
});

describe('commands', () => {
  it('to pin say a value of the type', () => {
    const world = half();
    const pin: VariableCommand = { type: 'pin', hosts: ['web-1'], value: 7 };
    expect(() => world.say(pin)).toThrow(code('BAD_VARIABLE'));
    expect(world.say({ ...pin, value: 'B' })).toHaveLength(1);
    expect(world.say({ ...pin, value: 'B' })).toEqual([]);
    expect(world.say({ type: 'unpin', hosts: ['web-2'] })).toEqual([]);
  });
});
