import {
  EMPTY_HEAD,
  FREEZE_STREAM,
  groupStreamId,
  NOTIFICATION_TYPES as TYPES,
  parseNotification,
} from '@sluice/contracts';
import { type Random, seededRandom } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { NoticeWorld, remembering } from '../testing/notice-world.suite.js';
import type { PositionStore } from './ports.js';

let world: NoticeWorld;

beforeEach(() => {
  world = new NoticeWorld();
});

afterEach(() => world.stop());

const typesOf = (group: string): string[] => world.board.of(world.rollouts.id(group)).map(({ type }) => type);

describe('telling', () => {
  it('TAR-07 tells the events of a rollout in the order of the log, and records each', async () => {
    world.start();
    await world.rollouts.plan('web');
    await world.rollouts.advance('web', 3);
    await world.clock.advance(100);
    expect(typesOf('web')).toEqual([
      TYPES.planned,
      TYPES.started,
      ...Array.from({ length: 3 }, () => TYPES.stagePassed),
    ]);
    const shown = world.board.of(world.rollouts.id('web'));
    expect(shown.map((notification) => parseNotification(notification))).toEqual(shown);
    expect(shown.map(({ sequence }) => sequence)).toEqual(shown.map(({ sequence }) => sequence).toSorted());
    expect(shown.at(-1)?.data.text).toBe('hello 2.0.0 on web: batch 3 (1 target) passed, stage 3 of 1000');
    const ledger = (await world.ledger('web')).flat();
    expect(ledger.map(({ notificationId }) => notificationId)).toEqual(shown.map(({ id }) => id));
  });

  it('records what waits together in one commit', async () => {
    await world.rollouts.plan('web');
    await world.rollouts.advance('web', 100);
    world.start();
    await world.clock.advance(100);
    expect((await world.ledger('web')).map(({ length }) => length)).toEqual([64, 38]);
  });

  it('knows the app of a group whose rollout it has not seen', async () => {
    await world.rollouts.plan('web');
    await world.rollouts.grant('web');
    const positions = remembering();
    positions.position = (await world.log.position()) + 1;
    world.start({ positions });
    await world.rollouts.exclude('web', 'h07');
    await world.clock.advance(100);
    expect(world.board.shown).toMatchObject([
      { type: TYPES.hostExcluded, subject: 'web', data: { app: 'hello', group: 'web' } },
    ]);
    expect(await world.ledger('web', groupStreamId('web'))).toHaveLength(1);
  });

  it('tells a freeze, which is of no rollout, and records it', async () => {
    world.start();
    const freeze = { type: 'FreezeDeclared', freeze: 'f-1', scope: { kind: 'app', name: 'hello' } } as const;
    const meta = { by: { id: 'ana', kind: 'user' as const }, cause: 'c', corr: 'r' };
    const event = { ...freeze, from: 0, until: 60_000, reason: 'holidays' };
    await world.log.append(FREEZE_STREAM, EMPTY_HEAD, { id: 'commit-1', at: 1, events: [{ event, meta }] });
    await world.clock.advance(100);
    expect(world.board.shown).toMatchObject([
      { type: TYPES.freezeDeclared, data: { app: 'hello', rolloutId: '', severity: 'warning' } },
    ]);
    const { shard, id } = FREEZE_STREAM;
    const told: number[] = [];
    for await (const { events } of world.log.read({ shard, writer: 'notice', id })) told.push(events.length);
    expect(told).toEqual([1]);
  });

  it('leaves out what can never be published, and goes on', async () => {
    world.board.refuse = ({ type }) => type === TYPES.started;
    const engine = world.start();
    await world.rollouts.plan('web');
    await world.rollouts.advance('web');
    await world.clock.advance(100);
    expect(typesOf('web')).toEqual([TYPES.planned, TYPES.stagePassed]);
    expect(engine.pending).toBe(0);
  });
});

describe('a restart', () => {
  it.each([true, false])('tells nothing twice (position remembered: %s)', async (remembers) => {
    const more = remembers ? { positions: remembering() } : {};
    world.start(more);
    await world.rollouts.plan('web');
    await world.rollouts.advance('web', 3);
    await world.clock.advance(10_000);
    await world.stop();
    await world.rollouts.advance('web', 2);
    world.start(more);
    await world.clock.advance(10_000);
    expect([typesOf('web').length, world.board.repeats]).toEqual([7, 0]);
  });

  it('remembers the lowest position that is not recorded', async () => {
    const positions = remembering();
    world.start({ positions });
    await world.rollouts.plan('web');
    await world.clock.advance(100);
    world.board.down = true;
    await world.rollouts.advance('web');
    const waiting = await world.log.position();
    await world.rollouts.plan('other');
    await world.clock.advance(60_000);
    await world.stop();
    expect(positions.position).toBe(waiting);
  });
});

describe('trouble', () => {
  it('loses nothing and holds little while notifications cannot be published', async () => {
    const engine = world.start({ limits: { maxPending: 50 } });
    world.board.down = true;
    const groups = Array.from({ length: 20 }, (_, i) => `group-${i}`);
    for (const group of groups) await world.rollouts.plan(group);
    for (let i = 0; i < 10; i += 1) for (const group of groups) await world.rollouts.advance(group);
    await world.clock.advance(600_000);
    expect(world.board.shown).toEqual([]);
    expect(engine.pending).toBeLessThanOrEqual(50);
    world.board.down = false;
    await world.clock.advance(60_000);
    expect([world.board.shown.length, engine.pending]).toEqual([20 * 12, 0]);
    for (const group of groups) expect(sequencesOf(world, group)).toEqual(sequencesOf(world, group).toSorted());
  });

  it('begins even when more than it holds was never told', async () => {
    for (const group of ['a', 'b', 'c']) {
      await world.rollouts.plan(group);
      for (let i = 0; i < 30; i += 1) await world.rollouts.advance(group);
    }
    world.start({ limits: { maxPending: 10 } });
    await world.clock.advance(60_000);
    expect(world.board.shown).toHaveLength(3 * 32);
  });

  it.each(['before', 'after'] as const)(
    'tells again under the same id when the record fails %s it landed',
    async (fault) => {
      await world.rollouts.plan('web');
      world.log.faults.failNextAppend(fault);
      world.start();
      await world.clock.advance(60_000);
      expect(typesOf('web')).toEqual([TYPES.planned, TYPES.started]);
      expect(world.board.repeats).toBe(fault === 'before' ? 2 : 0);
      expect((await world.ledger('web')).flat()).toHaveLength(2);
    },
  );

  it('publishes again when an ack is lost', async () => {
    world.board.loseAcks = 1;
    world.start();
    await world.rollouts.plan('web');
    await world.clock.advance(60_000);
    expect([typesOf('web'), world.board.repeats]).toEqual([[TYPES.planned, TYPES.started], 1]);
    expect((await world.ledger('web')).flat()).toHaveLength(2);
  });

  it('records once beside a second notifier', async () => {
    world.start();
    world.start();
    await world.rollouts.plan('web');
    for (let i = 0; i < 20; i += 1) {
      await world.rollouts.advance('web');
      await world.clock.advance(10);
    }
    await world.clock.advance(60_000);
    const ids = (await world.ledger('web')).flat().map(({ notificationId }) => notificationId);
    expect(ids).toEqual(world.board.of(world.rollouts.id('web')).map(({ id }) => id));
    expect(ids).toHaveLength(22);
  });

  it('records again what the ledger lost, and shows it once', async () => {
    world.start();
    await world.rollouts.plan('web');
    await world.clock.advance(100);
    const before = world.board.shown.length;
    world.log.truncateTail(1);
    expect((await world.ledger('web')).flat().length).toBeLessThan(before);
    await world.clock.advance(60_000);
    expect((await world.ledger('web')).flat()).toHaveLength(before);
    expect(world.board.shown).toHaveLength(before);
  });
});

describe('whatever happens', () => {
  it.each(Array.from({ length: 40 }, (_, i) => i + 1))(
    'every event is told, in order, and recorded once: seed %i',
    (seed) => everythingTold(seed),
  );
});

/** Notifiers come and go, publications and appends fail, and three rollouts go on. */
async function everythingTold(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const own = new NoticeWorld(seed);
  const positions = remembering();
  const told = new Map(['a', 'b', 'c'].map((group) => [group, 2]));
  for (const group of told.keys()) await own.rollouts.plan(group);
  for (let i = 0; i < 40; i += 1) {
    await disturb(own, random, positions);
    const group = ['a', 'b', 'c'][random.int(3)] ?? 'a';
    const stages = 1 + random.int(3);
    await own.clock.advance(random.int(2_000));
    await own.rollouts.advance(group, stages);
    told.set(group, (told.get(group) ?? 0) + stages);
    await own.clock.advance(random.chance(0.3) ? 60_000 : 0);
  }
  own.board.down = false;
  own.start({ positions });
  await own.clock.advance(300_000);
  await own.stop();
  for (const [group, count] of told) await expectTold(own, group, count);
}

async function disturb(own: NoticeWorld, random: Random, positions: PositionStore): Promise<void> {
  if (random.chance(0.2)) await own.stop();
  const limits = { maxPending: 1 + random.int(8), perCommit: 1 + random.int(4) };
  if (random.chance(0.3)) own.start({ positions, limits });
  own.board.down = random.chance(0.1);
  if (random.chance(0.1)) own.board.loseAcks = 1;
  if (random.chance(0.2)) own.log.faults.failNextAppend(random.chance(0.5) ? 'before' : 'after');
}

async function expectTold(own: NoticeWorld, group: string, count: number): Promise<void> {
  const sequences = sequencesOf(own, group);
  expect(sequences).toEqual(sequences.toSorted());
  expect(sequences).toHaveLength(count);
  const ids = (await own.ledger(group)).flat().map(({ notificationId }) => notificationId);
  expect(ids).toEqual(own.board.of(own.rollouts.id(group)).map(({ id }) => id));
}

const sequencesOf = (own: NoticeWorld, group: string): string[] =>
  own.board.of(own.rollouts.id(group)).map(({ sequence }) => sequence);
