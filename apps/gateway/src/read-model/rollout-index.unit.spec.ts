import { InMemoryEventLog } from '@sluice/event-log';
import { ALL_SHARDS } from '@sluice/contracts';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { Planter } from '../fixtures.suite.js';
import { RolloutIndex } from './rollout-index.js';

async function catchUp(log: InMemoryEventLog, index: RolloutIndex): Promise<void> {
  const abort = new AbortController();
  for await (const followed of log.follow({ shards: ALL_SHARDS, from: 1, signal: abort.signal })) {
    if (followed.kind === 'live') break;
    await index.apply(followed.commit);
  }
  abort.abort();
}

describe('RolloutIndex', () => {
  let log: InMemoryEventLog;
  let planter: Planter;
  let index: RolloutIndex;

  beforeEach(() => {
    log = new InMemoryEventLog();
    planter = new Planter(log);
    index = new RolloutIndex(log, { keptEnded: 2 });
  });

  it('lists the newest first, page by page', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push(await planter.plan(`g${i % 2}`, `seed-${i}`));
    await catchUp(log, index);
    const first = index.list({ limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual([ids[4], ids[3]]);
    const second = index.list({ limit: 2, ...(first.next === undefined ? {} : { before: first.next }) });
    expect(second.items.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const third = index.list({ limit: 2, ...(second.next === undefined ? {} : { before: second.next }) });
    expect(third).toMatchObject({ items: [{ id: ids[0] }], next: undefined });
    expect(index.list({ limit: 9, group: 'g1' }).items.map(({ id }) => id)).toEqual([ids[3], ids[1]]);
    expect(index.list({ limit: 9, app: 'other' }).items).toEqual([]);
  });

  it('does not show a plan without its seal', async () => {
    const id = await planter.plan('g', 'sealed');
    const other = id.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    await planter.write('plan', other, { type: 'PlanTargetsAdded', from: 0, targets: [{ host: 'a' }] });
    await catchUp(log, index);
    expect(index.list({ limit: 9 }).items.map(({ id: listed }) => listed)).toEqual([id]);
  });

  it('keeps the state of open rollouts only, and loads an ended one from the log', async () => {
    const id = await planter.plan('g', 'one');
    await planter.brake(id);
    await catchUp(log, index);
    expect(index.openCount).toBe(1);
    expect(index.list({ limit: 9, state: 'braked' }).items).toMatchObject([
      { id, state: 'braked', counts: { failed: 1 } },
    ]);
    await planter.cancel(id);
    await catchUp(log, index);
    expect(index.openCount).toBe(0);
    expect(index.entry(id)?.state).toBeUndefined();
    expect(index.list({ limit: 9, state: 'cancelled' }).items).toMatchObject([{ id, end: 'cancelled' }]);
    const loaded = await index.stateOf(id);
    expect(loaded).toMatchObject({ rev: 5, state: { status: 'cancelled' } });
  });

  it('goes on with an ended rollout when its stream does', async () => {
    const id = await planter.plan('g', 'one');
    await planter.brake(id);
    await planter.cancel(id);
    await catchUp(log, index);
    await planter.write('exec', id, {
      type: 'RollbackRequested',
      to: { rolloutId: id, version: '1.0.0' },
      targets: [0],
      down: [0],
      ordinal: 1,
    });
    await catchUp(log, index);
    expect(index.entry(id)).toMatchObject({ rev: 6, state: undefined });
    expect((await index.stateOf(id))?.state.rollbacks).toBe(1);
  });

  it('changes nothing when a commit comes twice', async () => {
    const id = await planter.plan('g', 'one');
    await planter.brake(id);
    await catchUp(log, index);
    const before = index.list({ limit: 9 });
    await catchUp(log, index);
    expect(index.size).toBe(1);
    expect(index.list({ limit: 9 })).toEqual(before);
  });

  it('finds a rollout that it was not told of yet', async () => {
    const id = await planter.plan('g', 'fresh');
    expect(await index.stateOf(id)).toMatchObject({ rev: 0, state: { status: 'planned' } });
    expect(await index.knows(id)).toBe(true);
  });

  it('keeps a page of 10,000 rollouts cheap, whatever it is filtered by', async () => {
    for (let i = 0; i < 10_000; i += 1) await planter.plan(`g${i % 100}`, `seed-${i}`, 1);
    await catchUp(log, index);
    const looked = vi.spyOn(index, 'summary');
    expect(index.list({ limit: 50, group: 'g7' }).items).toHaveLength(50);
    expect(index.list({ limit: 50, state: 'planned' }).items).toHaveLength(50);
    expect(index.list({ limit: 50, state: 'braked' }).items).toHaveLength(0);
    expect(looked).toHaveBeenCalledTimes(100);
    expect(index.size).toBe(10_000);
  });

  it('knows nothing of an id that nobody planned', async () => {
    expect(await index.stateOf('r00-0123456789ABCDEFGHJKMNPQRS')).toBeUndefined();
    expect(await index.stateOf('../../etc')).toBeUndefined();
  });
});
