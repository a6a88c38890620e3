import { gunzipSync, gzipSync } from 'node:zlib';

import { EMPTY_HEAD, type StreamHead, streamKey } from '@sluice/contracts';
import { finishedRollout, type PastRollout, pastRolloutId } from '@sluice/testing';
import { beforeEach, describe, expect, it } from 'vitest';

import { InMemoryEventLog } from '../in-memory-event-log.js';
import type { RawCommit } from '../recorded.js';
import { ArchiveReader } from './archive-reader.js';
import { ArchiveWriter } from './archive-writer.js';
import { MemoryArchiveStore } from './memory-store.suite.js';
import { type Keep, type PrunedSegment, type PruneOptions, pruneSegments } from './pruner.js';
import type { ArchiveStore, PrunableStore } from './store.js';
import { type ArchivedUnit, archivedUnits } from './units.js';
import { verifyArchive } from './verify.js';

const DAY = 86_400_000;
const NOW = 1_767_225_600_000;
const pastOf = (n: number): PastRollout => ({
  ...{ app: 'hello', group: `g${n % 3}`, version: `${n}.0.0`, token: n, hosts: 2, at: NOW - (40 - n) * DAY },
});
const idOf = (n: number): string => pastRolloutId(pastOf(n));
const ALL = Array.from({ length: 12 }, (_, i) => i + 1);

const readOnly = (store: PrunableStore): ArchiveStore => ({
  put: () => Promise.reject(new Error('it is only read')),
  get: (name, range) => store.get(name, range),
  list: (folder) => store.list(folder),
});

describe('pruning an archive', () => {
  let store: MemoryArchiveStore;
  /** What every rollout was before anything was pruned. */
  let raw: Map<string, readonly RawCommit[]>;

  beforeEach(async () => {
    store = new MemoryArchiveStore();
    raw = new Map();
    const [log, heads] = [new InMemoryEventLog(), new Map<string, StreamHead>()];
    const writer = new ArchiveWriter(store);
    await writer.open();
    for (const n of ALL)
      for (const { stream, ...draft } of finishedRollout(pastOf(n)))
        heads.set(streamKey(stream), await log.append(stream, heads.get(streamKey(stream)) ?? EMPTY_HEAD, draft));
    for (let first = 1; first <= ALL.length; first += 4) {
      const units = [];
      for (let n = first; n < first + 4; n += 1) {
        const id = idOf(n);
        const commits: RawCommit[] = [];
        for await (const commit of log.raw({ shard: id.slice(1, 3), id })) commits.push(commit);
        raw.set(id, commits);
        const entry = {
          position: n,
          plannedAt: pastOf(n).at,
          app: 'hello',
          group: pastOf(n).group,
          state: 'succeeded',
        };
        units.push({ kind: 'rollout' as const, id, commits, entry: { ...entry, summary: { n } } });
      }
      const { segment } = await writer.write(units, NOW);
      await writer.markPurged(segment);
    }
  });

  async function prune(
    keep: Keep = () => undefined,
    more: Partial<PruneOptions> = {},
    into: PrunableStore = store,
  ): Promise<readonly PrunedSegment[]> {
    const rules = async () => ({ keep, holds: ['case-7'] });
    const options = {
      now: NOW,
      by: 'user:ana',
      reason: 'kept for a year',
      before: NOW - 30 * DAY,
      rules,
      isHeld: () => true,
    };
    const done: PrunedSegment[] = [];
    for await (const segment of pruneSegments(into, { ...options, ...more })) done.push(segment);
    return done;
  }

  const prunedIn = (done: readonly PrunedSegment[]) => done.flatMap(({ pruned }) => pruned.map(({ id }) => id));
  const contentOf = (): Buffer => Buffer.concat([...store.files.values()].map((bytes) => Buffer.from(bytes)));

  /** What stays is byte for byte what it was; of what went the hashes are left that it had. */
  async function expectWhole(gone: readonly string[]): Promise<void> {
    expect((await verifyArchive(store)).faults).toEqual([]);
    const reader = new ArchiveReader(store);
    for await (const unit of archivedUnits(store)) {
      const { id, pruned } = unit;
      const before = raw.get(id) ?? [];
      expect(await reader.has(id)).toBe(true);
      expect(pruned !== undefined).toBe(gone.includes(id));
      const now = pruned ?? (await unit.read());
      expect(now.map(({ position }) => position)).toEqual(before.map(({ position }) => position));
      const commits = gone.includes(id) ? undefined : await reader.commitsOf(id);
      expect(commits?.map(({ bytes }) => Buffer.from(bytes))).toEqual(
        gone.includes(id) ? undefined : before.map(({ bytes }) => Buffer.from(bytes)),
      );
    }
  }

  it('deletes what is old enough and nothing else, and keeps hashes of it', async () => {
    const reader = new ArchiveReader(store);
    const [gone, stays] = [idOf(1), idOf(12)];
    expect(await reader.commitsOf(stays)).toBeDefined();
    const size = contentOf().length;
    const done = await prune();
    const expected = ALL.filter((n) => n < 10).map(idOf);
    expect(prunedIn(done)).toEqual(expected);
    await expectWhole(expected);
    expect(contentOf().length).toBeLessThan(size);
    // A reader that was open before finds what moved, and is told of what went.
    await expect(reader.commitsOf(gone)).rejects.toMatchObject({ code: 'PRUNED' });
    expect(await reader.commitsOf(idOf(11))).toHaveLength(raw.get(idOf(11))?.length ?? 0);
    expect(await reader.prunedOf(gone)).toHaveLength(raw.get(gone)?.length ?? 0);
    expect((await verifyArchive(store)).prunes[0]).toMatchObject({ by: 'user:ana', reason: 'kept for a year' });
    expect(await prune()).toEqual([]);
  });

  it('keeps what it is told to keep until it is not, in a chain of tombstones', async () => {
    const held = idOf(2);
    const first = await prune(({ id }) => (id === held ? 'hold case-7' : undefined));
    expect(first[0]?.kept).toEqual([{ id: held, why: 'hold case-7' }]);
    await expectWhole(ALL.filter((n) => n < 10 && n !== 2).map(idOf));
    expect(prunedIn(await prune())).toEqual([held]);
    await expectWhole(ALL.filter((n) => n < 10).map(idOf));
    expect([...store.files.keys()].filter((name) => name.startsWith('pruned/'))).toHaveLength(4);
  });

  it('says what it would do, and touches nothing: dry run, rules that cannot be read, a lock that is lost', async () => {
    const before = new Map(store.files);
    expect(prunedIn(await prune(undefined, { dryRun: true }))).toHaveLength(9);
    const rules = () => Promise.reject(new Error('the log cannot be reached'));
    await expect(prune(undefined, { rules })).rejects.toThrow('the log cannot be reached');
    await expect(prune(undefined, { isHeld: () => false })).rejects.toMatchObject({ code: 'ARCHIVE_CONTENDED' });
    expect(store.files).toEqual(before);
  });

  it('killed at any write or deletion, is finished by the next one', async () => {
    const expected = ALL.filter((n) => n < 10).map(idOf);
    const start = new Map(store.files);
    for (let at = 1; ; at += 1) {
      store.files.clear();
      for (const [name, bytes] of start) store.files.set(name, bytes);
      let acts = 0;
      store.failAt = () => (acts += 1) >= at;
      const isKilled = await prune().then(
        () => false,
        () => true,
      );
      store.failAt = undefined;
      if (!isKilled) break;
      expect((await verifyArchive(store)).faults, `killed at ${at}`).toEqual([]);
      await prune();
      await expectWhole(expected);
      const verdict = await verifyArchive(store);
      expect(verdict.strays, `killed at ${at}`).toEqual([]);
    }
  });

  describe('whose lease ran out while it stalled', () => {
    const isData = (name: string): boolean => /^segments\/\d{8}-[\da-f]{12}\.jsonl/.test(name);
    const keep: Keep = ({ id }) => (id === idOf(2) ? 'held' : undefined);
    const through = (hooks: Partial<PrunableStore>): PrunableStore => ({
      put: (name, bytes) => store.put(name, bytes),
      get: (name, range) => store.get(name, range),
      list: (folder) => store.list(folder),
      remove: (name) => store.remove(name),
      ...hooks,
    });

    /** It stalls before its first tombstone, until `meanwhile` has resolved, and has no lease after that. */
    async function stalled(meanwhile: () => Promise<void>): Promise<unknown> {
      let isHeld = true;
      const put: PrunableStore['put'] = async (name, bytes) => {
        if (isHeld && name.startsWith('pruned/')) {
          await meanwhile();
          isHeld = false;
        }
        return store.put(name, bytes);
      };
      return prune(keep, { isHeld: () => isHeld }, through({ put })).catch((error: unknown) => error);
    }

    it('puts what its tombstone names once more when another one took it for a left-over', async () => {
      let leftOver = 0;
      const error = await stalled(async () => {
        for (const done of await prune(() => 'held')) leftOver += done.leftOver;
      });
      expect(error).toMatchObject({ code: 'ARCHIVE_CONTENDED' });
      expect(leftOver).toBe(1);
      expect((await verifyArchive(store)).faults).toEqual([]);
      await prune(keep);
      await expectWhole(ALL.filter((n) => n < 10 && n !== 2).map(idOf));
    });

    it('has it put back by the other one when that deleted it after the tombstone', async () => {
      let resume = (): void => {};
      const resumed = new Promise<void>((resolve) => (resume = resolve));
      let other: Promise<unknown> | undefined;
      const first = stalled(() => {
        other = prune(() => 'held', {}, through({ remove })).catch((error: unknown) => error);
        return resumed;
      });
      async function remove(name: string): Promise<void> {
        if (isData(name)) {
          resume();
          await first;
        }
        await store.remove(name);
      }
      expect(await first).toMatchObject({ code: 'ARCHIVE_CONTENDED' });
      expect(await other).toMatchObject({ code: 'ARCHIVE_CONTENDED' });
      expect((await verifyArchive(store)).faults).toEqual([]);
      await prune(keep);
      await expectWhole(ALL.filter((n) => n < 10 && n !== 2).map(idOf));
    });
  });

  it('is no damage for who has listed the units before: they lie elsewhere now, or are told as pruned', async () => {
    const listed: ArchivedUnit[] = [];
    for await (const unit of archivedUnits(store)) listed.push(unit);
    await prune(({ id }) => (id === idOf(2) ? 'held' : undefined));
    for (const { id, read, content } of listed) {
      const before = raw.get(id) ?? [];
      const { commits, left } = await content();
      expect((commits ?? left).map(({ position }) => position)).toEqual(before.map(({ position }) => position));
      expect(left === undefined).toBe(id === idOf(2) || ALL.slice(9).map(idOf).includes(id));
      const found = await read().catch((error: unknown) => error);
      expect(found).toMatchObject(left === undefined ? { length: before.length } : { code: 'PRUNED' });
    }
    // What no tombstone explains is damage.
    for (const name of store.files.keys()) if (/-[\da-f]{12}\.jsonl/.test(name)) store.files.delete(name);
    await expect(listed[1]?.read()).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
  });

  it('is no fault while the archive is verified', async () => {
    let isPruned = false;
    const list: PrunableStore['list'] = async (folder) => {
      const names = await store.list(folder);
      if (folder === 'pruned' && !isPruned) {
        isPruned = true;
        await prune(({ id }) => (id === idOf(2) ? 'held' : undefined));
      }
      return names;
    };
    const { faults, strays, pruned } = await verifyArchive({ ...readOnly(store), list });
    expect([faults, strays, pruned]).toEqual([[], [], 8]);
  });

  it('deletes no left-over while what stays is not there', async () => {
    await prune(({ id }) => (id === idOf(2) ? 'held' : undefined));
    const [name = ''] = [...store.files.keys()].filter((file) => /^segments\/0{7}1-[\da-f]{12}\.jsonl/.test(file));
    const left = store.files.get(name) ?? new Uint8Array();
    store.files.set('segments/00000001-0123456789ab.jsonl.gz', new Uint8Array(3));
    store.files.set(name, left.subarray(1));
    await expect(prune()).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
    expect(store.files.has('segments/00000001-0123456789ab.jsonl.gz')).toBe(true);
    store.files.set(name, left);
    expect((await prune())[0]?.leftOver).toBe(1);
    expect(store.files.has('segments/00000001-0123456789ab.jsonl.gz')).toBe(false);
  });

  it('finds a tombstone that was changed or taken away, and a hash in it that was', async () => {
    await prune();
    const [name = ''] = [...store.files.keys()].filter((file) => file.startsWith('pruned/'));
    const bytes = store.files.get(name) ?? new Uint8Array();
    const text = gunzipSync(bytes).toString();
    const sha = /"sha256":"([\da-f]{64})","leaf"/.exec(text)?.[1] ?? '';
    store.files.set(name, gzipSync(text.replace(sha, '0'.repeat(64))));
    expect((await verifyArchive(store)).faults.join()).toContain('is not what its manifest says');
    store.files.delete(name);
    expect((await verifyArchive(store)).faults.join()).toContain('is missing');
  });
});
