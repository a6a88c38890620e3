import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DAY, ramping, START, type World } from './fixtures/world.suite.js';
import { fractionAt, limitOf, lineOf, reachedAt, wantedOf } from './line.js';
import { evolvePast } from './past.js';
import { activeAt, initialFleet } from './state.js';

const DAY_LONG = { schedule: { kind: 'linear', durationMs: DAY } } as const;
const percent = fc.integer({ min: 0, max: 100 });
const size = fc.integer({ min: 1, max: 1_000 });
const moment = fc.integer({ min: 0, max: DAY });
const moments = fc.array(moment, { minLength: 1, maxLength: 8 }).map((all) => all.toSorted((a, b) => a - b));

type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'join'; readonly host: number; readonly role: number }
  | { readonly kind: 'leave'; readonly host: number }
  | { readonly kind: 'freeze' }
  | { readonly kind: 'pin'; readonly host: number };

const host = fc.integer({ min: 0, max: 60 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: DAY / 8 }) }),
  fc.record({ kind: fc.constant('join' as const), host, role: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ kind: fc.constant('leave' as const), host }),
  fc.record({ kind: fc.constant('freeze' as const) }),
  fc.record({ kind: fc.constant('pin' as const), host }),
);

function take(world: World, one: Step): void {
  switch (one.kind) {
    case 'wait':
      return world.play(world.now + one.ms);
    case 'join':
      return world.join([{ host: `host-${one.host}`, role: `role-${one.role}` }]);
    case 'leave':
      return world.leave(`host-${one.host}`);
    case 'pin':
      return pin(world, `host-${one.host}`);
    case 'freeze':
      world.say({ type: world.state.phase === 'ramping' ? 'pause' : 'resume' });
  }
}

/** Pins a host to B, or lets it go again. */
function pin(world: World, name: string): void {
  const slot = world.fleet.roster.slotOf.get(name);
  if (slot === undefined) return;
  if (world.state.pins.has(slot)) world.say({ type: 'unpin', hosts: [name] });
  else world.say({ type: 'pin', hosts: [name], value: 'B' });
}

const touches = (one: Step, name: string): boolean =>
  (one.kind === 'join' || one.kind === 'pin') && name === `host-${one.host}`;
const moves = ({ state }: World): boolean => state.phase === 'ramping' || state.phase === 'finished';

describe('for all role sizes 1..1000', () => {
  it('TSU-07 a role is within one host of its line, at any time', () => {
    fc.assert(
      fc.property(size, moments, (n, times) => {
        const world = ramping({ web: n }, DAY_LONG);
        for (const ms of times) {
          world.now = START + ms;
          world.tick();
          expect(Math.abs(world.counts().to - (ms / DAY) * n)).toBeLessThan(1);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('TSU-09 the limit is never exceeded, and reached at the end', () => {
    const limit = fc.record({ maxPercent: percent, minHosts: fc.integer({ min: 0, max: 5 }) });
    fc.assert(
      fc.property(size, limit, moments, (n, web, times) => {
        const world = ramping({ web: n }, { ...DAY_LONG, limits: { web } });
        const most = Math.max(Math.min(web.minHosts, n), Math.floor((n * web.maxPercent) / 100));
        for (const ms of [...times, DAY]) {
          world.now = START + ms;
          world.tick();
          expect(world.counts().to).toBeLessThanOrEqual(most);
        }
        expect(world.counts().to).toBe(most);
      }),
      { numRuns: 30 },
    );
  });

  it('the order in which hosts join makes no difference', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), moment, fc.infiniteStream(fc.nat()), (n, ms, chance) => {
        const names = Array.from({ length: n }, (_, i) => ({ host: `host-${i}`, role: `role-${i % 3}` }));
        const keys = new Map(names.map((entry) => [entry, chance.next().value]));
        const shuffled = names.toSorted((a, b) => Number(keys.get(a)) - Number(keys.get(b)));
        const sets = [names, shuffled].map((hosts) => {
          const world = ramping({}, DAY_LONG);
          world.join(hosts);
          world.play(START + ms);
          return world.having('B');
        });
        expect(sets[0]).toEqual(sets[1]);
      }),
      { numRuns: 30 },
    );
  });

  it('the first moment at which the line wants a host is the first', () => {
    const schedule = lineOf({
      kind: 'points',
      points: [
        [DAY / 3, 0.2],
        [DAY / 2, 0.2],
        [DAY, 1],
      ],
    });
    fc.assert(
      fc.property(size, fc.double({ min: 0.00001, max: 0.99999, noNaN: true }), fc.nat(), (n, phase, at) => {
        const count = 1 + (at % n);
        const ms = reachedAt(schedule, { n, phase }, count) ?? -1;
        expect(wantedOf(fractionAt(schedule, ms), n, phase)).toBeGreaterThanOrEqual(count);
        expect(wantedOf(fractionAt(schedule, ms - 1), n, phase)).toBeLessThan(count);
      }),
    );
  });
});

const limits = { 'role-1': { maxPercent: 40, minHosts: 1 } };

const pace = { changes: 2, windowMs: DAY / 6 };
const paced = { ...limits, 'role-0': { pace } };

describe('whatever joins, leaves, waits and freezes', () => {
  it('I8 TSU-14 hosts are sticky: nobody goes back, joins and leaves flip nobody else, frozen is frozen', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = ramping({ 'role-0': 5, 'role-1': 30, 'role-2': 1 }, { ...DAY_LONG, limits });
        const given = new Set<string>();
        for (const one of steps) {
          const [before, frozen] = [world.having('B'), !moves(world)];
          take(world, one);
          const after = world.having('B');
          // Whoever was given B has it, unless it is away.
          const back = [...given].filter((name) => world.having('A').has(name));
          const others = [...after].filter((name) => !before.has(name) && !touches(one, name));
          const mayFlip = one.kind === 'wait' && !frozen;
          expect({ back, others: mayFlip ? [] : others }).toEqual({ back: [], others: [] });
          for (const name of after) given.add(name);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('TSU-07 TSU-09 no role is a whole host behind its line after a tick, and none flips above line or limit', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = ramping({ 'role-0': 5, 'role-1': 30, 'role-2': 1 }, { ...DAY_LONG, limits });
        for (const one of steps) {
          take(world, one);
          if (!moves(world)) continue;
          for (const event of world.tick()) if (event.type === 'ValuesAssigned') checkFlips(world, event.hosts);
          checkBehind(world);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('TSU-13 in no window do more hosts of a role change than its pace allows', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const world = ramping({ 'role-0': 25, 'role-1': 30 }, { ...DAY_LONG, limits: paced });
        for (const one of steps) {
          take(world, one);
          world.tick();
        }
        const at = flipsOf(world, 'role-0');
        const closest = Math.min(...at.slice(pace.changes).map((time, i) => time - (at[i] ?? 0)));
        expect(closest).toBeGreaterThanOrEqual(pace.windowMs);
      }),
      { numRuns: 30 },
    );
  });

  it('I10 a replay of the log decides the same next, and so does its last checkpoint', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), moment, (steps, ms) => {
        const world = ramping({ 'role-0': 25, 'role-1': 30 }, { ...DAY_LONG, limits: paced });
        for (const one of steps) take(world, one);
        world.now += ms;
        const before = world.decide({ type: 'tick' });
        expect(world.decide({ type: 'tick' })).toEqual(before);
        world.restart();
        expect(world.decide({ type: 'tick' })).toEqual(before);
        world.restartFromCheckpoint();
        expect(world.decide({ type: 'tick' })).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });
});

const lineAt = (world: World, n: number): number => fractionAt(world.state.line, activeAt(world.state, world.now)) * n;

/** When the ramp changed hosts of a role. */
function flipsOf(world: World, role: string): number[] {
  const fleet = initialFleet();
  const flips: number[] = [];
  for (const entry of world.past) {
    evolvePast(fleet, 'docker', entry);
    const { event, at } = entry;
    if (event.type !== 'ValuesAssigned' || event.rule !== 'ramp') continue;
    const { roster } = fleet;
    for (const slot of event.hosts) if (roster.roles[roster.role[slot] ?? -1] === role) flips.push(at);
  }
  return flips;
}

/** Pinned hosts apart: they are no part of the line, and take of the limit. */
function roles({ fleet, state }: World) {
  return fleet.roster.roles.map((role, i) => {
    const { n, to, pinned, pinnedTo } = state.roles[i] ?? { n: 0, to: 0, pinned: 0, pinnedTo: 0 };
    const most = limitOf(n + pinned, role === 'role-1' ? limits['role-1'] : undefined);
    return { role, n, to, limit: Math.max(0, most - pinnedTo) };
  });
}

function checkBehind(world: World): void {
  for (const { role, n, to, limit } of roles(world))
    expect(to, `${role} of ${n}`).toBeGreaterThan(Math.min(limit + 0.5, lineAt(world, n)) - 1);
}

function checkFlips(world: World, flipped: readonly number[]): void {
  const { roster } = world.fleet;
  const some = new Set(flipped.map((slot) => roster.roles[roster.role[slot] ?? -1]));
  for (const { role, n, to, limit } of roles(world).filter((one) => some.has(one.role)))
    expect(to, `${role} of ${n}`).toBeLessThan(Math.min(limit + 0.5, lineAt(world, n) + 1));
}
