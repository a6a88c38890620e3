import { canonicalJson, hashOf } from '@sluice/contracts';
import { DEFAULT_POLICY, isFinal, rejudge } from '@sluice/gating';
import { seededRandom } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { GateWorld } from '../testing/gate-world.suite.js';
import type { PositionStore } from './ports.js';

let world: GateWorld;

beforeEach(async () => {
  world = new GateWorld();
  await world.plan();
});

afterEach(() => world.stop());

describe('the gates of a canary', () => {
  it('STR-11 fails the live check of an enabled canary in mid-bake, with the host and the arithmetic', async () => {
    world.start();
    await world.rollCanary();
    await world.ask(0, { bakeMs: 60_000 });
    world.beat(0);
    await world.clock.advance(2_000);
    expect(await world.said()).toEqual(['settled inconclusive', 'ready inconclusive']);
    for (let i = 0; i < 3; i += 1) {
      world.beat(0, null, false);
      await world.clock.advance(1_000);
    }
    expect((await world.verdicts()).at(-1)).toMatchObject({
      gate: 'ready',
      verdict: 'fail',
      words: '1 of 1 not ready > limit 0: h00 runs nothing (3 heartbeats)',
      policyHash: hashOf(DEFAULT_POLICY),
      inputs: { stage: 0, round: 1, desired: 1, notReady: 1, positions: { request: 8 } },
    });
  });

  it('does not fail for one or two heartbeats that contradict', async () => {
    world.start();
    await world.rollCanary();
    await world.ask(0, { bakeMs: 10_000 });
    for (const running of [null, '1.0.0', '2.0.0', null, null, '2.0.0']) {
      world.beat(0, running);
      await world.clock.advance(2_000);
    }
    expect((await world.said()).slice(-2)).toEqual(['settled pass', 'ready pass']);
  });

  it('passes when the bake ends, and not a moment before', async () => {
    world.start();
    await world.rollCanary();
    await world.ask(0, { bakeMs: 12_345 });
    const passNotBefore = world.clock.now() + 12_345;
    for (let i = 0; i < 12; i += 1) {
      world.beat(0);
      await world.clock.advance(1_000);
    }
    expect(await world.said()).toEqual(['settled inconclusive', 'ready inconclusive']);
    await world.clock.advance(345);
    expect((await world.said()).slice(2)).toEqual(['settled pass', 'ready pass']);
    expect((await world.verdicts()).at(-1)?.inputs).toMatchObject({ at: passNotBefore, passNotBefore });
  });

  it('holds while nothing is heard, and says so once', async () => {
    world.start();
    await world.rollCanary();
    await world.ask(0);
    await world.clock.advance(3_600_000);
    expect(await world.said()).toEqual(['settled pass', 'ready inconclusive']);
    expect((await world.verdicts()).at(-1)?.words).toBe(
      '0 of 1 ready, 1 without a fresh heartbeat: h00 is not heard of',
    );
  });

  it('does not take a heartbeat from before the target was done for an answer', async () => {
    world.beat(0);
    await world.clock.advance(10);
    world.start();
    await world.rollCanary();
    await world.ask(0);
    await world.clock.advance(5_000);
    expect((await world.said()).at(-1)).toBe('ready inconclusive');
    world.beat(0);
    await world.clock.advance(100);
    expect((await world.said()).at(-1)).toBe('ready pass');
  });

  it('does not pass a host that fell silent in the bake', async () => {
    world.start();
    await world.rollCanary();
    await world.ask(0, { bakeMs: 120_000 });
    world.beat(0);
    await world.clock.advance(180_000);
    expect((await world.said()).at(-1)).toBe('settled pass');
    expect((await world.said()).filter((said) => said === 'ready pass')).toEqual([]);
  });

  it('holds with an error while heartbeats cannot be read', async () => {
    world.facts.report('the connection to NATS is lost');
    world.start();
    await world.rollCanary();
    await world.ask(0);
    await world.clock.advance(2_000);
    expect((await world.said()).at(-1)).toBe('ready error');
    world.facts.report(undefined);
    world.beat(0);
    await world.clock.advance(2_000);
    expect((await world.said()).at(-1)).toBe('ready pass');
  });
});

describe('the gates of a batch', () => {
  it('judges those that came through, and leaves failures to the budget', async () => {
    world.start();
    await world.rollCanary();
    await world.rollBatch([2]);
    await world.ask(1);
    for (const target of [1, 2, 3]) world.beat(target, target === 2 ? null : '2.0.0');
    await world.clock.advance(1_000);
    const words = Object.fromEntries((await world.verdicts()).map(({ gate, words: said }) => [gate, said]));
    expect(words).toEqual({ settled: '3 of 3 settled: 2 done, 1 failed, 0 in a step', ready: '2 of 2 ready' });
  });

  it('asks a new round anew', async () => {
    world.start();
    await world.rollCanary();
    await world.rollBatch();
    await world.ask(1);
    await world.clock.advance(10);
    for (let i = 0; i < 3; i += 1) for (const target of [1, 2, 3]) world.beat(target, target === 2 ? '1.0.0' : '2.0.0');
    await world.clock.advance(1_000);
    expect((await world.said()).at(-1)).toBe('ready fail');
    await world.write('exec', { type: 'RolloutBraked', cause: { kind: 'gate', words: 'ready failed', numbers: {} } });
    await world.write('exec', { type: 'BrakeReleased', by: 'resume' });
    await world.ask(1, { round: 2 });
    await world.clock.advance(1_000);
    for (const target of [1, 2, 3]) world.beat(target);
    await world.clock.advance(1_000);
    expect((await world.verdicts()).at(-1)).toMatchObject({ round: 2, gate: 'ready', verdict: 'pass' });
  });
});

describe('verdicts in the log', () => {
  it('are decided again byte for byte from themselves', async () => {
    world.start();
    await world.rollCanary();
    await world.ask(0, { bakeMs: 3_000 });
    for (let i = 0; i < 5; i += 1) {
      world.beat(0, i === 1 ? '1.0.0' : '2.0.0');
      await world.clock.advance(1_000);
    }
    const verdicts = await world.verdicts();
    expect(verdicts.map(({ verdict }) => verdict)).toContain('pass');
    expect(verdicts.map((event) => canonicalJson(rejudge(event)))).toEqual(
      verdicts.map((event) => canonicalJson(event)),
    );
  });

  it('are given once by two gates side by side', async () => {
    world.start();
    world.start();
    await world.rollCanary();
    await world.ask(0, { bakeMs: 5_000 });
    for (let i = 0; i < 8; i += 1) {
      world.beat(0);
      await world.clock.advance(1_000);
    }
    expect((await world.said()).toSorted()).toEqual([
      'ready inconclusive',
      'ready pass',
      'settled inconclusive',
      'settled pass',
    ]);
  });

  it('are given once over a restart, with or without a remembered position', async () => {
    const positions = remembering();
    world.start({ positions });
    await world.rollCanary();
    await world.ask(0);
    world.beat(0);
    await world.clock.advance(20_000);
    await world.stop();
    const before = await world.said();
    expect(before.filter((said) => said.endsWith('pass'))).toHaveLength(2);
    world.start();
    await world.clock.advance(5_000);
    world.start({ positions });
    await world.clock.advance(5_000);
    expect(await world.said()).toEqual(before);
  });

  it.each(['before', 'after'] as const)('survive an append that fails %s it landed', async (fault) => {
    await world.rollCanary();
    await world.ask(0);
    world.beat(0);
    world.log.faults.failNextAppend(fault);
    world.start();
    await world.clock.advance(5_000);
    expect((await world.said()).filter((said) => said.endsWith('pass')).toSorted()).toEqual([
      'ready pass',
      'settled pass',
    ]);
  });

  it.each(Array.from({ length: 40 }, (_, i) => i + 1))('are final once, whatever happens: seed %i', oneFinalVerdict);
});

async function oneFinalVerdict(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const own = new GateWorld(4, seed);
  await own.plan();
  const positions = remembering();
  own.start({ positions });
  await own.rollCanary();
  await own.ask(0, { bakeMs: random.int(4_000) });
  for (let i = 0; i < 30; i += 1) {
    if (random.chance(0.2)) own.log.faults.failNextAppend(random.chance(0.5) ? 'before' : 'after');
    if (random.chance(0.15)) await own.stop();
    if (random.chance(0.3)) own.start({ positions });
    own.beat(0, random.chance(0.8) ? '2.0.0' : '1.0.0');
    await own.clock.advance(random.int(1_500));
  }
  own.start({ positions });
  for (let i = 0; i < 10; i += 1) {
    own.beat(0);
    await own.clock.advance(1_000);
  }
  await own.stop();
  const finals = (await own.verdicts()).filter(({ verdict }) => isFinal(verdict)).map(({ gate }) => gate);
  expect(finals.toSorted()).toEqual(['ready', 'settled']);
}

describe('memory', () => {
  it('is given back when the rollout ends', async () => {
    const engine = world.start();
    await world.rollCanary();
    await world.ask(0);
    await world.clock.advance(10);
    expect(engine.watched).toBe(1);
    await world.write('exec', { type: 'RolloutSettling', cause: 'cancelled' });
    const counts = { done: 1, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 3 };
    await world.write('exec', { type: 'RolloutCancelled', cause: 'cancelled', counts, notServing: [] });
    await world.clock.advance(10);
    expect(engine.watched).toBe(0);
    await world.clock.advance(10_000);
    expect(world.clock.pending).toBeLessThanOrEqual(1);
  });

  it('holds nothing of a history that is over', async () => {
    await world.rollCanary();
    await world.ask(0);
    const counts = { done: 1, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 3 };
    await world.write('exec', { type: 'RolloutCancelled', cause: 'cancelled', counts, notServing: [] });
    const engine = world.start();
    await world.clock.advance(2_000);
    expect([engine.watched, await world.said()]).toEqual([0, []]);
  });

  it('remembers the position from which the oldest open rollout is seen again', async () => {
    const positions = remembering();
    world.start({ positions });
    await world.clock.advance(10);
    const started = await world.log.position();
    await world.rollCanary();
    await world.ask(0);
    await world.clock.advance(60_000);
    await world.stop();
    expect(positions.position).toBe(started);
  });
});

function remembering(): PositionStore & { position: number } {
  return {
    position: 0,
    async load() {
      return this.position;
    },
    async save(position) {
      this.position = position;
    },
  };
}
