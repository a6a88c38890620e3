import { shardOfGroup } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import {
  allStates,
  DAY,
  FLEET,
  FleetWorld,
  fleetOf,
  GATE,
  hostsOf,
  HOUR,
  isSubset,
  specOf,
} from '../fixtures/fleets.suite.js';
import { Fleets } from './fleets.js';

const ROLES = { login: 40, web: 60 };

describe('what is said to a variable', () => {
  it('TSU-01 each change is an event with actor and reason; an unknown variable is NOT_FOUND', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    expect(await world.say({ type: 'pause' }, { target: `${FLEET}/unheard` })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await world.say({ type: 'pause' }, { target: 'nobody/docker' })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await world.say({ type: 'pause' }, { target: 'docker' })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await world.say({ type: 'pause' }, { reason: ' ' })).toMatchObject({ code: 'REASON_NEEDED' });
    expect(await world.say({ type: 'pause' }, { reason: 'looks odd' })).toMatchObject({
      ok: true,
      target: `${FLEET}/docker`,
      state: 'paused',
      rev: 3,
      actions: ['resume', 'stop', 'reverse', 'revert', 'define', 'pin', 'unpin'],
    });
    expect(await world.say({ type: 'finish' })).toMatchObject({ code: 'CONFLICT' });
    const commits = await world.commits('docker');
    expect(commits.map(({ meta, events }) => [meta[0]?.by.id, events[0]?.type])).toEqual([
      ['ana', 'VariableDefined'],
      ['ana', 'RampStarted'],
      ['ana', 'RampPaused'],
    ]);
    expect(commits[2]?.events[0]).toMatchObject({ reason: 'looks odd' });
    expect(commits[2]?.meta[0]?.cause).toMatch(/^command:/);
  });

  it('has one effect however often it is said, after a restart too', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    const once = { id: 'the-same' };
    expect(await world.say({ type: 'pause' }, once)).toMatchObject({ ok: true, state: 'paused' });
    expect(await world.say({ type: 'resume' })).toMatchObject({ ok: true, state: 'ramping' });
    expect(await world.say({ type: 'pause' }, once)).toMatchObject({ ok: true, state: 'ramping' });
    await world.restart();
    expect(await world.say({ type: 'pause' }, once)).toMatchObject({ ok: true, state: 'ramping' });
    expect((await world.events()).filter(({ type }) => type === 'RampPaused')).toHaveLength(1);
  });

  it('is refused when it expects another revision', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    expect(await world.say({ type: 'pause' }, { expectedRev: 1 })).toMatchObject({
      code: 'VERSION_CONFLICT',
      details: { rev: 2 },
    });
    expect(await world.say({ type: 'pause' }, { expectedRev: 2 })).toMatchObject({ ok: true, rev: 3 });
  });

  it('TSU-18 a ramp goes back on command, and a revert gives all hosts the old value at once; both say who and why', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    await world.clock.advance(7 * DAY);
    expect(world.counts().to).toBe(50);
    expect(await world.say({ type: 'reverse' }, { reason: 'find the leak' })).toMatchObject({ state: 'reversing' });
    await world.clock.advance(3.5 * DAY);
    expect(Math.abs(world.counts().to - 25)).toBeLessThanOrEqual(1);
    expect(await world.say({ type: 'ramp' }, { reason: 'once more' })).toMatchObject({ state: 'ramping' });
    await world.clock.advance(DAY);
    expect(await world.say({ type: 'revert' }, { reason: 'enough' })).toMatchObject({ state: 'reverted' });
    expect(world.counts()).toEqual({ from: 100, to: 0, other: 0 });
    const said = (await world.commits('docker')).filter(({ meta }) => meta[0]?.by.id === 'ana');
    expect(said.map(({ events }) => events[0])).toMatchObject([
      { type: 'VariableDefined' },
      { type: 'RampStarted' },
      { type: 'RampReversed', reason: 'find the leak' },
      { type: 'RampStarted', reason: 'once more' },
      { type: 'VariableReverted', reason: 'enough' },
    ]);
  });

  it('TSU-14 paused and stopped ramps change nothing until somebody says so', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    for (const type of ['pause', 'stop'] as const) {
      await world.clock.advance(2 * DAY);
      await world.say({ type });
      const frozen = world.having('B');
      await world.clock.advance(30 * DAY);
      expect(world.having('B')).toEqual(frozen);
      await world.restart();
      await world.clock.advance(DAY);
      expect(world.having('B')).toEqual(frozen);
      await world.say({ type: 'resume' });
    }
    await world.clock.advance(10 * DAY + HOUR);
    expect(world.counts().to).toBe(100);
  });
});

describe('hosts of a fleet', () => {
  it('are told once, and a name that nobody knows is not kept', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    const before = (await world.commits()).length;
    await world.join(hostsOf('web', 60));
    expect(await world.commits()).toHaveLength(before);
    expect(await world.tell({ type: 'leave', hosts: ['nobody'] }, { target: 'made-up' })).toMatchObject({ ok: true });
    expect(world.fleets.fleet('made-up')).toBeUndefined();
    expect(await world.tell({ type: 'join', hosts: [] as never }, { target: FLEET })).toMatchObject({ ok: true });
  });

  it('TSU-17 that join in mid ramp get the old or the new value by the line of their role, and no other host changes', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    await world.clock.advance(0.3 * 14 * DAY);
    const before = new Map(world.fleet.roster.names.map((host) => [host, world.having('B').has(host)]));
    await world.join(hostsOf('web', 60, 1_000));
    const after = world.having('B');
    for (const [host, had] of before) expect(after.has(host), host).toBe(had);
    expect(Math.abs(world.counts('web').to - 0.3 * 120)).toBeLessThan(1);
    expect((await world.events()).at(-1)).toMatchObject({ type: 'ValuesAssigned', side: 'to', rule: 'join' });
    const states = allStates(world.fleet);
    await world.restart();
    expect(allStates(world.fleet)).toEqual(states);
  });

  it('of a thousand roles come in one message', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    await world.join(Array.from({ length: 1_000 }, (_, i) => ({ host: `h${i}`, role: `role-${i}` })));
    expect(world.counts()).toMatchObject({ from: 1_100, to: 0 });
  });

  it('that leave keep what they had, and have it when they are back', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    await world.clock.advance(7 * DAY);
    const [host] = world.having('B');
    await world.leave(host ?? '');
    expect(world.having('B').has(host ?? '')).toBe(false);
    await world.join([{ host: host ?? '', role: 'web' }]);
    expect(world.having('B').has(host ?? '')).toBe(true);
  });
});

describe('a breach', () => {
  const breach = { type: 'breach', words: 'errors 3.1% > 1%', numbers: { errors: 3.1, limit: 1 } } as const;

  it('TSU-10 stops the ramps that are named, at once, with what was measured, and reverts nothing', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    await world.begin({ name: 'kernel' });
    await world.clock.advance(7 * DAY);
    const frozen = world.having('B');
    expect(await world.tell({ ...breach, variables: ['docker'] }, { actor: GATE })).toMatchObject({ ok: true });
    const at = world.clock.now();
    await world.clock.advance(20 * DAY);
    expect(world.having('B')).toEqual(frozen);
    expect([world.state().phase, world.state('kernel').phase]).toEqual(['stopped', 'finished']);
    const stopped = (await world.commits('docker')).find(({ events }) => events[0]?.type === 'RampStopped');
    expect(stopped?.head.at).toBe(at);
    expect(stopped?.meta[0]?.by).toEqual(GATE);
    const { words, numbers } = breach;
    expect(stopped?.events[0]).toMatchObject({ cause: { kind: 'breach', words, numbers } });
  });

  it('is no word of a person, and names variables that there are', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    expect(await world.tell(breach)).toMatchObject({ code: 'NOT_A_SERVICE' });
    const unheard = await world.tell({ ...breach, variables: ['unheard'] }, { actor: GATE });
    expect(unheard).toMatchObject({ code: 'NOT_FOUND' });
    expect(world.state().phase).toBe('ramping');
  });
});

describe('two executors that drive one fleet', () => {
  it('TSU-03 do each thing once: no flip is told twice, and the end is the same', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    const other = world.newFleets();
    await other.start();
    let last: ReadonlySet<string> = new Set();
    for (let day = 1; day <= 14; day += 1) {
      await world.clock.advance(DAY);
      const now = world.having('B');
      expect(isSubset(last, now)).toBe(true);
      last = now;
    }
    await world.clock.advance(HOUR);
    expect([world.state().phase, world.counts().to]).toEqual(['finished', 100]);
    expect(allStates(fleetOf(other))).toEqual(allStates(world.fleet));
    const flips = (await world.events()).flatMap((event) => (event.type === 'ValuesAssigned' ? event.hosts : []));
    expect([flips.length, new Set(flips).size]).toEqual([100, 100]);
    const ends = (await world.events()).filter(({ type }) => type === 'RampFinished');
    expect(ends).toHaveLength(1);
    await other.stop();
  });

  it('hear of what the other one was told', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    const other = world.newFleets();
    await other.start();
    const first = world.fleets;
    await Promise.all([
      world.tell({ type: 'join', hosts: hostsOf('web', 10, 100) }),
      ((): unknown => {
        world.fleets = other;
        return world.tell({ type: 'join', hosts: hostsOf('web', 10, 200) });
      })(),
      world.say({ type: 'pause' }),
    ]);
    await world.clock.advance(1_000);
    expect(allStates(fleetOf(other))).toEqual(allStates(fleetOf(first)));
    expect([world.fleet.roster.present, world.state().phase]).toEqual([120, 'paused']);
    await other.stop();
  });

  it('both do what they are told at the same moment: who is late decides again', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    const other = world.newFleets();
    await other.start();
    const first = world.fleets;
    await world.clock.advance(1_000);
    const pin = (host: string) => world.say({ type: 'pin', hosts: [host], value: 'B' });
    const one = pin('web-1');
    world.fleets = other;
    const answers = await Promise.all([one, pin('web-2')]);
    expect(answers).toMatchObject([
      { ok: true, rev: 3 },
      { ok: true, rev: 4 },
    ]);
    const pinned = (await world.events()).flatMap((event) => (event.type === 'HostsPinned' ? event.hosts : []));
    expect(pinned).toHaveLength(2);
    await world.clock.advance(1_000);
    expect(allStates(fleetOf(other))).toEqual(allStates(fleetOf(first)));
    await other.stop();
  });
});

describe('a log that fails', () => {
  it('holds up a ramp, and costs it nothing: what was not heard of is not written twice', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    for (let day = 1; day <= 14; day += 1) {
      world.log.faults.failNextAppend(day % 2 === 0 ? 'before' : 'after');
      await world.clock.advance(DAY);
    }
    await world.clock.advance(HOUR);
    expect([world.state().phase, world.counts().to]).toEqual(['finished', 100]);
    const flips = (await world.events()).flatMap((event) => (event.type === 'ValuesAssigned' ? event.hosts : []));
    expect([flips.length, new Set(flips).size]).toEqual([100, 100]);
  });

  it('and lost its tail is read anew', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    await world.clock.advance(7 * DAY);
    world.log.truncateTail(10);
    await world.clock.advance(HOUR);
    await world.clock.advance(7 * DAY);
    expect([world.state().phase, world.counts().to]).toEqual(['finished', 100]);
  });

  it('is waited for while it is not read: commands are told to come again', async () => {
    const world = new FleetWorld();
    expect(await world.say({ type: 'define', spec: specOf() })).toMatchObject({ code: 'NOT_READY' });
    const shards = [shardOfGroup(FLEET) === '00' ? '01' : '00'];
    const { log, clock, newId } = world;
    const elsewhere = new Fleets({ log, clock, newId, shards });
    await elsewhere.start();
    world.fleets = elsewhere;
    expect(await world.say({ type: 'define', spec: specOf() })).toMatchObject({ code: 'NOT_OWNER' });
  });
});
