import type { VariableCommand } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { decideRoster } from './decide-roster.js';
import { decideVariable } from './decide.js';
import { evolveFleet, evolveVariable } from './evolve.js';
import { DAY, hostsOf, ramping, specOf, START, World } from './fixtures/world.suite.js';
import { desiredStateOf } from './read.js';
import { initialFleet } from './state.js';

const code = (wanted: string) => expect.objectContaining({ code: wanted });
const DAY_LONG = { schedule: { kind: 'linear', durationMs: DAY } } as const;
const half = (): World => {
  const world = ramping({ web: 100 }, DAY_LONG);
  world.play(START + DAY / 2);
  return world;
};

describe('TSU-15 several variables', () => {
  it('make one flat answer of scalars for a host, each on a ramp of its own', () => {
    const fleet = initialFleet();
    const tell = (name: string, command: VariableCommand, now: number): void => {
      for (const event of decideVariable(fleet, name, { type: 'command', command, reason: 'because' }, now))
        evolveVariable(fleet, name, event, now);
    };
    const specs = [
      specOf({ ...DAY_LONG, name: 'docker' }),
      specOf({ ...DAY_LONG, name: 'pool', type: 'number', from: 8, to: 16 }),
      specOf({ ...DAY_LONG, name: 'ipv6', type: 'boolean', from: false, to: true }),
    ];
    tell('docker', { type: 'define', spec: specOf({ ...DAY_LONG, name: 'docker' }) }, START);
    for (const event of decideRoster(fleet.roster, { type: 'join', hosts: hostsOf('web', 40) }))
      evolveFleet(fleet, event);
    for (const spec of specs) {
      tell(spec.name, { type: 'define', spec }, START);
      tell(spec.name, { type: 'ramp' }, START);
      for (const event of decideVariable(fleet, spec.name, { type: 'tick' }, START + DAY / 2))
        evolveVariable(fleet, spec.name, event, START + DAY / 2);
    }
    const answers = hostsOf('web', 40).map(({ host }) => JSON.stringify(desiredStateOf(fleet, host)));
    expect(answers[0]).toMatch(/^\{"docker":"[AB]","pool":(8|16),"ipv6":(true|false)\}$/);
    // Independent orders: all eight combinations are there, none by the half.
    expect(new Set(answers).size).toBe(8);
    for (const value of ['"B"', '16', 'true']) expect(answers.filter((one) => one.includes(value))).toHaveLength(20);
  });
});

describe('the next value', () => {
  const next = specOf({ ...DAY_LONG, from: 'B', to: 'C' });

  it('is named when all hosts have the last one, and changes nobody', () => {
    const world = half();
    const refused = (spec = next) => expect(() => world.say({ type: 'define', spec })).toThrow(code('CONFLICT'));
    refused();
    world.play(START + DAY);
    refused(specOf({ ...DAY_LONG, from: 'A', to: 'C' }));
    world.say({ type: 'define', spec: next });
    expect(world.having('B').size).toBe(100);
    world.say({ type: 'ramp' });
    world.play(START + 1.5 * DAY);
    expect([world.having('B').size, world.having('C').size, world.state.version]).toEqual([50, 50, 2]);
  });

  it('has to wait while a limit keeps some hosts at the old one', () => {
    const world = ramping({ web: 10 }, { ...DAY_LONG, limits: { web: { maxHosts: 3 } } });
    world.play(START + DAY);
    expect(() => world.say({ type: 'define', spec: next })).toThrow(/3 of 10 hosts have B/);
  });

  it('leaves the shape of a ramp alone while it is on its way, but not its limits', () => {
    const world = half();
    expect(() => world.say({ type: 'define', spec: specOf() })).toThrow(code('CONFLICT'));
    expect(() => world.say({ type: 'define', spec: specOf({ ...DAY_LONG, salt: 'x' }) })).toThrow(code('CONFLICT'));
    expect(() => world.say({ type: 'define', spec: specOf({ ...DAY_LONG, type: 'number', from: 1, to: 2 }) })).toThrow(
      code('CONFLICT'),
    );
    world.say({ type: 'define', spec: specOf({ ...DAY_LONG, limits: { '*': { maxPercent: 60 } } }) });
    world.play(START + DAY);
    expect(world.counts().to).toBe(60);
  });
});

describe('the roster', () => {
  it('tells once what it hears twice, and takes hosts back under their number', () => {
    const world = new World();
    const hosts = [...hostsOf('web', 2), ...hostsOf('db', 1)];
    const hear = () => decideRoster(world.fleet.roster, { type: 'join', hosts });
    expect(world.commit(hear())).toEqual([
      { type: 'HostsJoined', role: 'web', from: 0, names: ['web-0', 'web-1'] },
      { type: 'HostsJoined', role: 'db', from: 2, names: ['db-0'] },
    ]);
    expect(hear()).toEqual([]);
    const leave = { type: 'leave', hosts: ['web-1', 'nobody'], reason: 'silent' } as const;
    expect(world.commit(decideRoster(world.fleet.roster, leave))).toEqual([
      { type: 'HostsLeft', hosts: [1], reason: 'silent' },
    ]);
    expect(decideRoster(world.fleet.roster, leave)).toEqual([]);
    expect(hear()).toEqual([{ type: 'HostsReturned', role: 'web', hosts: [1] }]);
    const moved = { type: 'join', hosts: [{ host: 'web-0', role: 'db' }] } as const;
    expect(decideRoster(world.fleet.roster, moved)).toEqual([{ type: 'HostsMoved', role: 'db', hosts: [0] }]);
  });

  it('writes many names as several events, and refuses a name that is none', () => {
    const { roster } = new World().fleet;
    const events = decideRoster(roster, { type: 'join', hosts: hostsOf('web', 2_500) });
    expect(events.map((event) => (event.type === 'HostsJoined' ? [event.from, event.names.length] : []))).toEqual([
      [0, 1_000],
      [1_000, 1_000],
      [2_000, 500],
    ]);
    for (const bad of ['', 'x'.repeat(201)])
      expect(() => decideRoster(roster, { type: 'join', hosts: [{ host: bad, role: 'web' }] })).toThrow(
        code('BAD_NAME'),
      );
  });
});
