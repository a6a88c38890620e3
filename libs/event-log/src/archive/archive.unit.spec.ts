import { EMPTY_HEAD, type StreamHead, type StreamName } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { encodeNext } from '../encode-next.js';
import type { RawCommit } from '../recorded.js';
import { AT, collect, draft, freshStream } from '../samples.suite.js';
import { InMemoryEventLog } from '../in-memory-event-log.js';
import { ArchiveReader } from './archive-reader.js';
import { ArchiveWriter } from './archive-writer.js';
import { ArchivedEventLog } from './archived-event-log.js';
import { commitsOf, lineOf } from './line.js';
import { MemoryArchiveStore } from './memory-store.suite.js';
import type { ArchiveQuery } from './page.js';
import type { UnitToArchive } from './segment.js';
import { NAMES } from './store.js';
import { verifyArchive } from './verify.js';

type Rollout = Extract<UnitToArchive, { readonly kind: 'rollout' }>;

let position = 0;

function commitsTo(stream: StreamName, times: number, from: StreamHead = EMPTY_HEAD): RawCommit[] {
  let head = from;
  return Array.from({ length: times }, () => {
    const { bytes, headAt } = encodeNext(stream, head, draft('x'));
    head = headAt((position += 1));
    return { stream, position, bytes };
  });
}

interface Shape {
  readonly app: string;
  readonly group: string;
  readonly state: string;
  readonly plannedAt: number;
}

function rollout(shape: Partial<Shape> = {}): Rollout {
  const stream = freshStream('exec');
  const plan = commitsTo({ ...stream, writer: 'plan' }, 1);
  const entry = { app: 'web', group: 'g', state: 'succeeded', plannedAt: AT, ...shape };
  const commits = [...plan, ...commitsTo(stream, 2)];
  return {
    kind: 'rollout',
    id: stream.id,
    commits,
    entry: { ...entry, position: plan[0]?.position ?? 0, summary: { id: stream.id } },
  };
}

async function archived(units: readonly UnitToArchive[], perSegment: number): Promise<MemoryArchiveStore> {
  const store = new MemoryArchiveStore();
  const writer = new ArchiveWriter(store);
  await writer.open();
  for (let from = 0; from < units.length; from += perSegment)
    await writer.write(units.slice(from, from + perSegment), AT);
  return store;
}

async function allPages(reader: ArchiveReader, query: Omit<ArchiveQuery, 'limit' | 'before'>): Promise<string[]> {
  const ids: string[] = [];
  let before: number | undefined;
  do {
    const page = await reader.page({ ...query, limit: 7, ...(before === undefined ? {} : { before }) });
    ids.push(...page.items.map(({ id }) => id));
    before = page.next;
  } while (before !== undefined);
  return ids;
}

/** What an archiver does after each start. */
async function archiveRest(store: MemoryArchiveStore, units: readonly Rollout[]): Promise<void> {
  const [writer, reader] = [new ArchiveWriter(store), new ArchiveReader(store)];
  await writer.open();
  for (const unit of units) {
    if (await reader.has(unit.id)) continue;
    await writer.write([unit], AT);
  }
}

describe('a line of an archive', () => {
  it('gives back the bytes of the log, whatever they are', () => {
    const [text] = commitsTo(freshStream('exec'), 1);
    if (text === undefined) throw new Error('no commit');
    const spread = Buffer.from(JSON.stringify(JSON.parse(Buffer.from(text.bytes).toString()), null, 2));
    for (const bytes of [text.bytes, spread]) {
      const [read, ...others] = commitsOf(lineOf({ ...text, bytes }));
      expect(others).toEqual([]);
      expect(Buffer.compare(read?.bytes ?? new Uint8Array(), bytes)).toBe(0);
      expect(read).toMatchObject({ position: text.position, stream: text.stream, rev: 1, prev: '' });
    }
    expect(lineOf(text).toString()).toBe(
      `{"position":${text.position},"commit":${Buffer.from(text.bytes).toString()}}\n`,
    );
  });
});

describe('an archive', () => {
  it('finds each rollout among many segments, and lists them as a plain list would', async () => {
    const shape = (i: number): Shape => ({
      app: `app${i % 3}`,
      group: `group${i % 11}`,
      state: i % 5 === 0 ? 'cancelled' : 'succeeded',
      plannedAt: AT + i * 1_000,
    });
    const units = Array.from({ length: 600 }, (_, i) => rollout(shape(i)));
    // A rollout that took long is archived after younger ones.
    const late = units.splice(3, 1);
    const store = await archived([...units, ...late], 2);
    const reader = new ArchiveReader(store);
    expect(await reader.refresh()).toBe(300);
    const newestFirst = [...units, ...late].toSorted((a, b) => b.entry.position - a.entry.position);
    const check = async (query: Omit<ArchiveQuery, 'limit'>, is: (entry: Rollout['entry']) => boolean): Promise<void> =>
      expect(await allPages(reader, query)).toEqual(newestFirst.flatMap(({ id, entry }) => (is(entry) ? [id] : [])));
    await check({}, () => true);
    await check({ app: 'app1' }, ({ app }) => app === 'app1');
    await check({ group: 'group7' }, ({ group }) => group === 'group7');
    await check({ state: 'cancelled' }, ({ state }) => state === 'cancelled');
    await check({ since: AT + 550_000 }, ({ plannedAt }) => plannedAt >= AT + 550_000);
    await check({ sees: (group) => group === 'group2' }, ({ group }) => group === 'group2');
    await check(
      { group: 'group7', app: 'app2', state: 'cancelled' },
      ({ group, app, state }) => group === 'group7' && app === 'app2' && state === 'cancelled',
    );
    await check({ group: 'nobody' }, () => false);
    for (const { id, commits, entry } of units) {
      const read = await reader.commitsOf(id);
      expect(read?.map((commit) => commit.position)).toEqual(commits.map((commit) => commit.position));
      expect((await reader.summaryOf(id))?.entry).toEqual(entry);
    }
    expect(await reader.has(freshStream('exec').id)).toBe(false);
    expect(Object.fromEntries(reader.countByState())).toEqual({ cancelled: 120, succeeded: 480 });
    expect(await verifyArchive(store)).toMatchObject({ segments: 300, rollouts: 600, commits: 1_800, faults: [] });
  });

  it('is seen to grow by who has it open', async () => {
    const store = new MemoryArchiveStore();
    const [writer, reader] = [new ArchiveWriter(store), new ArchiveReader(store)];
    await writer.open();
    for (let i = 0; i < 40; i += 1) {
      const unit = rollout();
      expect(await reader.has(unit.id)).toBe(false);
      await writer.write([unit], AT);
      expect(await reader.has(unit.id)).toBe(true);
    }
    expect((await reader.page({ limit: 100 })).items).toHaveLength(40);
  });

  it.each([
    ['the data', /-[0-9a-f]{12}\.jsonl\.gz$/],
    ['the summaries', /\.summaries\.jsonl\.gz$/],
    ['a manifest', /\.manifest\.json\.gz$/],
  ])('tells when one byte of %s is another', async (_, names) => {
    const store = await archived([rollout(), rollout(), rollout()], 1);
    expect((await verifyArchive(store)).faults).toEqual([]);
    for (const [name, bytes] of store.files) {
      if (!names.test(name)) continue;
      const place = bytes.length - 20;
      const harmed = Uint8Array.from(bytes);
      harmed[place] = (harmed[place] ?? 0) ^ 1;
      store.files.set(name, harmed);
      expect((await verifyArchive(store)).faults, name).not.toEqual([]);
      store.files.set(name, bytes);
    }
  });

  it('tells when a segment or a part of a stream is missing, and when segments are swapped', async () => {
    const stream: StreamName = { shard: '00', writer: 'group', id: 'g00-web' };
    const all = commitsTo(stream, 6);
    const part = (from: number, to: number): UnitToArchive => ({
      kind: 'group',
      id: stream.id,
      commits: all.slice(from, to),
    });
    expect((await verifyArchive(await archived([part(0, 2), part(2, 6)], 1))).faults).toEqual([]);
    expect((await verifyArchive(await archived([part(0, 2), part(3, 6)], 1))).faults).toHaveLength(1);
    const store = await archived([rollout(), rollout()], 1);
    store.files.delete(NAMES.manifest(1));
    expect((await verifyArchive(store)).faults).not.toEqual([]);
    await expect(
      archived([{ kind: 'group', id: stream.id, commits: [all[0], all[2]].flatMap((c) => c ?? []) }], 1),
    ).rejects.toMatchObject({
      code: 'ARCHIVE_DAMAGED',
    });
  });

  it('lets one of two archivers win a segment; the other finds what was written and goes on', async () => {
    const store = new MemoryArchiveStore();
    const [one, two] = [new ArchiveWriter(store), new ArchiveWriter(store)];
    await Promise.all([one.open(), two.open()]);
    const unit = rollout();
    await one.write([unit], AT);
    await expect(two.write([unit, rollout()], AT)).rejects.toMatchObject({ code: 'ARCHIVE_CONTENDED' });
    await two.open();
    await two.write([rollout()], AT);
    expect(await verifyArchive(store)).toMatchObject({ segments: 2, rollouts: 2, faults: [] });
    expect((await verifyArchive(store)).strays).toHaveLength(2);
  });

  it('killed before any of its files, it loses and doubles nothing', async () => {
    const units = Array.from({ length: 20 }, () => rollout());
    const whole = await archived(units, 1);
    for (let kill = 0; kill < whole.files.size; kill += 1) {
      const store = new MemoryArchiveStore();
      let puts = 0;
      store.failAt = () => (puts += 1) === kill + 1;
      await expect(archiveRest(store, units)).rejects.toThrow(/killed before/);
      store.failAt = undefined;
      await archiveRest(store, units);
      const reader = new ArchiveReader(store);
      expect((await reader.page({ limit: 100 })).items.map(({ id }) => id)).toEqual(
        units.map(({ id }) => id).toReversed(),
      );
      expect(await verifyArchive(store)).toMatchObject({ rollouts: 20, faults: [] });
    }
  });
});

describe('a log with its archive', () => {
  async function worldWith(kept: number): Promise<{ log: InMemoryEventLog; both: ArchivedEventLog; unit: Rollout }> {
    const log = new InMemoryEventLog();
    const stream = freshStream('exec');
    await log.append({ ...stream, writer: 'plan' }, EMPTY_HEAD, draft('planned'));
    let head = EMPTY_HEAD;
    for (let i = 0; i < 3; i += 1) head = await log.append(stream, head, draft(`n${i}`));
    const commits = await collect(log.raw(stream));
    const unit: Rollout = {
      kind: 'rollout',
      id: stream.id,
      commits,
      entry: { position: 1, plannedAt: AT, app: 'web', group: 'g', state: 'succeeded', summary: {} },
    };
    const store = await archived([unit], 1);
    const both = new ArchivedEventLog(log, new ArchiveReader(store));
    await log.purge({ ...stream, writer: 'plan' }, 1);
    await log.purge(stream, 4 - kept);
    return { log, both, unit };
  }

  it.each([0, 1, 2])('reads a rollout as if it still stood there, when %i of its commits still do', async (kept) => {
    const { both, unit } = await worldWith(kept);
    const { shard } = unit.commits[0]?.stream ?? { shard: '00' };
    const stream = { shard, writer: 'exec', id: unit.id } as const;
    const revs = async (from?: number): Promise<number[]> =>
      (await collect(both.read(stream, from))).map(({ head }) => head.rev);
    expect((await revs()).at(-1)).toBe(3);
    expect((await both.last(stream))?.head.rev).toBe(3);
    expect((await both.last({ ...stream, writer: 'plan' }))?.head.rev).toBe(1);
    await expect(both.append({ ...stream, writer: 'gate' }, EMPTY_HEAD, draft('again'))).rejects.toMatchObject({
      code: 'CONCURRENCY_CONFLICT',
    });
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const item of both.follow({ shards: [shard], id: unit.id, from: 0, signal: stop.signal })) {
      if (item.kind === 'live') break;
      seen.push(`${item.commit.stream.writer} ${item.commit.head.rev}`);
    }
    expect(seen.slice(0, 4)).toEqual(['plan 1', 'exec 1', 'exec 2', 'exec 3']);
  });

  it('completes what a killed server brought back of a rollout that had been purged', async () => {
    const whole = new InMemoryEventLog();
    const stream = freshStream('exec');
    const log = new InMemoryEventLog();
    const planned = draft('planned');
    for (const into of [whole, log]) await into.append({ ...stream, writer: 'plan' }, EMPTY_HEAD, planned);
    const begun = draft('begun');
    let head = await whole.append(stream, EMPTY_HEAD, begun);
    await log.append(stream, EMPTY_HEAD, begun);
    for (let i = 0; i < 3; i += 1) head = await whole.append(stream, head, draft(`n${i}`));
    const entry = { position: 1, plannedAt: AT, app: 'web', group: 'g', state: 'succeeded', summary: {} };
    const unit: Rollout = { kind: 'rollout', id: stream.id, commits: await collect(whole.raw(stream)), entry };
    const both = new ArchivedEventLog(log, new ArchiveReader(await archived([unit], 1)));
    const stop = new AbortController();
    const revs: number[] = [];
    for await (const item of both.follow({ shards: [stream.shard], writers: ['exec'], from: 0, signal: stop.signal })) {
      if (item.kind === 'live') break;
      revs.push(item.commit.head.rev);
    }
    expect(revs).toEqual([1, 1, 2, 3, 4]);
    expect((await collect(both.read(stream))).map(({ head: { rev } }) => rev)).toEqual([1, 2, 3, 4]);
  });

  it('completes what is taken from the log while a follower reads its past, before it says live', async () => {
    const log = new InMemoryEventLog();
    const store = new MemoryArchiveStore();
    const both = new ArchivedEventLog(log, new ArchiveReader(store));
    const stream = freshStream('exec');
    const plan = await log.append({ ...stream, writer: 'plan' }, EMPTY_HEAD, draft('planned'));
    let head = EMPTY_HEAD;
    for (let i = 0; i < 3; i += 1) head = await log.append(stream, head, draft(`n${i}`));
    const unit: Rollout = {
      kind: 'rollout',
      id: stream.id,
      commits: await collect(log.raw(stream)),
      entry: { position: 1, plannedAt: AT, app: 'web', group: 'g', state: 'succeeded', summary: {} },
    };
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const item of both.follow({ shards: [stream.shard], from: 0, signal: stop.signal })) {
      if (item.kind === 'live') break;
      seen.push(`${item.commit.stream.writer} ${item.commit.head.rev}`);
      if (seen.length > 1) continue;
      const writer = new ArchiveWriter(store);
      await writer.open();
      await writer.write([unit], AT);
      await log.purge({ ...stream, writer: 'plan' }, plan.position);
      await log.purge(stream, head.position);
    }
    expect(seen).toEqual(['plan 1', 'plan 1', 'exec 1', 'exec 2', 'exec 3']);
  });
});
