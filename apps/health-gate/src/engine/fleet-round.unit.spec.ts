import type { FleetEvent, GateEvent } from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { GateWorld, hostOf } from '../testing/gate-world.suite.js';

let world: GateWorld;

beforeEach(async () => {
  world = new GateWorld();
  await world.plan();
});

afterEach(() => world.stop());

async function told(): Promise<FleetEvent[]> {
  const out: GateEvent[] = [];
  for await (const commit of world.log.read(world.stream('gate'))) out.push(...commit.events);
  return out.filter((event) => event.type !== 'GateJudged');
}

/** Heartbeats of these targets every 5 s. */
async function beats(seconds: number, beat: (target: number) => void, targets = [0, 1, 2, 3]): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 5) {
    targets.forEach(beat);
    await world.clock.advance(5_000);
  }
}

describe('hosts that fall silent (MOM-12)', () => {
  it('MOM-12 tells of a serving host that is not heard of for a minute, and when it is back', async () => {
    world.start();
    await beats(20, (target) => world.beat(target, '1.0.0'));
    await beats(80, (target) => world.beat(target, '1.0.0'), [0, 1, 2]);
    expect(await told()).toEqual([{ type: 'HostsSilent', targets: [3], afterMs: 60_000 }]);
    await world.write('exec', { type: 'TargetsSilent', targets: [3], deadline: world.clock.now() + 60_000 });
    await beats(20, (target) => world.beat(target, '1.0.0'));
    expect((await told()).slice(1)).toEqual([{ type: 'HostsHeard', targets: [3] }]);
  });

  it('says it again when the executor did not take it, but not every few seconds', async () => {
    world.start();
    await beats(10, (target) => world.beat(target, '1.0.0'));
    await beats(85, (target) => world.beat(target, '1.0.0'), [0, 1, 2]);
    const silent = (await told()).length;
    expect([1, 2]).toContain(silent);
    await beats(60, (target) => world.beat(target, '1.0.0'), [0, 1, 2]);
    expect((await told()).length - silent).toBe(2);
  });

  it('takes one that was done back only when it serves the version again', async () => {
    world.start();
    await world.rollCanary();
    await beats(15, (target) => world.beat(target, target === 0 ? '2.0.0' : '1.0.0'));
    await beats(80, (target) => world.beat(target, '1.0.0'), [1, 2, 3]);
    await world.write('exec', { type: 'TargetsSilent', targets: [0], deadline: world.clock.now() + 600_000 });
    await beats(40, (target) => world.beat(target, target === 0 ? null : '1.0.0', target !== 0));
    expect((await told()).map(({ type }) => type)).not.toContain('HostsHeard');
    await beats(10, (target) => world.beat(target, target === 0 ? '2.0.0' : '1.0.0'));
    expect((await told()).at(-1)).toEqual({ type: 'HostsHeard', targets: [0] });
  });

  it('says nothing of hosts that it never heard, nor after it was deaf or its clock was set', async () => {
    world.start();
    await beats(20, (target) => world.beat(target, '1.0.0'), [0, 1]);
    world.facts.report('the connection to NATS is lost');
    await world.clock.advance(300_000);
    world.facts.report(undefined);
    await beats(35, (target) => world.beat(target, '1.0.0'), [0]);
    expect(await told()).toEqual([]);
    await beats(30, (target) => world.beat(target, '1.0.0'), [0]);
    expect(await told()).toEqual([{ type: 'HostsSilent', targets: [1], afterMs: 60_000 }]);
  });
});

describe('what nobody has recorded', () => {
  it('XIM-08 tells once of a host whose version was changed past the system, before its turn and after it', async () => {
    await world.stop();
    world = new GateWorld();
    await world.plan('1.0.0');
    world.start();
    await world.rollCanary();
    await beats(20, (target) => world.beat(target, target === 0 ? '2.0.0' : '1.0.0'));
    expect(await told()).toEqual([]);
    await beats(30, (target) => world.beat(target, target === 0 ? '0.9.0' : target === 2 ? '9.9.9' : '1.0.0'));
    expect(await told()).toEqual([
      {
        type: 'DriftSeen',
        drifts: [
          { host: hostOf(0), recorded: '2.0.0', running: '0.9.0' },
          { host: hostOf(2), recorded: '1.0.0', running: '9.9.9' },
        ],
      },
    ]);
  });

  it('STR-08 tells of a member that joined in mid-rollout, with what it runs', async () => {
    world.start();
    await beats(10, (target) => world.beat(target, '1.0.0'), [0, 1, 2, 3, 7]);
    const seen = { type: 'MembersSeen', members: [{ host: hostOf(7), running: '1.0.0' }] } as const;
    expect((await told())[0]).toEqual(seen);
    await world.write('exec', { type: 'MembersJoined', members: seen.members });
    const before = (await told()).length;
    await beats(20, (target) => world.beat(target, '1.0.0'), [0, 1, 2, 3, 7]);
    expect((await told()).length).toBe(before);
  });
});
