import { ArchiveWriter, type PrunableStore, pruneSegments, type UnitToArchive } from '@sluice/event-log';
import { describe, expect, it } from 'vitest';

import { archivedLog } from './archived-log.js';
import { checkpointOf, codesOf, rewritten, sourceOf, type Stored, textOf, withText, WrittenLog } from './log.suite.js';
import { type CommitSource, inLogOrder } from './source.js';
import { verifyLog } from './verify.js';

class FilesInMemory implements PrunableStore {
  readonly files = new Map<string, Uint8Array>();

  async put(name: string, bytes: Uint8Array): Promise<boolean> {
    if (!this.files.has(name)) this.files.set(name, bytes);
    return true;
  }

  async get(
    name: string,
    range?: { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array | undefined> {
    const bytes = this.files.get(name);
    return range === undefined ? bytes : bytes?.subarray(range.offset, range.offset + range.length);
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }

  async list(folder: string): Promise<readonly string[]> {
    return [...this.files.keys()].flatMap((name) =>
      name.startsWith(`${folder}/`) ? name.slice(folder.length + 1) : [],
    );
  }
}

const log = new WrittenLog().whole().another().whole().another().whole().another().started();
const { commits } = log;
const ids = [...new Set(commits.map(({ stream }) => stream.id))];
const of = (id: string): readonly Stored[] => commits.filter(({ stream }) => stream.id === id);
const [first = '', group = '', second = '', third = ''] = ids;

const unit = (kind: 'group' | 'refusal', id: string, from = 0, to?: number): UnitToArchive => ({
  kind,
  id,
  commits: of(id).slice(from, to),
});

/** The later rollouts first, and the group in two parts. */
async function archived(): Promise<FilesInMemory> {
  const store = new FilesInMemory();
  const writer = new ArchiveWriter(store);
  await writer.open();
  await writer.write([unit('refusal', third), unit('group', group, 0, 3)], 1);
  await writer.write([unit('refusal', first), unit('group', group, 3, 5), unit('refusal', second)], 2);
  return store;
}

async function positionsOf(source: CommitSource): Promise<readonly number[]> {
  const positions: number[] = [];
  for await (const { position } of source) positions.push(position);
  return positions;
}

describe('an archive', () => {
  it('is read in the order of the log', async () => {
    const positions = await positionsOf(archivedLog(await archived()));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(positions).toHaveLength([first, second, third].flatMap(of).length + 5);
    expect(await positionsOf(archivedLog(new FilesInMemory()))).toEqual([]);
  });

  it('and what is left of the log are one log again, whatever stands in both', async () => {
    const isArchived = ({ stream }: Stored): boolean => [first, second, third].includes(stream.id);
    const left = commits.filter((commit) => !isArchived(commit) || commit.position < 6);
    const report = await verifyLog(inLogOrder([archivedLog(await archived()), sourceOf(left)]), {
      checkpoints: [checkpointOf(commits)],
    });
    expect(report).toMatchObject({ ok: true, open: 1, checkpoints: { held: 1 }, counts: { commits: commits.length } });
    // Without its archive the log lacks what was archived.
    const alone = await verifyLog(
      sourceOf(commits.filter(({ stream }) => stream.id !== first || stream.writer !== 'plan')),
    );
    expect(codesOf(alone)).toContain('PLAN_MISSING');
  });

  it('that is damaged is said to be so', async () => {
    const store = await archived();
    const [name = '', bytes = new Uint8Array()] = [...store.files].find(([file]) => file.endsWith('jsonl.gz')) ?? [];
    store.files.set(name, bytes.subarray(0, 40));
    const report = await verifyLog(archivedLog(store));
    expect(report.findings).toEqual([expect.objectContaining({ code: 'SOURCE_BROKEN' })]);
  });
});

describe('an archive that somebody wrote anew', () => {
  const course = commits.filter(({ stream }) => stream.writer === 'exec' && stream.id === first);
  const never = (): never => {
    throw new Error('there is no such commit');
  };
  const at = (i: number): number => commits.indexOf(course[i] ?? never());
  const placed = (all: readonly Stored[]): readonly Stored[] =>
    all.map((commit, i) => ({ ...commit, position: i + 1 }));
  const swapped = (): readonly Stored[] =>
    placed(commits.with(at(2), course[3] ?? never()).with(at(3), course[2] ?? never()));
  const approval = commits.findIndex((commit) => textOf(commit).includes('"ApprovalGranted"'));

  const changed = (): readonly Stored[] =>
    commits.with(
      at(2),
      withText(course[2] ?? never(), (text) => text.replace('commit-', 'commit_')),
    );
  const forged = (): readonly Stored[] =>
    rewritten(commits, approval, (text) => text.replace('"id":"piet"', '"id":"rita"'));

  async function archivedAnew(all: readonly Stored[]): Promise<FilesInMemory> {
    const store = new FilesInMemory();
    const writer = new ArchiveWriter(store);
    await writer.open();
    const units = new Map<string, Stored[]>();
    for (const commit of all) units.set(commit.stream.id, [...(units.get(commit.stream.id) ?? []), commit]);
    await writer.write(
      [...units].map(([id, own]) => ({ kind: 'refusal', id, commits: own })),
      1,
    );
    return store;
  }

  it.each([
    ['was cut', () => commits.slice(0, -3), 'TAIL_CUT'],
    ['has a forged approval', forged, 'I13'],
  ] as const)('%s, and that is found', async (_, tampered, code) => {
    const store = await archivedAnew(tampered());
    const report = await verifyLog(archivedLog(store), { checkpoints: [checkpointOf(commits)] });
    expect(codesOf(report)).toContain(code);
    expect(report.checkpoints).toEqual({ given: 1, held: 0 });
  });

  it.each([
    ['lacks a commit', () => commits.toSpliced(at(2), 1)],
    ['has a pair the other way round', swapped],
    ['has another byte', changed],
  ] as const)('%s, and is none: its chains are its first check', async (_, tampered) => {
    await expect(archivedAnew(tampered())).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
  });
});

describe('an archive that was pruned', () => {
  /** All but what is held. */
  async function pruned(held: readonly string[] = []): Promise<FilesInMemory> {
    const store = await archived();
    await prune(store, held);
    return store;
  }

  async function prune(store: FilesInMemory, held: readonly string[] = []): Promise<void> {
    await new ArchiveWriter(store).markPurged(2);
    const rules = async () => ({
      keep: ({ id }: { id: string }) => (held.includes(id) ? 'held' : undefined),
      holds: held,
    });
    const options = { now: 2, by: 'user:ana', reason: 'a year', before: Infinity, rules, isHeld: () => true };
    for await (const { segment } of pruneSegments(store, options)) expect(segment).toBeGreaterThan(0);
  }

  const whole = (store: FilesInMemory): CommitSource => {
    const inArchive = new Set(commits.filter(({ stream }) => isArchived(stream.id)).map(({ position }) => position));
    const left = commits.filter(({ stream, position }) =>
      stream.id !== group ? !inArchive.has(position) : position > lastOfGroup,
    );
    return inLogOrder([archivedLog(store), sourceOf(left)]);
  };
  const isArchived = (id: string): boolean => [first, group, second, third].includes(id);
  const lastOfGroup = of(group)[4]?.position ?? 0;

  it('holds against every old checkpoint, by one thread and by several, and says what is gone', async () => {
    const store = await pruned();
    const checkpoints = [checkpointOf(commits), checkpointOf(commits.slice(0, 9))];
    for (const options of [
      { checkpoints },
      { checkpoints, threads: 2, sharedFrom: 1 },
      { checkpoints, events: false },
    ]) {
      const report = await verifyLog(whole(store), options);
      expect(report.findings).toEqual([]);
      expect(report).toMatchObject({
        ok: true,
        checkpoints: { given: 2, held: 2 },
        counts: { commits: commits.length },
      });
      expect(report.pruned).toBeGreaterThan(30);
    }
  });

  it('holds what was held, and finds a hash that was changed', async () => {
    const store = await pruned([first, group]);
    const report = await verifyLog(whole(store), { checkpoints: [checkpointOf(commits)] });
    expect([report.ok, report.pruned]).toEqual([true, of(second).length + of(third).length]);
    expect(report.unjudged).toEqual([second, third].toSorted());
    const changed = async function* (): CommitSource {
      for await (const commit of whole(store)) {
        const { pruned: kept } = commit;
        yield kept?.rev === 2
          ? { ...commit, pruned: { ...kept, leaf: Buffer.alloc(32), sha256: '0'.repeat(64) } }
          : commit;
      }
    };
    expect(codesOf(await verifyLog(changed(), { checkpoints: [checkpointOf(commits)] }))).toEqual(
      expect.arrayContaining(['CHAIN_BROKEN', 'ROOT_MISMATCH']),
    );
  });

  it('keeps what happened in a group whose own history went', async () => {
    const report = await verifyLog(whole(await pruned([first, second, third])), {
      checkpoints: [checkpointOf(commits)],
    });
    expect(report.findings).toEqual([]);
  });

  it('while it is read is whole to the end, and says what went', async () => {
    const store = await archived();
    const meanwhile = async function* (): CommitSource {
      for await (const commit of whole(store)) {
        if (commit.position === 2) await prune(store, [second, group]);
        yield commit;
      }
    };
    const report = await verifyLog(meanwhile(), { checkpoints: [checkpointOf(commits)] });
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ ok: true, checkpoints: { held: 1 }, counts: { commits: commits.length } });
    expect(report.unjudged).toEqual([third]);
  });

  it('takes a commit that a killed server brought back for the one that was pruned', async () => {
    const report = await verifyLog(inLogOrder([whole(await pruned()), sourceOf(commits.slice(0, 4))]));
    expect(report.findings).toEqual([]);
    expect(report.counts.commits).toBe(commits.length);
  });
});
