import { createHash } from 'node:crypto';

import { ALL_SHARDS, EMPTY_HEAD, groupStreamId, type StreamHead, streamKey, type StreamName } from '@sluice/contracts';
import {
  ArchivedEventLog,
  ArchiveReader,
  type ArchiveSource,
  type ArchiveStore,
  type ByteRange,
  InMemoryEventLog,
  verifyArchive,
} from '@sluice/event-log';
import { evolveGroup, checkpointOf, type GroupState, initialGroup } from '@sluice/group';
import { finishedRollout, type PastRollout, pastRolloutId, VirtualClock, VIRTUAL_EPOCH } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { ArchiverEngine } from './archiver-engine.js';
import type { ArchiverLimits } from './ports.js';

const HOUR = 3_600_000;

class MemoryStore implements ArchiveStore {
  readonly files = new Map<string, Uint8Array>();

  async put(name: string, bytes: Uint8Array): Promise<boolean> {
    if (this.files.has(name)) return false;
    this.files.set(name, Uint8Array.from(bytes));
    return true;
  }

  async get(name: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    const bytes = this.files.get(name);
    return range === undefined ? bytes : bytes?.subarray(range.offset, range.offset + range.length);
  }

  async list(folder: string): Promise<readonly string[]> {
    const prefix = `${folder}/`;
    return [...this.files.keys()].flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  }
}

/** Kills whoever acts through it at one of its acts: that act is not done, and none after it. */
class Killer {
  acts = 0;

  constructor(private readonly at: number) {}

  async act<T>(work: () => Promise<T>): Promise<T> {
    this.acts += 1;
    if (this.acts >= this.at) throw new Error('killed');
    return work();
  }
}

class World {
  readonly clock = new VirtualClock();
  readonly log = new InMemoryEventLog();
  readonly store = new MemoryStore();
  readonly heads = new Map<string, StreamHead>();
  passed = Number.POSITIVE_INFINITY;

  async write(past: PastRollout): Promise<string> {
    for (const { stream, ...draft } of finishedRollout(past)) await this.append(stream, draft);
    return pastRolloutId(past);
  }

  async append(stream: StreamName, draft: Parameters<InMemoryEventLog['append']>[2]): Promise<void> {
    const key = streamKey(stream);
    this.heads.set(key, await this.log.append(stream, this.heads.get(key) ?? EMPTY_HEAD, draft));
  }

  /** So many rollouts of a group one after another, all long over; their ids. */
  async past(group: string, rollouts: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let token = 1; token <= rollouts; token += 1)
      ids.push(
        await this.write({ ...PAST, group, version: `${token}.0.0`, token, at: VIRTUAL_EPOCH - 30 * HOUR + token }),
      );
    return ids;
  }

  engine(limits: Partial<ArchiverLimits> = {}, killer = new Killer(Infinity)): ArchiverEngine {
    const { log, store, clock } = this;
    const killed: ArchiveStore = {
      put: (name, bytes) => killer.act(() => store.put(name, bytes)),
      get: (name, range) => store.get(name, range),
      list: (folder) => store.list(folder),
    };
    const source: ArchiveSource = {
      raw: (of) => log.raw(of),
      purge: (of, through) => killer.act(() => log.purge(of, through)),
    };
    return new ArchiverEngine({
      ...{ log, source, store: killed, clock, lease: { isHeld: () => true } },
      followers: { passed: async () => this.passed },
      limits: { afterMs: HOUR, waitMs: 0, perSegment: 2, sweepMs: 1_000, ...limits },
    });
  }

  /** Lets an archiver run for a while of virtual time. */
  async run(engine: ArchiverEngine, forMs = 60_000): Promise<void> {
    const stop = new AbortController();
    const running = engine.run(stop.signal);
    await this.clock.advance(forMs);
    stop.abort();
    await this.clock.advance(1);
    await running;
  }

  /** What a reader of log and archive is told of all streams, in no order between them. */
  async everything(log: Pick<InMemoryEventLog, 'follow'> = this.log): Promise<readonly string[]> {
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const item of log.follow({ shards: ALL_SHARDS, from: 0, signal: stop.signal })) {
      if (item.kind === 'live') break;
      const { stream, head } = item.commit;
      seen.push(`${streamKey(stream)} ${head.rev} ${head.hash}`);
    }
    return seen.toSorted();
  }

  async archived(): Promise<readonly string[]> {
    const page = await new ArchiveReader(this.store).page({ limit: 1_000 });
    return page.items.map(({ id }) => id).toReversed();
  }
}

const PAST = { app: 'hello', hosts: 3 } as const;

describe('the archiver', () => {
  it('takes finished rollouts out of the log, but the last of each group, and keeps every byte of them', async () => {
    const world = new World();
    const [one, two] = [await world.past('one', 5), await world.past('two', 1)];
    const before = await world.everything();
    await world.run(world.engine());
    expect(await world.archived()).toEqual(one.slice(0, -1));
    const left = await world.everything();
    const isOf = (id: string | undefined) => (line: string) => line.includes(id ?? '-');
    for (const id of one.slice(0, -1)) expect(left.some(isOf(id))).toBe(false);
    for (const id of [one.at(-1), ...two]) expect(left.some(isOf(id))).toBe(true);
    const reader = new ArchiveReader(world.store);
    const kept: string[] = [...left];
    for (const id of one.slice(0, -1)) {
      for (const { stream, rev, bytes } of (await reader.commitsOf(id)) ?? [])
        kept.push(`${streamKey(stream)} ${rev} ${createHash('sha256').update(bytes).digest('hex')}`);
    }
    expect(kept.toSorted()).toEqual(before);
    expect(await verifyArchive(world.store)).toMatchObject({ rollouts: 4, segments: 2, faults: [] });
  });

  it.each([
    ['while it is young', { limits: { afterMs: 100 * HOUR } }],
    ['while a follower has not come so far', { passed: 3 }],
  ])('leaves a rollout in the log %s', async (_, { limits = {}, passed }: { limits?: object; passed?: number }) => {
    const world = new World();
    await world.past('one', 3);
    world.passed = passed ?? world.passed;
    await world.run(world.engine(limits));
    expect(await world.archived()).toEqual([]);
  });

  it('waits until a segment is worth writing, but not for ever', async () => {
    const world = new World();
    await world.past('one', 3);
    const limits = { perSegment: 50, waitMs: 40 * HOUR };
    await world.run(world.engine(limits));
    expect(await world.archived()).toHaveLength(0);
    await world.clock.advance(20 * HOUR);
    await world.run(world.engine(limits));
    expect(await world.archived()).toHaveLength(2);
  });

  it('leaves a rollout whose rollback nobody has planned yet, and the rollback until it is gone', async () => {
    const world = new World();
    const [first] = await world.past('one', 1);
    const to = { rolloutId: first ?? '', version: '1.0.0' };
    const at = VIRTUAL_EPOCH - 20 * HOUR;
    const bad = await world.write({ ...PAST, group: 'one', version: '2.0.0', token: 2, at, rollbackTo: to });
    await world.write({ ...PAST, group: 'one', version: '3.0.0', token: 3, at: at + HOUR });
    await world.run(world.engine());
    expect(await world.archived()).toEqual([first]);
    expect((await world.everything()).some((line) => line.includes(bad))).toBe(true);
  });

  it('archives the past of a group behind its checkpoint, and the chain goes on from the archive', async () => {
    const world = new World();
    await world.past('one', 4);
    const stream = {
      shard: world.heads.keys().next().value === undefined ? '00' : groupStreamId('one').slice(1, 3),
      writer: 'group',
      id: groupStreamId('one'),
    } as const;
    const fold = async (): Promise<GroupState> => {
      let state = initialGroup();
      for await (const { events } of world.log.read(stream)) state = events.reduce(evolveGroup, state);
      return state;
    };
    const state = await fold();
    const meta = { by: { id: 'executor', kind: 'service' }, cause: 'c', corr: 'c' } as const;
    const [last] = [await world.log.last(stream)];
    await world.append(stream, {
      id: 'checkpoint',
      at: VIRTUAL_EPOCH - 10 * HOUR,
      events: [{ event: checkpointOf(state), meta }],
    });
    await world.run(world.engine());
    expect(await fold()).toEqual({ ...state, since: 0 });
    const left = (await world.everything()).filter((line) => line.startsWith('group.'));
    expect(left).toHaveLength(1);
    const checkpoint = await world.log.last(stream);
    expect(checkpoint).toMatchObject({ prev: last?.head.hash, head: { rev: 9 } });
    const verdict = await verifyArchive(world.store);
    expect(verdict).toMatchObject({ rollouts: 3, faults: [] });
  });

  it('killed at any of its acts, it loses nothing and archives nothing twice', async () => {
    const whole = new World();
    await whole.past('one', 6);
    const count = new Killer(Infinity);
    await whole.run(whole.engine({}, count));
    const expected = { archived: await whole.archived(), left: await whole.everything() };
    expect(expected.archived).toHaveLength(5);
    for (let at = 1; at <= count.acts; at += 1) {
      const world = new World();
      await world.past('one', 6);
      await world.run(world.engine({}, new Killer(at)), 4_500);
      await world.run(world.engine());
      const seen = { archived: await world.archived(), left: await world.everything() };
      expect(seen, `killed at act ${at}`).toEqual(expected);
      expect(await verifyArchive(world.store), `killed at act ${at}`).toMatchObject({ rollouts: 5, faults: [] });
    }
  });

  it('two at once, neither of which knows of the other, archive everything once', async () => {
    const world = new World();
    const ids = await world.past('one', 12);
    await Promise.all([world.run(world.engine()), world.run(world.engine())]);
    await world.run(world.engine());
    expect(await world.archived()).toEqual(ids.slice(0, -1));
    expect(await verifyArchive(world.store)).toMatchObject({ rollouts: 11, faults: [] });
  });

  it('is not seen by who reads the log with its archive', async () => {
    const world = new World();
    const ids = await world.past('one', 5);
    const both = new ArchivedEventLog(world.log, new ArchiveReader(world.store));
    const read = async (): Promise<readonly string[]> => {
      const seen: string[] = [];
      for (const id of ids) {
        for (const writer of ['plan', 'exec', 'notice'] as const)
          for await (const { head } of both.read({ shard: id.slice(1, 3), writer, id })) seen.push(head.hash);
      }
      return seen;
    };
    const before = await read();
    await world.run(world.engine());
    expect(await world.archived()).toHaveLength(4);
    expect(await read()).toEqual(before);
  });
});
