import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { encodeCommit, groupStreamId, shardOfGroup, STREAMS, SUBJECTS } from '@sluice/contracts';
import { REPOSITORY } from '@sluice/demo';
import { provision, recordAccess, type RunningService, serveAccess } from '@sluice/messaging';
import { newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { accounts } from '../e2e/support/accounts.js';

const MIRROR = 'LOG_MIRROR';
const BOUND_MS = 30_000;
const run = promisify(execFile);

const stream = { shard: shardOfGroup('web'), writer: 'group', id: groupStreamId('web') } as const;
const LOG = SUBJECTS.log(stream);
const commit = encodeCommit({
  ...{ id: 'c1', stream, rev: 1, at: 1, prev: '' },
  events: [
    {
      event: { type: 'HostExcluded', host: 'a', reason: 'spare' },
      meta: { by: { id: 'ana', kind: 'user' }, cause: 'c', corr: '' },
    },
  ],
});

describe('auditors in an account of their own', { timeout: 120_000 }, () => {
  let server: RunningNatsServer;
  let core: NatsConnection;
  let auditor: NatsConnection;
  let service: RunningService | undefined;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice auditor '));
    server = await startNatsServer({ configExtra: accounts() });
    core = await connect({ servers: server.url, user: 'sluice', pass: 'pw-core' });
    auditor = await connect({ servers: server.url, user: 'auditor', pass: 'pw-audit' });
    await provision(core);
    await jetstream(core).publish(LOG, commit);
    const manager = await jetstreamManager(auditor);
    const external = { api: 'CORE.JS', deliver: 'sluice.mirror' };
    await manager.streams.add({ name: MIRROR, mirror: { name: STREAMS.log, external } });
  }, 60_000);
  afterAll(async () => {
    await service?.stop();
    await Promise.all([core.close(), auditor.close()]);
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const serve = async (): Promise<void> => {
    service ??= serveAccess({ nats: core, clock: systemClock, newId: newUlid });
    await core.flush();
  };
  const recordAt = async (seq: number): Promise<Record<string, unknown> | undefined> => {
    const manager = await jetstreamManager(core);
    return (await manager.streams.getMessage(STREAMS.access, { seq }))?.json();
  };
  const draft = { by: 'user:somebody', account: 'sluice', what: 'export', format: 'csv' } as const;
  const audit = (...args: readonly string[]) => {
    const main = join(REPOSITORY, 'apps', 'cli', 'dist', 'main.js');
    const env = { PATH: process.env['PATH'], SLUICE_NATS_URL: server.url, SLUICE_NATS_CREDENTIALS: 'auditor:pw-audit' };
    return run(process.execPath, [main, 'audit', ...args], { env, timeout: BOUND_MS });
  };

  it('mirror the log, as it was written', async () => {
    const manager = await jetstreamManager(auditor);
    const written = async () => (await manager.streams.info(MIRROR)).state.messages === 1;
    await vi.waitUntil(written, { timeout: BOUND_MS, interval: 50 });
    const first = await manager.streams.getMessage(MIRROR, { seq: 1 });
    expect(Buffer.from(first?.data ?? []).equals(Buffer.from(commit))).toBe(true);
    expect(first?.subject).toBe(LOG);
  });

  it('are told nothing that cannot be recorded', async () => {
    const nobody = recordAccess(auditor, { ...draft, id: newUlid(), at: 1 });
    await expect(nobody).rejects.toMatchObject({ code: 'ACCESS_NOT_RECORDED' });
    const refused = await audit('export', '--mirror', MIRROR, '--out', join(folder, 'secret')).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing is exported') });
    expect(await readdir(folder)).not.toContain('secret');
  });

  it('are recorded by the user that the server knows, whatever they say', async () => {
    await serve();
    const { position } = await recordAccess(auditor, { ...draft, id: newUlid(), at: 5, filter: { app: 'web' } });
    const written = await recordAt(position);
    expect(written).toMatchObject({ v: 1, by: 'user:somebody', account: 'auditor', filter: { app: 'web' } });
    expect(written?.['server']).toMatchObject({ account: 'AUDIT', user: 'auditor' });
    expect(written?.['at']).toBeGreaterThan(5);
    // What the request itself says in that header is written over by the server.
    const lie = headers();
    lie.set('Nats-Request-Info', JSON.stringify({ acc: 'CORE', user: 'sluice' }));
    const answer = await auditor.request(SUBJECTS.auditorsAccessRecord, JSON.stringify(draft), {
      ...{ headers: lie, timeout: BOUND_MS },
    });
    expect(await recordAt(answer.json<{ position: number }>().position)).toMatchObject({ account: 'auditor' });
    const empty = await auditor.request(SUBJECTS.auditorsAccessRecord, '[]', { timeout: BOUND_MS });
    expect(empty.json()).toMatchObject({ ok: false, code: 'ACCESS_NOT_RECORDED' });
  });

  it('export their mirror', async () => {
    await serve();
    const out = join(folder, 'export');
    const { stdout } = await audit('export', '--mirror', MIRROR, '--out', out, '--actor', 'user:rita');
    const position = Number(/recorded in SLUICE_ACCESS at (\d+)/.exec(stdout)?.[1]);
    expect(await recordAt(position)).toMatchObject({ by: 'user:rita', account: 'auditor', format: 'jsonl' });
    expect(stdout).toContain('1 events in 1 files');
    expect((await audit('verify', '--mirror', MIRROR)).stdout).toContain('ok: nothing was found');
  });
});
