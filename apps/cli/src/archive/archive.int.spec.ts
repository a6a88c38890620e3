import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { unitOf } from '@sluice/archiver';
import { EMPTY_HEAD } from '@sluice/contracts';
import { ArchiveWriter, DirectoryArchiveStore, InMemoryEventLog, type RawCommit } from '@sluice/event-log';
import { finishedRollout, type PastRollout, pastRolloutId } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sluice } from '../cli.suite.js';
import { EXIT } from '../client/exit.js';

const PAST: PastRollout = { app: 'hello', group: 'g', version: '1.0.0', token: 1, hosts: 2, at: 1_767_225_600_000 };

describe('sluice archive verify', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice verified '));
    const log = new InMemoryEventLog();
    const heads = new Map<string, typeof EMPTY_HEAD>();
    for (const { stream, ...draft } of finishedRollout(PAST))
      heads.set(stream.writer, await log.append(stream, heads.get(stream.writer) ?? EMPTY_HEAD, draft));
    const id = pastRolloutId(PAST);
    const commits: RawCommit[] = [];
    for await (const commit of log.raw({ shard: id.slice(1, 3), id })) commits.push(commit);
    const writer = new ArchiveWriter(new DirectoryArchiveStore(folder));
    await writer.open();
    await writer.write(
      [unitOf(id, commits)].flatMap((unit) => unit ?? []),
      PAST.at,
    );
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const verify = (...args: string[]) => sluice('http://127.0.0.1:1', 'archive', 'verify', ...args);

  it('says that an archive is whole, needing no service', async () => {
    const { exit, out } = await verify(folder);
    expect(out).toContain('1 segments, 1 rollouts, 10 commits');
    expect(out).toContain('whole: nothing is missing and nothing was changed');
    expect(exit).toBe(EXIT.ok);
    expect(JSON.parse((await verify(folder, '-o', 'json')).out)).toMatchObject({ rollouts: 1, faults: [] });
  });

  it('fails when one byte is another, and when there is no such folder', async () => {
    const [data = ''] = (await readdir(join(folder, 'segments'))).filter((name) =>
      /-[0-9a-f]{12}\.jsonl\.gz$/.test(name),
    );
    const bytes = await readFile(join(folder, 'segments', data));
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await writeFile(join(folder, 'segments', data), bytes);
    const { exit, out } = await verify(folder);
    expect(out).toContain('FAULT: ');
    expect(exit).toBe(EXIT.failed);
    expect((await verify(join(folder, 'nowhere'))).exit).toBe(EXIT.notFound);
    const aged = ['--older-than', '400d', '--reason', 'a year', '--dry-run'];
    const pruned = await sluice('http://127.0.0.1:1', 'archive', 'prune', join(folder, 'nowhere'), ...aged);
    expect([pruned.exit, pruned.err]).toEqual([EXIT.notFound, expect.stringContaining('there is no folder')]);
  });
});
