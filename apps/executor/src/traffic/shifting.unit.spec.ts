import { SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { refused } from './names.js';
import { GROUP, MINUTE, NEW, OLD, ShiftWorld } from './shifting.suite.js';

describe('a shift of traffic, driven', () => {
  it('SWB-09 SWB-05 looks, scales once, publishes each weight, waits for what is under way, and retires', async () => {
    const world = new ShiftWorld();
    const id = await world.started();
    await world.ended(id);
    expect((await world.types(id)).at(-1)).toBe('RolloutSucceeded');
    expect(world.sides.said).toEqual([`scale ${NEW} web=3 search=1`, `retire ${OLD}`]);
    expect(world.shares).toEqual([5, 25, 100]);
    expect(world.edge.told.map((weights) => weights[NEW])).toEqual([5, 25, 100]);
    const documents = world.store.written.map(({ version, group, rolloutId, token, by }) => [
      ...[version, group, rolloutId, token],
      by,
    ]);
    expect(documents).toEqual([1, 2, 3].map((version) => [version, GROUP, id, 1, 'executor']));
    expect(world.sides.looks.most, 'one look at a time').toBe(1);
    await world.engine.stop();
  });

  it('SWB-12 SWB-11 asks for capacity no more once it is asked for, and sends nothing there before it is ready', async () => {
    const world = new ShiftWorld();
    world.sides.scale = ({ side }, wanted) => {
      world.sides.said.push(`scale ${side} ${wanted.length}`);
      return Promise.resolve({ kind: 'done', value: undefined });
    };
    const id = await world.started();
    await world.clock.advance(95_000);
    expect(world.sides.said.length, 'again every half minute, while nobody heard it').toBe(4);
    expect(world.shares).toEqual([]);
    for (const service of ['web', 'search']) world.sides.sides.get(NEW)?.set(service, 3);
    await world.ended(id);
    expect(world.sides.said.filter((said) => said.startsWith('scale'))).toHaveLength(4);
    await world.engine.stop();
  });

  it('leaves no timer behind, whatever it waits for', async () => {
    const world = new ShiftWorld();
    world.sides.scale = () => Promise.resolve({ kind: 'done', value: undefined });
    await world.started();
    await world.clock.advance(5_000);
    await world.engine.stop();
    expect(world.clock.pending).toBe(0);
  });

  it('tells what stands on a side only when it has changed, and looks more often while somebody waits for it', async () => {
    const world = new ShiftWorld();
    const id = await world.started({ dwellMs: 60 * MINUTE });
    await world.reached(id, 5);
    const [before, looks] = [(await world.of(id, 'SideSeen')).length, world.sides.looks.all];
    await world.clock.advance(10 * MINUTE);
    expect(await world.of(id, 'SideSeen')).toHaveLength(before);
    const polls = (world.sides.looks.all - looks) / 2;
    expect(polls).toBeGreaterThan(100);
    expect(polls).toBeLessThanOrEqual(121);
    world.sides.sides.get(NEW)?.set('web', 4);
    await world.clock.advance(6_000);
    expect((await world.of(id, 'SideSeen')).at(-1)?.services[0]).toMatchObject({ service: 'web', ready: 4 });
    await world.engine.stop();
  });

  it.each([1, 2, 3, 4, 62, 124, 130])('does nothing twice after a crash at second %i', async (second) => {
    const world = new ShiftWorld();
    const id = await world.started();
    await world.clock.advance(second * 1_000);
    await world.crash();
    await world.ended(id);
    expect(world.shares).toEqual([5, 25, 100]);
    expect(world.sides.said.filter((said) => said.startsWith('retire'))).toEqual([`retire ${OLD}`]);
    await world.engine.stop();
  });

  it('does with two owners what it does with one', async () => {
    const world = new ShiftWorld();
    const id = await world.started();
    const second = world.newEngine();
    await second.start();
    await world.ended(id);
    expect(world.shares).toEqual([5, 25, 100]);
    expect(world.edge.told.at(-1)).toEqual({ [NEW]: 100, [OLD]: 0 });
    await Promise.all([world.engine.stop(), second.stop()]);
  });
});

describe('without any proxy', () => {
  it('SWB-15 the document is all that is needed', async () => {
    const world = new ShiftWorld();
    const id = await world.started({ publish: [] });
    await world.ended(id);
    expect((await world.types(id)).at(-1)).toBe('RolloutSucceeded');
    expect([world.shares, world.edge.told]).toEqual([[5, 25, 100], []]);
    await world.engine.stop();
  });
});

describe('the way back', () => {
  it('SWB-10 is one publication, whatever the weight was', async () => {
    const world = new ShiftWorld();
    const id = await world.started();
    await world.reached(id, 25);
    expect(await world.say(id, { type: 'rollback' }, 'rita', 'graphs')).toMatchObject({ ok: true });
    const from = world.clock.now();
    await world.ended(id);
    expect(world.clock.now() - from).toBeLessThan(5_000);
    expect(world.shares).toEqual([5, 25, 0]);
    expect(world.edge.told.at(-1)).toEqual({ [NEW]: 0, [OLD]: 100 });
    await world.engine.stop();
  });

  it('SWB-10 does not wait for a slow look, nor for a publisher that hangs over an earlier weight', async () => {
    const world = new ShiftWorld();
    let answer: () => void = () => undefined;
    const never = new Promise<void>((resolve) => (answer = resolve));
    const id = await world.started();
    await world.reached(id, 5);
    world.sides.slow = never;
    world.edge.late = never;
    await world.say(id, { type: 'setWeight', weight: 50 });
    await world.clock.advance(2_000);
    expect(world.shares).toEqual([5, 50]);
    await world.say(id, { type: 'rollback' });
    const from = world.clock.now();
    await world.ended(id);
    expect(world.clock.now() - from).toBeLessThan(5_000);
    expect(world.shares).toEqual([5, 50, 0]);
    answer();
    await world.clock.advance(5_000);
    expect(world.edge.told.at(-1), 'who was late puts there what the bucket says').toEqual({ [NEW]: 0, [OLD]: 100 });
    await world.engine.stop();
  });

  it('is tried for ever, however long the publisher is down', async () => {
    const world = new ShiftWorld();
    const id = await world.started();
    await world.reached(id, 5);
    world.edge.trouble = new SluiceError('BALANCER_UNREACHABLE', 'nobody listens');
    await world.say(id, { type: 'rollback' });
    await world.clock.advance(120 * MINUTE);
    expect(world.shares).toEqual([5, 0]);
    await world.crash();
    await world.clock.advance(MINUTE);
    world.edge.trouble = undefined;
    await world.ended(id);
    expect(world.shares).toEqual([5, 0]);
    expect(world.edge.told.at(-1)).toEqual({ [NEW]: 0, [OLD]: 100 });
    await world.engine.stop();
  });

  it('cannot be undone by a former owner that was late with an earlier weight', async () => {
    const world = new ShiftWorld();
    const id = await world.started();
    await world.reached(id, 5);
    let arrive: () => void = () => undefined;
    world.store.late = new Promise((resolve) => (arrive = resolve));
    await world.say(id, { type: 'setWeight', weight: 50 });
    await world.clock.advance(1_000);
    expect(world.shares).toEqual([5]);
    const former = world.engine;
    world.engine = world.newEngine();
    await world.engine.start();
    await world.say(id, { type: 'rollback' });
    await world.ended(id);
    arrive();
    await world.clock.advance(30_000);
    expect(world.shares.at(-1)).toBe(0);
    expect(world.edge.told.at(-1)).toEqual({ [NEW]: 0, [OLD]: 100 });
    await Promise.all([former.stop(), world.engine.stop()]);
  });
});

describe('what does not work outside', () => {
  it('brakes with the cause dependency when a publisher refuses, and goes on when it is resumed', async () => {
    const world = new ShiftWorld();
    world.edge.trouble = refused('no such backend');
    const id = await world.started();
    await world.until(async () => (await world.types(id)).includes('RolloutBraked'));
    const { cause } = (await world.of(id, 'RolloutBraked'))[0] ?? {};
    expect([cause?.kind, cause?.words]).toEqual([
      'dependency',
      expect.stringContaining('the weights cannot be published: edge: no such backend'),
    ]);
    world.edge.trouble = undefined;
    await world.say(id, { type: 'resume' });
    await world.ended(id);
    expect((await world.types(id)).at(-1)).toBe('RolloutSucceeded');
    await world.engine.stop();
  });

  it('bears a publisher that is down for a moment, and brakes when it lasts', async () => {
    const world = new ShiftWorld();
    const id = await world.started();
    await world.reached(id, 5);
    world.edge.trouble = new SluiceError('BALANCER_UNREACHABLE', 'nobody listens');
    await world.until(() => world.shares.length === 2);
    await world.clock.advance(20_000);
    expect(await world.types(id)).not.toContain('RolloutBraked');
    await world.clock.advance(20_000);
    expect(await world.types(id)).toContain('RolloutBraked');
    await world.engine.stop();
  });

  it('brakes when a side cannot be seen for long', async () => {
    const world = new ShiftWorld();
    const id = await world.started();
    await world.reached(id, 5);
    world.sides.trouble = { kind: 'failing', words: 'it does not answer' };
    await world.clock.advance(50_000);
    const { cause } = (await world.of(id, 'RolloutBraked'))[0] ?? {};
    expect([cause?.kind, cause?.words]).toEqual(['dependency', expect.stringContaining('cannot be seen')]);
    await world.engine.stop();
  });
});

describe('weights by hand', () => {
  it('STR-12 SWB-05 are published at once, and the document tells who moved it', async () => {
    const world = new ShiftWorld();
    const id = await world.started({ dwellMs: 60 * MINUTE });
    await world.reached(id, 5);
    await world.say(id, { type: 'setWeight', weight: 12 }, 'rita');
    await world.clock.advance(0);
    expect(world.store.last).toMatchObject({ version: 2, weights: { [NEW]: 12, [OLD]: 88 }, by: 'rita' });
    await world.crash();
    await world.clock.advance(2_000);
    expect(world.shares, 'a restart writes nothing again').toEqual([5, 12]);
    await world.engine.stop();
  });
});
