import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type GateWorld } from '../testing/gate-world.suite.js';
import { errors, flat, inputsOf, limits, slo, MeasuredWorld, shift } from '../testing/measured-world.suite.js';
import { ScriptedPort } from '../testing/scripted-port.suite.js';

let t: MeasuredWorld;
let world: GateWorld;
let port: ScriptedPort;

beforeEach(() => {
  t = new MeasuredWorld();
  ({ world, port } = t);
});

afterEach(() => t.end());

describe('a gate that goes along with a stage', () => {
  const healthy = (query: string): number => (query.includes('errors') ? 0 : 10_000);
  const burning = (query: string): number => (query.includes('errors') ? 500 : 10_000);

  it('tells a breach of the SLO within one interval, with its phase and round', async () => {
    let breachedAt = Number.POSITIVE_INFINITY;
    port.value_ = (query, at) => (at > breachedAt ? burning(query) : healthy(query));
    t.start();
    await world.plan(undefined, { gateSpecs: [slo()], ...shift() });
    await world.write('exec', { type: 'StageEntered', stage: 0 });
    await world.clock.advance(60_000);
    expect(port.asked).toEqual([]);
    await world.write('exec', { type: 'StagePassed', stage: 0 });
    await t.publishWeight();
    await world.clock.advance(45_000);
    expect(await t.said('slo')).toEqual(['pass']);
    breachedAt = world.clock.now();
    await world.clock.advance(10_001);
    const last = (await t.own('slo')).at(-1);
    expect(last).toMatchObject({ verdict: 'fail', phase: 'during', stage: 1, round: 1 });
    expect(inputsOf(last).at - breachedAt).toBeLessThanOrEqual(10_000);
    expect(last?.words).toBe(
      'burn 50 over 1h (500 bad of 10000), burn 50 over 5m (500 bad of 10000); limit 14.4 in both; failed 1 > limit 0',
    );
    expect(port.asked).toContain('sum(increase(errors{side="flop"}[3600s]))');
  });

  it('rests while the rollout is braked, watches on in a pause, and a released brake begins a new round', async () => {
    port.value_ = burning;
    t.start();
    await world.plan(undefined, { gateSpecs: [slo()], ...shift() });
    await t.publishWeight();
    await world.clock.advance(10_500);
    expect(await t.said('slo')).toEqual(['fail']);
    const braked = { kind: 'gate', words: 'slo failed', numbers: {} } as const;
    await world.write('exec', { type: 'RolloutBraked', cause: braked });
    const { length } = port.asked;
    await world.clock.advance(600_000);
    expect(port.asked.length).toBe(length);
    port.value_ = healthy;
    await world.write('exec', { type: 'BrakeReleased', by: 'override', reason: 'known' });
    await world.clock.advance(10_500);
    expect((await t.own('slo')).map(({ round, verdict }) => `${round} ${verdict}`)).toEqual(['1 fail', '2 pass']);
    await world.write('exec', { type: 'RolloutPaused' });
    const before = port.asked.length;
    await world.clock.advance(60_000);
    expect(port.asked.length).toBeGreaterThan(before);
    port.value_ = burning;
    await world.clock.advance(10_500);
    expect((await t.own('slo')).at(-1)).toMatchObject({ verdict: 'fail', round: 2 });
  });

  it('counts rounds as the rollout does: a brake before the stage was entered is none of it', async () => {
    port.value_ = healthy;
    t.start();
    await world.plan(undefined, { gateSpecs: [slo(), slo({ name: 'door', at: ['entry'] })], ...shift() });
    await world.write('exec', { type: 'StageEntered', stage: 0 }, { type: 'StagePassed', stage: 0 });
    const cause = { kind: 'gate', words: 'door failed', numbers: {} } as const;
    await world.write('exec', { type: 'RolloutBraked', cause }, { type: 'BrakeReleased', by: 'resume' });
    await t.publishWeight();
    await world.clock.advance(10_500);
    expect(await t.own('slo')).toEqual([expect.objectContaining({ verdict: 'pass', round: 1 })]);
  });

  it('forgets no verdict that is on its way to the log while something else happens', async () => {
    port.value_ = burning;
    t.start();
    await world.plan(undefined, { gateSpecs: [slo({ limits: { ...limits, fail: 2 } })], ...shift() });
    await t.publishWeight();
    await world.clock.advance(10_500);
    const written = world.holdGateCommits();
    await world.clock.advance(10_000);
    await world.write('exec', { type: 'RolloutPaused' }, { type: 'RolloutResumed' });
    await world.clock.advance(500);
    written();
    await world.clock.advance(60_000);
    const counts = (await t.own('slo')).map(({ words }) => /failed \d/.exec(words)?.[0]);
    expect(counts).toEqual(['failed 1', 'failed 2', 'failed 3']);
  });

  it('watches on between two stages, and ends with the rollout', async () => {
    port.value_ = healthy;
    t.start();
    await world.plan(undefined, { gateSpecs: [slo()], ...shift() });
    await t.publishWeight();
    await world.clock.advance(20_500);
    await world.write('exec', { type: 'StagePassed', stage: 1 });
    const passed = port.asked.length;
    await world.clock.advance(60_000);
    expect(port.asked.length).toBeGreaterThan(passed);
    port.value_ = burning;
    await world.clock.advance(10_500);
    expect((await t.own('slo')).at(-1)).toMatchObject({ verdict: 'fail', stage: 1, round: 1, phase: 'during' });
    await world.write('exec', { type: 'RolloutSettling', cause: 'rollback' });
    const { length } = port.asked;
    await world.clock.advance(600_000);
    expect(port.asked.length).toBe(length);
  });

  it('begins again after a restart, in the same round, without a second verdict', async () => {
    port.value_ = healthy;
    t.start();
    await world.plan(undefined, { gateSpecs: [slo()], ...shift() });
    await t.publishWeight();
    await world.clock.advance(20_500);
    await world.stop();
    t.start();
    await world.clock.advance(60_000);
    expect(await t.said('slo')).toEqual(['pass']);
    port.value_ = burning;
    await world.clock.advance(10_500);
    expect(await t.said('slo')).toEqual(['pass', 'fail']);
  });

  it('is measured once at a time, however slow its source is', async () => {
    port.value_ = healthy;
    port.delay = () => new Promise((resolve) => world.clock.schedule(35_000, resolve));
    t.start();
    await world.plan(undefined, { gateSpecs: [slo()], ...shift() });
    await t.publishWeight();
    await world.clock.advance(300_000);
    // Four questions of one measurement.
    expect(port.most).toBe(4);
    expect(await t.said('slo')).toEqual(['pass']);
    port.delay = () => Promise.resolve();
    await world.clock.advance(40_000);
  });

  it('counts one moment once, however many gates look at it', async () => {
    port.value_ = burning;
    t.start();
    t.start();
    await world.plan(undefined, { gateSpecs: [slo({ limits: { ...limits, fail: 3 } })], ...shift() });
    await t.publishWeight();
    await world.clock.advance(30_500);
    expect((await t.said('slo')).includes('fail')).toBe(false);
    await world.clock.advance(20_000);
    expect((await t.said('slo')).at(-1)).toBe('fail');
  });

  it('drops a measurement when another gate was faster', async () => {
    const slow = new ScriptedPort();
    slow.delay = () => new Promise((resolve) => world.clock.schedule(5_000, resolve));
    port.value_ = slow.value_ = burning;
    t.start();
    world.start({ measurements: slow });
    await world.plan(undefined, { gateSpecs: [slo({ limits: { ...limits, fail: 1 } })], ...shift() });
    await t.publishWeight();
    await world.clock.advance(19_000);
    expect(await t.said('slo')).toEqual(['inconclusive']);
    await world.clock.advance(10_000);
    expect((await t.said('slo')).at(-1)).toBe('fail');
    await world.clock.advance(10_000);
  });

  it('says nothing while no host of the stage runs the version', async () => {
    port.series_ = flat(0.01);
    t.start();
    await world.plan(undefined, { gateSpecs: [errors({ at: ['during'] })] });
    await world.write('exec', { type: 'StageEntered', stage: 0 });
    await world.clock.advance(120_000);
    expect([await t.said(), port.asked]).toEqual([[], []]);
    await world.rollCanary();
    await world.clock.advance(30_000);
    expect((await t.said()).at(-1)).toBe('pass');
  });
});

describe('a gate that only records', () => {
  it('judges beside those that decide, and says so', async () => {
    port.series_ = flat(0.2);
    t.start();
    await world.plan(undefined, { gateSpecs: [errors({ onFail: 'record' })] });
    await world.rollCanary();
    await world.ask(0);
    await world.clock.advance(30_000);
    expect(await t.own()).toEqual([expect.objectContaining({ verdict: 'fail', shadow: true })]);
  });

  it('judges where no gate decides, too', async () => {
    port.value_ = () => 0;
    t.start();
    await world.plan(undefined, { gateSpecs: [slo({ at: ['entry', 'exit'], onFail: 'record' })], ...shift() });
    await t.publishWeight();
    await world.clock.advance(61_000);
    const phases = (await t.own('slo')).map(({ phase = 'exit', shadow }) => `${phase} ${shadow}`);
    expect(new Set(phases)).toEqual(new Set(['entry true', 'exit true']));
  });
});

describe('a gate at the entry of a stage', () => {
  it('judges what came through before, on values from before too', async () => {
    port.series_ = flat(0.01);
    t.start();
    await world.plan(undefined, { gateSpecs: [errors({ at: ['entry'] })] });
    await world.rollCanary();
    await world.write('exec', { type: 'StagePassed', stage: 0 });
    const at = world.clock.now();
    const asked = { stage: 1, round: 1, gates: ['errors'], passNotBefore: at, phase: 'entry' } as const;
    await world.write('exec', { type: 'GatesRequested', ...asked });
    await world.clock.advance(100);
    expect(await t.own()).toEqual([expect.objectContaining({ verdict: 'pass', phase: 'entry', stage: 1, round: 1 })]);
    expect(port.asked).toEqual(['max(errors{instance=~"(?:h00)"})']);
    expect(inputsOf((await t.own())[0]).window).toMatchObject({ from: at - 300_000 });
  });
});
