import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NatsConnection } from '@nats-io/nats-core';
import { unitOf } from '@sluice/archiver';
import { EMPTY_HEAD, HOLD_STREAM, type StreamHead, streamKey, type StreamName } from '@sluice/contracts';
import {
  ArchiveWriter,
  DirectoryArchiveStore,
  JetStreamArchiveSource,
  JetStreamEventLog,
  type RawCommit,
} from '@sluice/event-log';
import { accessEntries, connectNats, provision } from '@sluice/messaging';
import {
  finishedRollout,
  type PastRollout,
  pastRolloutId,
  type RunningNatsServer,
  startNatsServer,
} from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sluice } from '../cli.suite.js';
import { EXIT } from '../client/exit.js';

const past = (n: number): PastRollout => ({
  ...{ app: 'hello', group: `g${n}`, version: '1.0.0', token: 1, hosts: 2, at: 1_700_000_000_000 + n * 60_000 },
});
const idOf = (n: number): string => pastRolloutId(past(n));

describe('sluice archive prune, with a log on JetStream', { timeout: 120_000 }, () => {
  let folder: string;
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let log: JetStreamEventLog;
  const heads = new Map<string, StreamHead>();
  const at = (name: string): string => join(folder, name);
  const run = (...args: string[]) => sluice('http://127.0.0.1:1', ...args);
  const prune = (...args: string[]) =>
    run(
      'archive',
      'prune',
      at('archive'),
      '--older-than',
      '400d',
      '--reason',
      'a year',
      '--nats',
      server.url,
      '--actor',
      'user:lena',
      ...args,
    );

  const append = async (stream: StreamName, draft: Parameters<JetStreamEventLog['append']>[2]): Promise<void> => {
    const key = streamKey(stream);
    heads.set(key, await log.append(stream, heads.get(key) ?? EMPTY_HEAD, draft));
  };

  beforeEach(async () => {
    heads.clear();
    folder = await mkdtemp(join(tmpdir(), 'sluice pruned '));
    server = await startNatsServer({ storeDir: at('store') });
    nats = await connectNats({ servers: server.url, name: 'prune' });
    await provision(nats);
    log = new JetStreamEventLog(nats);
    const source = new JetStreamArchiveSource(nats);
    const writer = new ArchiveWriter(new DirectoryArchiveStore(at('archive')));
    await writer.open();
    for (const n of [1, 2]) {
      const id = idOf(n);
      for (const { stream, ...draft } of finishedRollout(past(n)))
        if (stream.writer !== 'group') await append(stream, draft);
      const commits: RawCommit[] = [];
      for await (const commit of source.raw({ shard: id.slice(1, 3), id })) commits.push(commit);
      const unit = unitOf(id, commits);
      const { segment, units } = await writer.write(unit === undefined ? [] : [unit], 1);
      for (const { writer: by, through } of units[0]?.streams ?? [])
        await source.purge({ shard: id.slice(1, 3), writer: by, id }, through);
      await writer.markPurged(segment);
    }
  }, 60_000);
  afterEach(async () => {
    await nats.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('deletes what no hold covers; old checkpoints and the archive hold, and who did it is written down', async () => {
    const by = { id: 'lena', kind: 'user' } as const;
    const hold = {
      type: 'HoldPlaced',
      hold: 'case-7',
      scope: { kind: 'group', name: 'g2' },
      reason: 'case 7',
    } as const;
    const events = [{ event: hold, meta: { by, cause: 'command:c', corr: 'c' } }];
    await append(HOLD_STREAM, { id: 'hold-1', at: 1_790_000_000_000, events });
    const live = ['--nats', server.url, '--archive', at('archive')];
    await run('audit', 'keygen', 'sluice.example/log', '--out', at('key'));
    const signed = await run('audit', 'checkpoint', ...live, '--signer', at('key'), '--out', at('checkpoint'));
    expect(signed).toMatchObject({ exit: EXIT.ok, err: '' });

    const signature = ['--checkpoint', at('checkpoint'), '--key', at('key.pub')];
    await run('audit', 'population', ...live, ...signature, '--out', at('all'));

    expect((await prune('--dry-run')).out).toContain(`would go: rollout ${idOf(1)}`);
    const done = await prune();
    expect(done).toMatchObject({ exit: EXIT.ok, err: '' });
    expect(done.out).toContain(`gone: rollout ${idOf(1)}`);
    expect(done.out).toContain(`stays: ${idOf(2)}: hold case-7, group g2: case 7`);
    const written = [];
    for await (const entry of accessEntries(nats)) written.push([entry.by, entry.what]);
    expect(written).toContainEqual(['user:lena', 'prune']);

    const verified = await run('audit', 'verify', ...live, ...signature, '--no-events');
    expect(verified.out).toContain('1 of 1 checkpoints hold');
    expect(verified.out).toContain('commits were pruned from the archive');
    expect(verified.exit).toBe(EXIT.ok);
    const archive = await run('archive', 'verify', at('archive'));
    expect(archive.out).toContain('1 units were pruned');
    expect(archive.exit).toBe(EXIT.ok);
    expect((await run('audit', 'record', idOf(1), ...live)).err).toContain('was pruned from the archive');
    expect((await run('audit', 'record', idOf(2), ...live)).exit).toBe(EXIT.ok);
    const population = await run('audit', 'population', ...live, '-o', 'json');
    expect(JSON.parse(population.out)).toMatchObject({ totals: { rollouts: 1, pruned: 1 } });
    // One that was made before holds, and says what nobody can make anew.
    const again = await run('audit', 'verify-population', at('all'), ...live, '--key', at('key.pub'));
    expect(again.out).toContain('1 rows were pruned since');
    expect(again).toMatchObject({ exit: EXIT.ok, err: '' });
  });

  it('deletes nothing when the log is not the one that knows the holds', async () => {
    await server.stop();
    server = await startNatsServer({ storeDir: at('another') });
    const other = await connectNats({ servers: server.url, name: 'another' });
    await provision(other);
    await other.close();
    const { exit, err } = await prune();
    expect(err).toContain('it is another log');
    expect(exit).toBe(EXIT.error);
    expect((await run('archive', 'verify', at('archive'))).out).not.toContain('pruned');
  });
});
