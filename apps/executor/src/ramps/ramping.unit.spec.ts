import type { GateSpec } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { accepted, DAY, FLEET, HOUR, isSubset, specOf } from '../fixtures/fleets.suite.js';
import { RampWorld } from '../fixtures/ramps.suite.js';
import { FleetRamps } from './fleet-ramps.js';
import { wakeHeld } from './next-command.js';
import type { VariableSight } from './ports.js';

const SLO: GateSpec = {
  name: 'restarts',
  source: 'main',
  at: ['during'],
  onFail: 'brake',
  intervalMs: 10_000,
  limits: { fail: 0, inconclusive: 5, error: 5, passes: 1 },
  measure: {
    ...{ kind: 'burnRate', bad: 'b', total: 't', objective: 0.99 },
    ...{ factor: 2, longMs: 60_000, shortMs: 5_000, minEvents: 1 },
  },
};

describe('a ramp as a rollout, through the executor', () => {
  it('TSU-01 TSU-02 TSU-03 fourteen days with one command, restarted in between', async () => {
    const world = new RampWorld();
    await world.open();
    const id = await world.ramp();
    expect(world.counts().to).toBe(0);
    const seen: number[] = [];
    for (const day of [3.5, 7, 10.5]) {
      await world.until(day * DAY + 2_000);
      seen.push(world.counts().to);
      await world.crash();
    }
    expect(seen).toEqual([250, 500, 750]);
    await world.until(14 * DAY + 120_000);
    expect([world.counts().to, world.state().phase]).toEqual([1_000, 'finished']);
    expect(await world.status(id)).toBe('RolloutSucceeded');
    expect(await world.told()).toEqual(['VariableDefined', 'RampStarted', 'RampFinished']);
    const [defined] = await world.commits('docker');
    expect(defined?.meta[0]).toMatchObject({ by: { id: 'executor' } });
    expect(defined?.events[0]).toMatchObject({ reason: 'docker 2 for all' });
    // A note at each twentieth, and none twice over a restart.
    const notes = (await world.world.types(id)).filter((type) => type === 'RampSeen');
    expect(notes.length).toBeGreaterThanOrEqual(19);
    expect(notes.length).toBeLessThanOrEqual(22);
  });

  it('TSU-10 TSU-14 a breach on day 5 stops it at once and for good, and reverts nothing', async () => {
    const world = new RampWorld();
    await world.open();
    const id = await world.ramp({ gateSpecs: [SLO] });
    await world.until(5 * DAY);
    await world.breach(id);
    expect(await world.told()).toEqual(['VariableDefined', 'RampStarted', 'RampStopped']);
    const stopped = (await world.events()).find(({ type }) => type === 'RampStopped');
    expect(stopped).toMatchObject({ cause: { kind: 'breach' } });
    expect(JSON.stringify(stopped)).toContain('restarts 3% > 1%');
    const frozen = world.having('B');
    // Each of the eight roles is within one of its line.
    expect(Math.abs(frozen.size - 357)).toBeLessThan(8);
    await world.crash();
    await world.until(9 * DAY);
    expect(world.having('B')).toEqual(frozen);
    expect((await world.world.types(id)).filter((type) => type === 'RolloutBraked')).toHaveLength(1);
    accepted(await world.order(id, { type: 'resume' }));
    await world.until(9 * DAY + 9 * DAY + HOUR);
    expect(isSubset(frozen, world.having('B'))).toBe(true);
    expect([world.counts().to, await world.status(id)]).toEqual([1_000, 'RolloutSucceeded']);
  });

  it('TSU-10 what the gate at its end finds holds newcomers, too, and nothing is over before it passes', async () => {
    const world = new RampWorld();
    await world.open();
    const id = await world.ramp({ gateSpecs: [{ ...SLO, at: ['exit'] }] });
    await world.until(14 * DAY + HOUR);
    expect([world.state().phase, (await world.world.types(id)).at(-1)]).toEqual(['finished', 'GatesRequested']);
    await world.judge(id, { verdict: 'fail', words: 'restarts 3% > 1%' });
    expect(await world.world.types(id)).toContain('RolloutBraked');
    expect(world.state()).toMatchObject({ phase: 'stopped', stopped: { kind: 'breach' } });
    await world.join([{ host: 'late', role: 'web' }]);
    expect([world.having('B').size, world.having('B').has('late')]).toEqual([1_000, false]);
    await world.crash();
    accepted(await world.order(id, { type: 'resume' }));
    await world.clock.advance(60_000);
    expect([world.having('B').has('late'), world.state().phase]).toEqual([true, 'finished']);
    expect(await world.status(id)).toBe('GatesRequested');
    await world.judge(id, { verdict: 'pass', words: 'fine', round: 2 });
    expect(await world.status(id)).toBe('RolloutSucceeded');
  });

  it('TSU-14 pauses and resumes with its rollout', async () => {
    const world = new RampWorld();
    await world.open();
    const id = await world.ramp();
    await world.until(DAY);
    accepted(await world.order(id, { type: 'pause' }));
    await world.until(DAY + 1_000);
    expect(world.state().phase).toBe('paused');
    accepted(await world.order(id, { type: 'resume' }));
    await world.until(DAY + 2_000);
    expect(await world.told()).toEqual(['VariableDefined', 'RampStarted', 'RampPaused', 'RampResumed']);
  });

  it('TSU-14 whoever resumes the variable alone is overruled while its rollout is held', async () => {
    const world = new RampWorld();
    await world.open();
    const id = await world.ramp();
    await world.until(3.5 * DAY);
    await world.order(id, { type: 'pause' });
    await world.clock.advance(60_000);
    for (const again of [1, 2]) {
      accepted(await world.say({ type: 'resume' }));
      await world.clock.advance(60_000);
      expect([again, world.state().phase, world.counts().to]).toEqual([again, 'paused', 250]);
    }
    await world.order(id, { type: 'resume' });
    await world.clock.advance(60_000);
    expect(world.state().phase).toBe('ramping');
  });

  it('TSU-18 a rollback sends it back, a cancel leaves it where it is', async () => {
    const world = new RampWorld();
    await world.open();
    const id = await world.ramp();
    await world.until(2 * DAY);
    accepted(await world.order(id, { type: 'rollback' }, 'logins fail'));
    await world.until(2 * DAY + 5_000);
    expect(await world.status(id)).toBe('RolloutCancelled');
    const reversed = (await world.events()).find(({ type }) => type === 'RampReversed');
    expect(JSON.stringify(reversed)).toContain('logins fail');
    await world.until(4 * DAY + HOUR);
    expect([world.counts().to, world.state().phase]).toEqual([0, 'reversed']);
    const next = await world.ramp({ version: 'B2' }, { to: 'B2' });
    await world.until(5 * DAY);
    accepted(await world.order(next, { type: 'cancel' }));
    await world.until(5 * DAY + 5_000);
    expect([await world.status(next), world.state().phase]).toEqual(['RolloutCancelled', 'stopped']);
  });

  it('TSU-14 a freeze of its fleet holds it, and a hotfix lets it go on, and no other ramp, in the name of whoever says so', async () => {
    const world = new RampWorld();
    await world.frozen();
    await world.open();
    const id = await world.ramp();
    await world.begin({ name: 'kernel' });
    await world.until(DAY);
    await world.freeze('f1', FLEET, 4 * DAY);
    await world.until(DAY + HOUR);
    expect(await world.world.types(id)).toContain('RolloutFrozen');
    expect([world.state().phase, world.state('kernel').phase]).toEqual(['paused', 'paused']);
    accepted(await world.order(id, { type: 'hotfix' }, 'repairs the outage'));
    await world.until(2 * DAY);
    const resumed = (await world.events()).findLast(({ type }) => type === 'RampResumed');
    expect(resumed).toMatchObject({ spite: { by: 'ana' } });
    expect([world.state().phase, world.state('kernel').phase]).toEqual(['ramping', 'paused']);
    await world.crash();
    const before = world.having('B');
    await world.until(3 * DAY);
    expect(world.having('B').size).toBeGreaterThan(before.size + 50);
    // One that is declared later holds it again, and what the hotfix named stays overridden after it.
    await world.freeze('f2', FLEET, DAY / 2);
    await world.until(3 * DAY + HOUR);
    expect([world.state().phase, world.state().spite]).toEqual(['paused', undefined]);
    await world.until(4 * DAY);
    expect([world.state().phase, world.state('kernel').phase]).toEqual(['ramping', 'paused']);
    // A person's pause of the variable is a person's matter.
    accepted(await world.say({ type: 'pause' }));
    await world.until(4 * DAY + HOUR);
    expect(world.state().phase).toBe('paused');
    accepted(await world.say({ type: 'stop' }));
    const spite = { freezes: ['f1'], by: 'eve' };
    expect(await world.say({ type: 'resume', spite })).toMatchObject({ code: 'NOT_A_SERVICE' });
    await world.held?.stop();
  });

  it.each(['a restart', 'one of its freezes'] as const)(
    'TSU-14 what a person paused in spite of a hotfix stays paused after %s',
    async (what) => {
      const world = new RampWorld();
      await world.frozen();
      await world.open();
      await world.freeze('f1', FLEET, 3 * DAY);
      await world.freeze('f2', FLEET, DAY);
      const id = await world.ramp();
      expect(await world.told()).toEqual([]);
      accepted(await world.order(id, { type: 'hotfix' }, 'repairs the outage'));
      await world.until(HOUR);
      const [, started] = (await world.events()).filter(({ type }) => type !== 'ValuesAssigned');
      expect(started).toMatchObject({ type: 'RampStarted', spite: { freezes: ['f-f1', 'f-f2'], by: 'ana' } });
      accepted(await world.say({ type: 'pause' }));
      if (what === 'a restart') await world.crash();
      else await world.until(DAY + HOUR);
      expect((await world.world.types(id)).includes('RolloutThawed')).toBe(what === 'one of its freezes');
      await world.clock.advance(HOUR);
      expect(world.state().phase).toBe('paused');
      // Whoever has the rollout go on anew means the variable, too.
      accepted(await world.order(id, { type: 'pause' }));
      accepted(await world.order(id, { type: 'resume' }));
      await world.clock.advance(HOUR);
      expect(world.state().phase).toBe('ramping');
      await world.held?.stop();
    },
  );

  it('is braked when somebody stops the variable, and does not start it again', async () => {
    const world = new RampWorld();
    await world.open();
    const id = await world.ramp();
    await world.until(DAY);
    accepted(await world.say({ type: 'stop' }));
    await world.until(DAY + 60_000);
    expect(await world.world.types(id)).toContain('RolloutBraked');
    expect(world.state().phase).toBe('stopped');
  });

  it('is woken in spite of a freeze that holds it, and by nothing else', () => {
    const spite = { freezes: ['f1'], by: 'ana' };
    const ramp = { fleet: FLEET, spec: specOf() };
    const wish = { kind: 'go', going: true, words: 'w', spite } as const;
    const sight = { spec: specOf(), phase: 'paused', held: true, to: 0, hosts: 1 } as const;
    const woken = (more: Partial<VariableSight>) => wakeHeld({ ramp, wish, order: 3 }, { ...sight, ...more });
    expect(woken({})).toEqual({ type: 'resume', spite });
    expect(woken({ spec: specOf({ salt: 'other' }) })).toEqual({ type: 'resume', spite });
    expect(woken({ held: false })).toBeUndefined();
    expect(woken({ phase: 'stopped' })).toBeUndefined();
    expect(woken({ spec: specOf({ from: 'B', to: 'C' }) })).toBeUndefined();
    expect(wakeHeld({ ramp, wish, order: 3 }, undefined)).toBeUndefined();
    const { spite: _, ...calm } = wish;
    expect(wakeHeld({ ramp, wish: calm, order: 3 }, sight)).toBeUndefined();
    expect(wakeHeld({ ramp, wish: { kind: 'hold', words: 'w' }, order: 3 }, sight)).toBeUndefined();
  });

  it('sees a variable that another executor drives by the log', async () => {
    const world = new RampWorld();
    await world.frozen();
    await world.open();
    const here = new FleetRamps(world.fleets, (name) => world.fleets.fleet(name), world.log);
    const there = new FleetRamps(world.fleets, () => undefined, world.log);
    expect(await there.look(FLEET, 'docker')).toBeUndefined();
    await world.ramp();
    await world.until(DAY);
    expect(await there.look(FLEET, 'docker')).toMatchObject({ phase: 'ramping', spec: { to: 'B' } });
    await world.freeze('f1', FLEET, HOUR);
    await world.clock.advance(HOUR / 2);
    for (const ramps of [here, there])
      expect(await ramps.look(FLEET, 'docker')).toMatchObject({ phase: 'paused', held: true });
    await world.clock.advance(HOUR);
    expect(await there.look(FLEET, 'docker')).toMatchObject({ phase: 'ramping', held: false });
    accepted(await world.say({ type: 'pause' }));
    for (const ramps of [here, there])
      expect(await ramps.look(FLEET, 'docker')).toMatchObject({ phase: 'paused', held: false });
    accepted(await world.say({ type: 'stop' }, { reason: 'look' }));
    expect(await there.look(FLEET, 'docker')).toMatchObject({ phase: 'stopped', words: 'look' });
    expect(await here.look(FLEET, 'docker')).toMatchObject({ phase: 'stopped', words: 'look', hosts: 1_000 });
    await world.held?.stop();
  });
});
