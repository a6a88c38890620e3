import {
  EMPTY_HEAD,
  groupStreamId,
  HOLD_STREAM,
  type HoldScope,
  shardOfGroup,
  type StreamHead,
  streamKey,
  type StreamName,
} from '@sluice/contracts';
import { ArchiveWriter, InMemoryEventLog, type PrunableStore, verifyArchive } from '@sluice/event-log';
import { finishedRollout, type PastRollout, pastRolloutId, VIRTUAL_EPOCH, VirtualClock } from '@sluice/testing';
import { beforeEach, describe, expect, it } from 'vitest';

import { unitOf } from '../engine/units.js';
import { pruneArchive, type PruneReport } from './prune.js';

const DAY = 86_400_000;

class Store implements PrunableStore {
  readonly files = new Map<string, Uint8Array>();

  async put(name: string, bytes: Uint8Array): Promise<boolean> {
    if (this.files.has(name)) return false;
    this.files.set(name, Uint8Array.from(bytes));
    return true;
  }

  async get(name: string, range?: { readonly offset: number; readonly length: number }) {
    const bytes = this.files.get(name);
    return range === undefined ? bytes : bytes?.subarray(range.offset, range.offset + range.length);
  }

  async list(folder: string): Promise<readonly string[]> {
    const prefix = `${folder}/`;
    return [...this.files.keys()].flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}

const pastOf = (n: number): PastRollout => ({
  ...{ app: n === 3 ? 'other' : 'hello', group: `g${n % 2}`, version: `${n}.0.0`, token: n, hosts: 2 },
  at: VIRTUAL_EPOCH - (500 - n) * DAY,
});
const idOf = (n: number): string => pastRolloutId(pastOf(n));

describe('sluice archive prune', () => {
  let log: InMemoryEventLog;
  let store: Store;
  let heads: Map<string, StreamHead>;
  let drafts = 0;

  const append = async (stream: StreamName, draft: Parameters<InMemoryEventLog['append']>[2]): Promise<void> => {
    const key = streamKey(stream);
    heads.set(key, await log.append(stream, heads.get(key) ?? EMPTY_HEAD, draft));
  };
  const said = (event: Parameters<InMemoryEventLog['append']>[2]['events'][number]['event'], stream: StreamName) =>
    append(stream, {
      ...{ id: `c${(drafts += 1)}`, at: VIRTUAL_EPOCH },
      events: [{ event, meta: { by: { id: 'lena', kind: 'user' }, cause: 'command:c', corr: 'c' } }],
    });
  const hold = (name: string, scope: HoldScope) =>
    said({ type: 'HoldPlaced', hold: name, scope, reason: 'a case' }, HOLD_STREAM);

  beforeEach(async () => {
    [log, store, heads] = [new InMemoryEventLog(), new Store(), new Map()];
    const writer = new ArchiveWriter(store);
    await writer.open();
    for (const n of [1, 2, 3, 4])
      for (const { stream, ...draft } of finishedRollout(pastOf(n)))
        if (stream.writer !== 'group') await append(stream, draft);
    for (const n of [1, 2, 3, 4]) {
      const commits = [];
      for await (const commit of log.raw({ shard: idOf(n).slice(1, 3), id: idOf(n) })) commits.push(commit);
      const unit = unitOf(idOf(n), commits);
      const { segment } = await writer.write(unit === undefined ? [] : [unit], VIRTUAL_EPOCH);
      await writer.markPurged(segment);
    }
  });

  const prune = (
    more: { dryRun?: boolean; isHeld?: boolean; from?: InMemoryEventLog; days?: number } = {},
  ): Promise<PruneReport> => {
    const { dryRun = false, isHeld = true, from = log, days = 400 } = more;
    const deps = { log: from, store, lease: { isHeld: () => isHeld }, clock: new VirtualClock() };
    return pruneArchive(deps, {
      olderThanMs: days * DAY,
      keepVersions: 2,
      by: 'user:lena',
      reason: 'kept for a year',
      dryRun,
    });
  };
  const idsOf = ({ pruned }: PruneReport): readonly string[] => pruned.map(({ id }) => id);

  it('deletes what is older and neither held nor needed', async () => {
    const group = 'g0';
    const stream: StreamName = { shard: shardOfGroup(group), writer: 'group', id: groupStreamId(group) };
    const success = { version: '2.0.0', rolloutId: idOf(2), strategy: 'rolling', sha256: 'a'.repeat(64) } as const;
    await said({ type: 'VersionSucceeded', ...success }, stream);
    expect(idsOf(await prune({ dryRun: true }))).not.toContain(idOf(2));
    for (const n of [5, 6]) await said({ type: 'VersionSucceeded', ...success, rolloutId: idOf(n) }, stream);
    expect(idsOf(await prune({ dryRun: true }))).toContain(idOf(2));
    await said({ type: 'VersionSucceeded', ...success }, stream);
    await hold('case-1', { kind: 'rollout', name: idOf(1) });
    await hold('case-2', { kind: 'app', name: 'other' });
    expect(idsOf(await prune({ dryRun: true }))).toEqual([idOf(4)]);
    const report = await prune();
    expect(idsOf(report)).toEqual([idOf(4)]);
    expect(report.holds).toEqual(['case-1', 'case-2']);
    expect(report.kept.map(({ why }) => why)).toEqual([
      `hold case-1, rollout ${idOf(1)}: a case`,
      'its group may be rolled back to it',
      'hold case-2, app other: a case',
    ]);
    expect((await verifyArchive(store)).faults).toEqual([]);
    await said({ type: 'HoldLifted', hold: 'case-1', reason: 'closed' }, HOLD_STREAM);
    expect(idsOf(await prune())).toEqual([idOf(1)]);
    expect(idsOf(await prune({ days: 499 }))).toEqual([]);
  });

  it('deletes nothing while a hold covers all, a group, or the time', async () => {
    await hold('case-3', { kind: 'period', from: VIRTUAL_EPOCH - 500 * DAY, until: VIRTUAL_EPOCH });
    expect(idsOf(await prune())).toEqual([]);
    await hold('case-4', { kind: 'all' });
    await said({ type: 'HoldLifted', hold: 'case-3', reason: 'closed' }, HOLD_STREAM);
    expect(idsOf(await prune())).toEqual([]);
    await hold('case-5', { kind: 'group', name: 'g1' });
    await said({ type: 'HoldLifted', hold: 'case-4', reason: 'closed' }, HOLD_STREAM);
    expect(idsOf(await prune())).toEqual([idOf(2), idOf(4)]);
  });

  it('refuses when the holds cannot be read: another log, one that does not answer, one that lost some', async () => {
    const before = new Map(store.files);
    const refused = { code: 'HOLDS_UNREADABLE' };
    await expect(prune({ from: new InMemoryEventLog() })).rejects.toMatchObject(refused);
    const away = Object.assign(Object.create(log) as InMemoryEventLog, {
      position: () => Promise.reject(new Error('no server')),
    });
    await expect(prune({ from: away })).rejects.toMatchObject(refused);
    await hold('case-6', { kind: 'all' });
    await hold('case-7', { kind: 'all' });
    const cut = Object.assign(Object.create(log) as InMemoryEventLog, {
      position: () => log.position(),
      follow: log.follow.bind(log),
      read: (stream: StreamName) => log.read(stream, 2),
    });
    await expect(prune({ from: cut })).rejects.toMatchObject(refused);
    await expect(prune({ isHeld: false, days: 1 })).resolves.toMatchObject({ pruned: [] });
    expect(store.files).toEqual(before);
  });
});
