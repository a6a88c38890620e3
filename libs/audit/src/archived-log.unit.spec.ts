import { type ArchiveStore, ArchiveWriter, type UnitToArchive } from '@sluice/event-log';
import { describe, expect, it } from 'vitest';

import { archivedLog } from './archived-log.js';
import { checkpointOf, codesOf, sourceOf, type Stored, WrittenLog } from './log.suite.js';
import { type CommitSource, inLogOrder } from './source.js';
import { verifyLog } from './verify.js';

class FilesInMemory implements ArchiveStore {
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
