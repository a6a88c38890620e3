import {
  ALL_SHARDS,
  EMPTY_HEAD,
  type GateJudged,
  type GateSpec,
  type Plan,
  type PlanRamp,
  type RolloutCommand,
  shardOfGroup,
  type StreamHead,
} from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { ExecutorEngine } from '../engine.js';
import type { Freezes } from '../freezes/freezes.js';
import { accepted, FLEET, FleetWorld, HOUR, hostsOf, isSubset, specOf } from '../fixtures/fleets.suite.js';
import { GROUP, planFor, World } from '../fixtures/world.suite.js';
import { FleetRamps } from './fleet-ramps.js';

const DAY = 24 * HOUR;
const ROLES = { access: 400, login: 240, storage: 160, web: 100, search: 60, mail: 24, cron: 12, canary: 4 };

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

/** Rollouts over the fleets of one log, on one clock. */
class RampWorld extends FleetWorld {
  held: Freezes | undefined;
  readonly world: World = this.newWorld();

  private newWorld(): World {
    const world = new World([]);
    Object.assign(world, { clock: this.clock, log: this.log, newId: this.newId });
    world.engine = this.newEngine();
    return world;
  }

  newEngine(): ExecutorEngine {
    const { log, clock, newId, held } = this;
    const door = {
      variableCommand: (...args: Parameters<typeof this.fleets.variableCommand>) =>
        this.fleets.variableCommand(...args),
      fleetCommand: (...args: Parameters<typeof this.fleets.fleetCommand>) => this.fleets.fleetCommand(...args),
    };
    return new ExecutorEngine({
      ...{ log, clock, newId, shards: ALL_SHARDS },
      agents: {
        run: () => Promise.resolve({ kind: 'unreachable' }),
        status: () => Promise.resolve({ kind: 'noAnswer' }),
      },
      ...(held === undefined ? {} : { freezes: held }),
      ramps: new FleetRamps(door, (name) => this.fleets.fleet(name), log),
    });
  }

  /** From then on freezes hold for both services. */
  async frozen(): Promise<void> {
    this.held = await this.freezing();
    this.world.engine = this.newEngine();
  }

  freeze(id: string, name: string, ms: number): Promise<unknown> {
    const command = { type: 'freeze', scope: { kind: 'group', name }, until: this.clock.now() + ms } as const;
    const actor = { id: 'ana', kind: 'user' } as const;
    return Promise.resolve(this.held?.command({ v: 1, id, target: 'new', command, actor, reason: 'holidays' }));
  }

  async open(): Promise<void> {
    await this.fleets.start();
    for (const [role, count] of Object.entries(ROLES)) await this.join(hostsOf(role, count));
    await this.world.engine.start();
  }

  /** The one command of a ramp: its request, planned. */
  async ramp(more: Partial<Plan> = {}, spec: Partial<PlanRamp['spec']> = {}): Promise<string> {
    const ramp: PlanRamp = { fleet: FLEET, spec: specOf(spec) };
    const made = planFor([], {
      ...{ strategy: 'ramp', batches: [], approvals: { batches: 'policy' }, ramp, version: ramp.spec.to as string },
      reason: 'docker 2 for all',
      ...more,
    });
    const id = await this.world.plan(made);
    await this.clock.advance(1_000);
    return id;
  }

  /** Both services of the executor are killed and come again. */
  async crash(): Promise<void> {
    await this.world.engine.stop();
    await this.restart();
    this.world.engine = this.newEngine();
    await this.world.engine.start();
  }

  /** Until so long after the start. */
  async until(ms: number): Promise<void> {
    await this.clock.advance(this.start + ms - this.clock.now());
  }

  private gateHead: StreamHead = EMPTY_HEAD;

  breach(rollout: string): Promise<void> {
    return this.judge(rollout, { verdict: 'fail', phase: 'during', words: 'restarts 3% > 1%' });
  }

  async judge(rollout: string, verdict: Pick<GateJudged, 'verdict' | 'words'> & Partial<GateJudged>): Promise<void> {
    const stream = { shard: shardOfGroup(GROUP), writer: 'gate', id: rollout } as const;
    const meta = { by: { id: 'health-gate', kind: 'service' }, cause: 'gate', corr: 'gate' } as const;
    const basis = { type: 'GateJudged', stage: 0, round: 1, gate: 'restarts', inputs: {}, policyHash: 'p' } as const;
    const events = [{ event: { ...basis, ...verdict }, meta }];
    this.gateHead = await this.log.append(stream, this.gateHead, { id: this.newId(), at: this.clock.now(), events });
    await this.clock.advance(100);
  }

  order(rollout: string, command: RolloutCommand, reason = 'said so') {
    return this.world.say(rollout, command, 'ana', reason);
  }

  async status(rollout: string): Promise<string> {
    return (await this.world.types(rollout)).at(-1) ?? '';
  }

  async told(): Promise<string[]> {
    const events = (await this.events()).filter(
      ({ type }) => type !== 'ValuesAssigned' && type !== 'VariableCheckpointed',
    );
    return events.map(({ type }) => type);
  }
}

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

  it('sees a variable that another executor drives by the log', async () => {
    const world = new RampWorld();
    await world.open();
    const here = new FleetRamps(world.fleets, (name) => world.fleets.fleet(name), world.log);
    const there = new FleetRamps(world.fleets, () => undefined, world.log);
    expect(await there.look(FLEET, 'docker')).toBeUndefined();
    await world.ramp();
    await world.until(DAY);
    expect(await there.look(FLEET, 'docker')).toMatchObject({ phase: 'ramping', spec: { to: 'B' } });
    accepted(await world.say({ type: 'stop' }, { reason: 'look' }));
    expect(await there.look(FLEET, 'docker')).toMatchObject({ phase: 'stopped', words: 'look' });
    expect(await here.look(FLEET, 'docker')).toMatchObject({ phase: 'stopped', words: 'look', hosts: 1_000 });
  });
});
